"""Files to read pictures from, made anew for each test."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from explorer.data.sources import base

Make = Callable[..., Path]


@pytest.fixture
def make_folder(tmp_path: Path) -> Make:
    """Files by name, each with its content, or with its name as that."""

    def make(*names: str, **contents: bytes) -> Path:
        root = tmp_path / "own"
        root.mkdir(exist_ok=True)
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(contents.get(name, name.encode()))
        return root

    return make


@pytest.fixture
def make_zip(tmp_path: Path) -> Make:
    """Members by name or ZipInfo, each with its content."""

    def make(members: dict[str | zipfile.ZipInfo, bytes]) -> Path:
        path = tmp_path / "own.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    return make


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> int:
    """The most bytes of a file, few enough to go beyond."""
    monkeypatch.setattr(base, "MAX_FILE", 2**20)
    return 2**20


@pytest.fixture
def arrow_peak() -> Callable[[], AbstractContextManager[pa.MemoryPool]]:
    """What counts the memory that Arrow takes meanwhile."""

    @contextmanager
    def count() -> Iterator[pa.MemoryPool]:
        before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
        pa.set_memory_pool(pool)
        try:
            yield pool
        finally:
            pa.set_memory_pool(before)

    return count

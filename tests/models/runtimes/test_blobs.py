"""What is kept on disk is what was put there, or nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.runtimes.blobs import FORMAT, UNUSED, Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "networks")


def only_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "networks").iterdir()
    return path


@pytest.mark.parametrize("blob", [b"", b"\x00", bytes(range(256)) * 100])
def test_bytes_come_back(blobs: Blobs, tmp_path: Path, blob: bytes) -> None:
    assert blobs.get("a") is None
    blobs.put("a", blob)
    assert Blobs(tmp_path / "networks").get("a") == blob
    assert blobs.get("b") is None
    assert blobs.remarks == []


def test_without_a_folder_nothing_is_kept() -> None:
    blobs = Blobs(None)
    blobs.put("a", b"bytes")
    assert blobs.get("a") is None
    assert blobs.remarks == []


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    path.write_text("not a safetensors file")


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def of_another_key(path: Path) -> None:
    other = path.with_name("other")
    Blobs(other).put("b", b"bytes")
    (file,) = other.iterdir()
    file.rename(path)
    other.rmdir()


def without_its_blob(path: Path) -> None:
    save_file({"other": torch.zeros(3)}, path, {"format": FORMAT, "key": "a"})


def of_another_format(path: Path) -> None:
    save_file(load_file(path), path, {"format": "other", "key": "a"})


@pytest.mark.parametrize(
    "spoil",
    [truncate, empty, foreign, directory, flip, of_another_key, without_its_blob, of_another_format],
)
def test_what_is_damaged_or_foreign_is_told_and_not_taken(
    spoil: Callable[[Path], None], blobs: Blobs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blobs.put("a", b"bytes")
    path = only_file(tmp_path)
    spoil(path)
    assert blobs.get("a") is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(path) in caplog.text
    assert blobs.remarks == ["a compiled network in the cache could not be used and was made anew"]
    if spoil is not directory:
        blobs.put("a", b"again")
        assert blobs.get("a") == b"again"


def test_a_folder_that_cannot_be_written_is_told_once_on_the_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    blobs = Blobs(tmp_path / "file" / "networks")
    blobs.put("a", b"bytes")
    blobs.put("b", b"bytes")
    assert blobs.get("a") is None
    assert blobs.remarks == ["compiled networks cannot be kept, and are made at every start"]
    assert len(caplog.records) == 2


def test_nothing_half_written_stays(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blobs.put("a", b"whole")

    def fail(path: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    blobs.put("a", b"half")
    monkeypatch.undo()
    assert blobs.get("a") == b"whole"
    only_file(tmp_path)
    assert "no space left" in caplog.text


def test_what_nobody_used_for_a_month_is_deleted(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put("old", b"bytes")
    old = only_file(tmp_path)
    long_ago = time.time() - UNUSED - 60
    os.utime(old, (long_ago, long_ago))
    blobs.get("old")  # which is a use
    blobs.put("new", b"bytes")
    assert blobs.get("old") == b"bytes"
    os.utime(old, (long_ago, long_ago))
    blobs.put("newer", b"bytes")
    assert blobs.get("old") is None

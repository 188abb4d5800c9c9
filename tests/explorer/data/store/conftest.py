"""Folders of pictures to import, and a store to keep them in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import Store, Stored

SIDE = 40


def draw(path: Path, seed: int) -> Path:
    """A picture like no other: few large squares, which a thumbnail and a perceptual hash keep apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(levels).resize((SIDE, SIDE), Image.Resampling.NEAREST).save(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Forty in two sub-folders."""
    for number in range(40):
        draw(tmp_path / "own" / ("cats" if number % 2 else "dogs") / f"{number:02}.png", number)
    return tmp_path / "own"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def read(store: Store, name: str, stop_after: int | None = None) -> bool:
    """Import it; stopped as soon as so many pictures are read."""
    seen = [0]

    def report(read: int, looked: int, total: int) -> None:
        seen[0] = read

    return store.read_in(name, report, lambda: stop_after is not None and seen[0] >= stop_after)


@pytest.fixture
def whole(store: Store, pictures: Path) -> Stored:
    """The forty, imported."""
    name = store.begin(pictures, None, "Cats & dogs").name
    assert read(store, name)
    return store.get(name)

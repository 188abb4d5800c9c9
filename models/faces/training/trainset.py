"""Where training pictures come from: rendered portraits, a folder of pictures, or a Hugging Face data set."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, UInt8
from tqdm import tqdm

from models.errors import InputError
from models.face_network import IMAGE_SIZE
from models.faces.world.portrait_set import open_portrait_set
from models.picture_files import candidates, skipped
from models.pictures import PictureError, open_picture

SKIN = 2  # `models.faces.world.renderer.Part.SKIN`, of weight 1: what pictures without part maps count as

AHEAD = 4  # batches read while the network is busy


@dataclass(frozen=True)
class Batch:
    """Pictures, the part that each pixel shows, and their labels."""

    pixels: UInt8[np.ndarray, "n h w 3"]
    parts: UInt8[np.ndarray, "n h w"]
    labels: Float[np.ndarray, "n columns"]


class Pictures(Protocol):
    """Pictures and part maps by index, and what is known of each in numbers."""

    def __len__(self) -> int: ...

    def image(self, index: int) -> UInt8[np.ndarray, "size size 3"]:
        """One picture, sRGB."""
        ...

    def part_map(self, index: int) -> UInt8[np.ndarray, "size size"]:
        """The part that each of its pixels shows."""
        ...

    def labels(self) -> Float[np.ndarray, "n columns"]:
        """One row a picture, each column of mean 0 and variance 1; no column where nothing is known."""
        ...


@dataclass(frozen=True)
class PlainPictures:
    """Pictures without part maps, held in memory: 49 KB each."""

    images: UInt8[np.ndarray, "n size size 3"]

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> UInt8[np.ndarray, "size size 3"]:
        """One picture, sRGB."""
        return np.asarray(self.images[index])

    def part_map(self, index: int) -> UInt8[np.ndarray, "size size"]:
        """The same part everywhere, so that every pixel counts the same."""
        return np.full(self.images.shape[1:3], SKIN, np.uint8)

    def labels(self) -> Float[np.ndarray, "n columns"]:
        """No column: nothing is known of them."""
        return np.empty((len(self.images), 0), np.float32)


def open_pictures(source: str) -> Pictures:
    """Open a rendered data set or a folder by its path, or a Hugging Face data set by its name.

    Raises InputError where there is no such thing, no readable picture in it, or portraits of another size.
    """
    folder = Path(source)
    if (folder / "manifest.json").exists():
        portraits = open_portrait_set(folder)
        if portraits.manifest.size != IMAGE_SIZE:
            raise InputError(
                f"{source}: expected portraits of {IMAGE_SIZE} px, found {portraits.manifest.size}"
            )
        return portraits
    if folder.is_dir():
        return _read([(str(path.relative_to(folder)), path) for path in candidates(folder)], source)
    return _from_hub(source)


def _from_hub(name: str) -> PlainPictures:
    try:
        import datasets
    except ImportError as error:
        raise InputError(
            f"{name}: there is no such folder, and to load a Hugging Face data set of that name the package"
            " 'datasets' is needed: pip install datasets"
        ) from error
    try:
        rows = datasets.load_dataset(name, split="train")
    except Exception as error:  # the hub's client raises many kinds; all mean the same to the caller
        raise InputError(
            f"{name}: no such folder, and no such Hugging Face data set could be loaded: {error}"
        ) from error
    column = next((key for key, kind in rows.features.items() if isinstance(kind, datasets.Image)), None)
    if column is None:
        raise InputError(f"{name}: expected a column of images, found {list(rows.features)}")
    files = rows.cast_column(column, datasets.Image(decode=False))[column]
    return _read(((f"row {row}", _content(file)) for row, file in enumerate(files)), name)


def _content(file: dict[str, Any] | None) -> bytes | Path:
    if file is None:
        return b""
    return file["bytes"] or Path(file["path"])


def _read(files: Iterable[tuple[str, bytes | Path]], source: str) -> PlainPictures:
    """Read what can be read; what cannot, and what is not shown as it is, is told on the error output."""
    images: list[UInt8[np.ndarray, "size size 3"]] = []
    failed: list[str] = []
    notes: Counter[str] = Counter()
    for name, file in tqdm(files, unit="file", desc="reading pictures"):
        try:
            picture = open_picture(file, IMAGE_SIZE)
        except PictureError as error:
            failed.append(f"{name}: {error}")
            continue
        images.append(picture.pixels)
        notes.update(picture.notes)
    for line in skipped(failed):
        print(f"{source}: {line}", file=sys.stderr)
    for note, count in notes.items():
        print(f"{source}: {count} of {len(images)} pictures: {note}", file=sys.stderr)
    if not images:
        raise InputError(f"{source}: expected pictures, found {len(failed)} files and none readable")
    return PlainPictures(np.stack(images))


def gather(
    pictures: Pictures, indices: Iterable[int]
) -> tuple[UInt8[np.ndarray, "n h w 3"], UInt8[np.ndarray, "n h w"]]:
    """Pictures and part maps of the given indices, stacked."""
    chosen = [int(index) for index in indices]
    return np.stack([pictures.image(i) for i in chosen]), np.stack([pictures.part_map(i) for i in chosen])


def batches(pictures: Pictures, size: int, seed: int, first: int = 0) -> Iterator[Batch]:
    """Endless shuffled batches of the pictures from index `first` on; each pass takes every one once.

    Gathered ahead, on a thread of their own.
    """
    labels = pictures.labels()

    def read(chosen: np.ndarray) -> Batch:
        return Batch(*gather(pictures, chosen), labels[chosen])

    shuffled = _shuffled(first, len(pictures), size, np.random.default_rng(seed))
    with ThreadPoolExecutor(1, "batches") as reader:
        ahead = deque(reader.submit(read, chosen) for chosen in islice(shuffled, AHEAD))
        for chosen in shuffled:
            yield ahead.popleft().result()
            ahead.append(reader.submit(read, chosen))


def _shuffled(first: int, end: int, size: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        order = first + generator.permutation(end - first)
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]

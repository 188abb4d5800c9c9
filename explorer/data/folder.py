"""A folder of own pictures as a data set: the files stay where they are, the sub-folders are a label."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd
from tqdm import tqdm

from explorer.data.catalogue import PICTURES
from explorer.data.dataset import Dataset, DatasetError, Presentation
from models.media import Picture
from models.pictures import PictureError, encode_webp, open_picture

log = logging.getLogger(__name__)

SIDE = 64  # pixels of a thumbnail
FEWEST = 4  # pictures: fewer have no map
NAMED = 20  # files that are named with the reason why they cannot be read; the others are counted
LITTER = ("Thumbs.db", "desktop.ini", "__MACOSX")  # of file managers and archives, beside hidden files


class Files(Sequence[bytes | None]):
    """The contents of files, read when they are asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Files: ...
    def __getitem__(self, index: int | slice) -> bytes | Files:
        return Files(self._paths[index]) if isinstance(index, slice) else self._paths[index].read_bytes()


def load_folder(folder: Path) -> Dataset:
    """Read the pictures in a folder and its sub-folders; what cannot be read is named in the log.

    Raises DatasetError where there is no such folder, or where fewer than FEWEST pictures can be read.
    """
    if not folder.is_dir():
        raise DatasetError(f"pictures: there is no folder {folder}")
    paths = list(_candidates(folder))
    with ThreadPoolExecutor() as readers:
        read = list(tqdm(readers.map(_thumbnail, paths), total=len(paths), unit="file", desc="pictures"))
    failed = [
        (path, answer) for path, answer in zip(paths, read, strict=True) if isinstance(answer, Exception)
    ]
    for path, error in failed[:NAMED]:
        log.warning("pictures: skipped %s: %s", path.relative_to(folder), error)
    if len(failed) > NAMED:
        log.warning("pictures: skipped %d more files", len(failed) - NAMED)
    good = {path: answer for path, answer in zip(paths, read, strict=True) if isinstance(answer, bytes)}
    if len(good) < FEWEST:
        raise DatasetError(
            f"pictures: expected at least {FEWEST} in {folder}, found {len(good)} that can be read"
        )
    return Dataset(
        name=PICTURES,
        title=f"Pictures in {folder.name}",
        media=Picture(SIDE),
        labels=_labels([path.relative_to(folder) for path in good]),
        splits=np.full(len(good), "train"),
        thumbnails=list(good.values()),
        files=Files(list(good)),
        presentation=Presentation(singular="picture", describe=lambda row: [str(name) for name in row]),
    )


def _candidates(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part in LITTER for part in parts):
            yield path


def _thumbnail(path: Path) -> bytes | Exception:
    try:
        return encode_webp(open_picture(path, SIDE).pixels)
    except (PictureError, OSError) as error:
        return error


def _labels(names: list[Path]) -> pd.DataFrame:
    """The sub-folder of each, where there are any."""
    groups = [str(name.parent) for name in names]
    return pd.DataFrame({"folder": groups} if len(set(groups)) > 1 else {}, index=range(len(names)))

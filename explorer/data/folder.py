"""A folder of own pictures as a data set: the files stay where they are, the sub-folders are a label."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd
from tqdm import tqdm

from explorer.data.catalogue import PICTURES
from explorer.data.dataset import Dataset, DatasetError, Presentation
from explorer.data.projection import FEWEST_MAPPED
from models.media import Picture
from models.picture_files import candidates, skipped
from models.pictures import PictureError, encode_webp, open_picture

log = logging.getLogger(__name__)

SIDE = 64  # pixels of a thumbnail


class Files(Sequence[bytes | None]):
    """The contents of files, read when they are asked for; raises PictureError where that cannot be done."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    @property
    def fingerprint(self) -> bytes:
        """Another one when a file was changed; no content is read for it, which may be a folder of photos."""
        return repr([(str(path), _state(path)) for path in self._paths]).encode()

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Files: ...
    def __getitem__(self, index: int | slice) -> bytes | Files:
        if isinstance(index, slice):
            return Files(self._paths[index])
        path = self._paths[index]
        try:
            return path.read_bytes()
        except OSError as error:
            raise PictureError(f"{path.name} cannot be read any more: {error.strerror}.") from error


def load_folder(folder: Path) -> Dataset:
    """Read the pictures in a folder and its sub-folders; what cannot be read is named in the log.

    Raises DatasetError where there is no such folder, or where fewer than FEWEST_MAPPED pictures can be read.
    """
    if not folder.is_dir():
        raise DatasetError(f"pictures: there is no folder {folder}")
    good = _read(folder)
    if len(good) < FEWEST_MAPPED:
        raise DatasetError(
            f"pictures: expected at least {FEWEST_MAPPED} in {folder}, found {len(good)} that can be read"
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


def _read(folder: Path) -> dict[Path, bytes]:
    """Thumbnails of what can be read; what cannot, and what is not shown as it is, is told to the log."""
    paths, good, failed, notes = candidates(folder), dict[Path, bytes](), list[str](), Counter[str]()
    with ThreadPoolExecutor() as readers:
        read = tqdm(readers.map(_thumbnail, paths), total=len(paths), unit="file", desc="pictures")
        for path, answer in zip(paths, read, strict=True):
            if isinstance(answer, Exception):
                failed.append(f"{path.relative_to(folder)}: {answer}")
            else:
                good[path] = answer[0]
                notes.update(answer[1])
    for line in skipped(failed):
        log.warning("pictures: %s", line)
    for note, count in notes.items():
        log.warning("pictures: %d of %d: %s", count, len(good), note)
    return good


def _thumbnail(path: Path) -> tuple[bytes, tuple[str, ...]] | Exception:
    """With a sentence on each thing that is shown otherwise than the file has it."""
    try:
        picture = open_picture(path, SIDE)
        return encode_webp(picture.pixels), picture.notes
    except (PictureError, OSError) as error:
        return error


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _labels(names: list[Path]) -> pd.DataFrame:
    """The sub-folder of each, where there are any."""
    groups = [str(name.parent) for name in names]
    return pd.DataFrame({"folder": groups} if len(set(groups)) > 1 else {}, index=range(len(names)))

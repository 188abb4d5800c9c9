"""A folder of own pictures as a data set: the files stay where they are, the sub-folders are a label."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from numbers import Real
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd
from tqdm import tqdm

from explorer.data.catalogue import PICTURES
from explorer.data.dataset import Dataset, DatasetError, Presentation
from explorer.data.projection import FEWEST_MAPPED
from explorer.data.sources import Entry, Folder, SourceError
from models.media import Picture
from models.picture_files import LITTER, skipped
from models.pictures import PictureError, encode_webp, open_picture

log = logging.getLogger(__name__)

SIDE = 64  # pixels of a thumbnail
DESCRIBED = 3  # labels that tell one picture apart, of those that are known of it


class Files(Sequence[bytes | None]):
    """The contents of files, read when they are asked for; raises PictureError where that cannot be done."""

    def __init__(self, folder: Folder, names: Sequence[str]) -> None:
        self._folder, self._names = folder, names

    @property
    def fingerprint(self) -> bytes:
        """Another one when a file was changed; no content is read for it, which may be a folder of photos."""
        paths = [self._folder.root / name for name in self._names]
        return repr([(str(path), _state(path)) for path in paths]).encode()

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Files: ...
    def __getitem__(self, index: int | slice) -> bytes | Files:
        if isinstance(index, slice):
            return Files(self._folder, self._names[index])
        return self._folder.read(self._names[index])


def load_folder(path: Path) -> Dataset:
    """Read the pictures in a folder and its sub-folders; what cannot be read is named in the log.

    Raises DatasetError where there is no such folder, where its metadata are damaged, or where fewer than
    FEWEST_MAPPED pictures can be read.
    """
    if not path.is_dir():
        raise DatasetError(f"pictures: there is no folder {path}")
    try:
        folder = Folder(path)
    except SourceError as error:
        raise DatasetError(f"pictures: {error}") from error
    entries = list(folder.entries())
    good = _read(folder, [entry.where for entry in entries])
    if len(good) < FEWEST_MAPPED:
        raise DatasetError(
            f"pictures: expected at least {FEWEST_MAPPED} in {path}, found {len(good)} that can be read"
        )
    return Dataset(
        name=PICTURES,
        title=f"Pictures in {path.name}",
        media=Picture(SIDE),
        labels=_labels([entry for entry in entries if entry.where in good]),
        splits=np.full(len(good), "train"),
        thumbnails=list(good.values()),
        files=Files(folder, list(good)),
        presentation=Presentation(singular="picture", describe=describe),
    )


def _read(folder: Folder, names: list[str]) -> dict[str, bytes]:
    """Thumbnails of what can be read; what cannot, and what is not shown as it is, is told to the log."""
    good, failed, notes = dict[str, bytes](), list[str](), Counter[str]()
    with ThreadPoolExecutor() as readers:
        answers = readers.map(lambda name: _thumbnail(folder, name), names)
        read = tqdm(answers, total=len(names), unit="file", desc="pictures")
        for name, answer in zip(names, read, strict=True):
            if isinstance(answer, Exception):
                failed.append(f"{name}: {answer}")
            else:
                good[name] = answer[0]
                notes.update(answer[1])
    for line in skipped(failed):
        log.warning("pictures: %s", line)
    for kind, count in folder.passed_over.items():
        if kind not in LITTER:
            log.warning("pictures: passed over: %s (%d)", kind, count)
    for note, count in notes.items():
        log.warning("pictures: %d of %d: %s", count, len(good), note)
    return good


def _thumbnail(folder: Folder, name: str) -> tuple[bytes, tuple[str, ...]] | Exception:
    """With a sentence on each thing that is shown otherwise than the file has it."""
    try:
        # By its path: most of a large file need not be read for a small picture.
        picture = open_picture(folder.path(name), SIDE)
        return encode_webp(picture.pixels), picture.notes
    except (PictureError, OSError) as error:
        return error


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _labels(entries: list[Entry]) -> pd.DataFrame:
    """A column a label, without one folder that all are in."""
    labels = pd.DataFrame([entry.labels for entry in entries], index=range(len(entries)))
    return labels.drop(columns="folder") if labels.get("folder", pd.Series()).nunique() == 1 else labels


def describe(row: pd.Series) -> list[str]:
    """The first labels that are known of a picture: text as it is, numbers with their names."""
    known = row.dropna().iloc[:DESCRIBED]
    return [f"{name} {value:g}" if isinstance(value, Real) else str(value) for name, value in known.items()]

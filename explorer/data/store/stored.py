"""One data set on disk: what is known of it, its items, and the data set that they make."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from explorer.data.dataset import Dataset, Presentation
from explorer.data.folder import SIDE, describe
from explorer.data.sources import Source, open_source
from explorer.data.store.about import FILE, About
from explorer.data.store.items import Items
from explorer.data.store.lance import StoreError
from explorer.data.store.on_demand import OnDemand
from models.media import Picture
from models.pictures import PictureError

OF_ALL = ("split", "reconstruction")  # labels that every data set may have


@contextmanager
def writing(folder: Path, seconds: float = 0) -> Iterator[None]:
    """Held by whoever writes to a data set, or removes it; let go by the system when its process dies.

    Raises StoreError where there is no data set, and where another has it and goes on so for so many seconds.
    """
    if not (folder / FILE).exists():  # a lock would make the folder
        raise StoreError(f"There is no data set {folder.name!r}")
    try:
        with FileLock(folder / "writing.lock").acquire(timeout=seconds):
            yield
    except Timeout as error:
        raise StoreError(f"{folder.name} is being imported") from error


class Stored:
    """A data set in a folder of the store; one process writes at a time, any number read."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where it is damaged."""
        self.folder, self.about = folder, About.read(folder)
        self.items = Items(folder, self.about.labels)

    @property
    def name(self) -> str:
        """As points and links have it."""
        return self.folder.name

    @property
    def source(self) -> Path:
        """Where its pictures are; a relative place is one in its own folder."""
        return self.folder / self.about.source

    def open_source(self) -> Source:
        """Raises SourceError where the pictures are gone."""
        return open_source(self.source, self.about.image)

    def dataset(self) -> Dataset:
        """What has been read so far, to be shown; pictures are read when they are asked for.

        Raises StoreError where the table is damaged.
        """
        n, labels = len(self.items), self.items.labels()
        return Dataset(
            name=self.name,
            title=self.about.title,
            media=Picture(SIDE),
            labels=labels,
            splits=np.full(n, "train"),
            thumbnails=self.items.thumbnails,
            files=StoredFiles(self),
            owner=self.about.owner,
            home=self.folder,
            presentation=Presentation(
                singular="picture",
                describe=describe,
                pair=("0", str(min(1, n - 1))),
                colour=next(iter(labels), None),
            ),
        )


class StoredFiles(OnDemand):
    """The pictures' files, where they lie, as long as they are what was imported."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._where, self._digests = stored.items.column("where"), stored.items.column("digest")
        self._source: Source | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the file: it may be deleted."""
        with self._lock:
            if self._source is not None:
                self._source.close()
                self._source = None

    def __len__(self) -> int:
        return len(self._where)

    def one(self, row: int) -> bytes:
        """As OnDemand. Raises PictureError where it is gone, or another one by now."""
        with self._lock:
            source = self._source = self._source or self._stored.open_source()
        file = source.read(self._where[row])
        if hashlib.sha256(file).hexdigest() != self._digests[row]:
            raise PictureError(f"{self._where[row]} has changed since it was imported: import it again.")
        return file


def own_label(label: str) -> str:
    """Its name, unless the page has a label of that name for every data set."""
    return f"{label} (own)" if label in OF_ALL else label

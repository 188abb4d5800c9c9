"""The store: data sets that people brought, each in a folder of its own, found again after a restart."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from stat import S_ISREG

from explorer.data.dataset import Dataset
from explorer.data.sources import open_source
from explorer.data.store.about import FILE, About
from explorer.data.store.items import Items
from explorer.data.store.lance import StoreError
from explorer.data.store.reading import Report, read_in
from explorer.data.store.stored import Stored, StoredFiles, own_label, writing

log = logging.getLogger(__name__)

MOST_TITLE = 80  # characters
PATIENCE = 20.0  # seconds for an import to hear that it is stopped
SECRET = 16  # hexadecimal digits that make a name one which cannot be guessed
GONE = ".gone"  # ending of a folder that is being deleted


class Store:
    """Safe to use from any thread, and from several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, tuple[int, Dataset | None]] = {}  # whole ones, by name, with their state
        self._lock = threading.Lock()

    def begin(
        self,
        source: Path,
        owner: str | None,
        title: str = "",
        image: str | None = None,
        *,
        moved: bool = False,
    ) -> Stored:
        """A new data set without items, of what a folder, a ZIP, a CSV or a Parquet file holds.

        The file stays where it is, or is `moved` into the data set's own folder. Raises SourceError for what
        cannot be imported, and StoreError, such as for a full disk.
        """
        opened = open_source(source, image)
        opened.close()
        place = f"source{source.suffix.lower()}" if moved else str(source.resolve())
        title = title.strip()[:MOST_TITLE] or source.stem
        about = About(
            title=title, owner=owner, source=place, image=image, labels=[*map(own_label, opened.labels)]
        )
        stored = self._create(about)
        if moved:
            source.replace(stored.source)
        return stored

    def used_by(self, owner: str) -> int:
        """Bytes on disk of a person's data sets."""
        folders = [self.folder / name for name in self.names() if self._owner(name) == owner]
        paths = (path for folder in folders for path in folder.rglob("*"))
        return sum(found.st_size for path in paths if (found := _stat(path)) and S_ISREG(found.st_mode))

    def _create(self, about: About) -> Stored:
        name = f"{_slug(about.title)}-{secrets.token_hex(SECRET // 2)}"
        place = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            place.mkdir(mode=0o700)
        except OSError as error:
            raise StoreError(f"The store cannot be written: {error.strerror}") from error
        Items(place, about.labels, is_new=True)
        about.write(place)
        return Stored(place)

    def get(self, name: str) -> Stored:
        """Raises StoreError for a name that is not there, and for a damaged one."""
        return Stored(self._place(name))

    def about(self, name: str) -> About:
        """What is known of a data set as a whole. Raises StoreError as `get`."""
        return About.read(self._place(name))

    def read_in(self, name: str, report: Report, is_stopped: Callable[[], bool]) -> bool:
        """Read what a data set lacks of its source; whether that came to its end.

        Raises StoreError where another process does, and as `reading.read_in`.
        """
        with self.writing(name):
            stored = self.get(name)  # not before: another may have gone on with it meanwhile
            if stored.about.whole:
                return True
            source = stored.open_source()
            try:
                return read_in(stored, source, report, is_stopped)
            finally:
                source.close()

    def finish(self, name: str) -> None:
        """Take what has been read so far as the whole. Raises StoreError where that is nothing."""
        with self.writing(name):
            stored = self.get(name)
            if not len(stored.items):
                raise StoreError(f"No picture of {stored.about.title} has been read yet")
            stored.about.model_copy(update={"whole": True}).write(stored.folder)

    def writing(self, name: str, seconds: float = 0) -> AbstractContextManager[None]:
        """Held by whoever writes to a data set. Raises StoreError where it is held, or not there."""
        return writing(self._place(name), seconds)

    def __contains__(self, name: str) -> bool:
        """Whether there is a data set of that name, whatever its state; no name leads out of the store."""
        is_plain = name == Path(name).name and name != ".." and not name.endswith(GONE)
        return is_plain and (self.folder / name / FILE).is_file()

    def _place(self, name: str) -> Path:
        if name not in self:
            raise StoreError(f"There is no data set {name!r}")
        return self.folder / name

    def names(self) -> list[str]:
        """Of all data sets, whatever their state."""
        found = self.folder.glob(f"*/{FILE}") if self.folder.is_dir() else []
        return sorted(path.parent.name for path in found if path.parent.suffix != GONE)

    def datasets(self) -> dict[str, Dataset]:
        """Those whose import came to its end, also by another process; damaged ones are told to the log."""
        with self._lock:
            states = {name: _state(self.folder / name / FILE) for name in self.names()}
            for name, (state, dataset) in list(self._open.items()):
                if states.get(name) != state:
                    del self._open[name]
                    if dataset is not None and isinstance(dataset.files, StoredFiles):
                        dataset.files.close()
            for name in states.keys() - self._open.keys():
                self._open[name] = states[name], self._read(name)
            found = {name: self._open[name][1] for name in states}
            return {name: dataset for name, dataset in found.items() if dataset is not None}

    def delete(self, name: str) -> None:
        """Remove a data set, and what is encoded of it; pictures that lie elsewhere stay.

        Raises StoreError for a name that is not there, and for one that is written to.
        """
        with self.writing(name, PATIENCE):  # renamed first: gone at once, whatever is read of it
            gone = (self.folder / name).rename(self.folder / f"{name}{GONE}")
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a process that was killed while it deleted has left."""
        for gone in self.folder.glob(f"*{GONE}"):
            shutil.rmtree(gone, ignore_errors=True)

    def owners(self) -> set[str]:
        """Of all data sets that are somebody's."""
        return {owner for name in self.names() if (owner := self._owner(name))}

    def _owner(self, name: str) -> str | None:
        try:
            return About.read(self.folder / name).owner
        except StoreError:
            return None  # told where it is opened

    def _read(self, name: str) -> Dataset | None:
        try:
            stored = Stored(self.folder / name)
            return stored.dataset() if stored.about.whole else None
        except StoreError as error:
            log.warning("the data set %s is left out: %s", name, error)
            return None


def _stat(path: Path) -> os.stat_result | None:
    """None for a file that has gone meanwhile."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _state(path: Path) -> int:
    found = _stat(path)
    return found.st_mtime_ns if found else 0


def _slug(title: str) -> str:
    """What addresses may hold of a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:20].strip("-") or "pictures"

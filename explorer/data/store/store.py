"""The store: data sets that people brought, each in a folder of its own, found again after a restart."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
from pathlib import Path

from explorer.data.dataset import Dataset
from explorer.data.sources import open_source
from explorer.data.store.about import FILE, About
from explorer.data.store.lance import StoreError
from explorer.data.store.stored import Stored, writing

log = logging.getLogger(__name__)

OF_ALL = ("split", "reconstruction")  # labels that every data set may have
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
        about = About(title=title, owner=owner, source=place, image=image, labels=[*map(_own, opened.labels)])
        stored = self._create(about)
        if moved:
            source.replace(stored.source)
        return stored

    def used_by(self, owner: str) -> int:
        """Bytes on disk of a person's data sets."""
        folders = [self.folder / name for name in self.names() if self._owner(name) == owner]
        return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())

    def _create(self, about: About) -> Stored:
        name = f"{_slug(about.title)}-{secrets.token_hex(SECRET // 2)}"
        place = self.folder / name
        try:
            place.mkdir(parents=True)
        except OSError as error:
            raise StoreError(f"store: {place} cannot be made: {error.strerror}") from error
        about.write(place)
        return Stored(place)

    def get(self, name: str) -> Stored:
        """Raises StoreError for a name that is not there, and for a damaged one."""
        if name not in self.names():
            raise StoreError(f"There is no data set {name!r}")
        return Stored(self.folder / name)

    def names(self) -> list[str]:
        """Of all data sets, whatever their state."""
        found = self.folder.glob(f"*/{FILE}") if self.folder.is_dir() else []
        return sorted(path.parent.name for path in found if path.parent.suffix != GONE)

    def datasets(self) -> dict[str, Dataset]:
        """Those whose import came to its end, also by another process; damaged ones are told to the log."""
        with self._lock:
            for name in self.names():
                state = (self.folder / name / FILE).stat().st_mtime_ns
                if self._open.get(name, (0, None))[0] != state:
                    self._open[name] = state, self._read(name)
            here = set(self.names())
            self._open = {name: entry for name, entry in self._open.items() if name in here}
            return {name: dataset for name, (_, dataset) in self._open.items() if dataset is not None}

    def delete(self, name: str) -> None:
        """Remove a data set, and what is encoded of it; pictures that lie elsewhere stay.

        Raises StoreError for a name that is not there, and for one that is written to.
        """
        if name not in self.names():
            raise StoreError(f"There is no data set {name!r}")
        with writing(self.folder / name, PATIENCE):
            gone = (self.folder / name).rename(
                self.folder / f"{name}{GONE}"
            )  # at once, whatever is read of it
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


def _own(label: str) -> str:
    """Its name, unless the page has a label of that name for every data set."""
    return f"{label} (own)" if label in OF_ALL else label


def _slug(title: str) -> str:
    """What addresses may hold of a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:20].strip("-") or "pictures"

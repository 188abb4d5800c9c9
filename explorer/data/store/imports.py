"""Imports of one app: one at a time, each from a source to a data set; stopped, and gone on with."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from explorer.data.store.lance import StoreError
from explorer.data.store.reading import read_in
from explorer.data.store.store import Store
from explorer.data.store.stored import Stored
from models.errors import InputError

log = logging.getLogger(__name__)

State = Literal["waiting", "reading", "stopped", "failed", "whole"]


@dataclass(frozen=True)
class Progress:
    """How far an import has come."""

    state: State
    read: int = 0  # pictures
    looked: int = 0  # files, those that cannot be read included
    total: int = 0  # files, as far as it is known
    rate: float = 0.0  # files a second
    message: str = ""  # why it failed

    @property
    def seconds_left(self) -> float | None:
        """None while nothing can be told."""
        return (self.total - self.looked) / self.rate if self.rate else None


class Imports:
    """Runs imports on a thread of their own; safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._progress: dict[str, Progress] = {}
        self._stopped: set[str] = set()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "import")

    def start(self, name: str) -> None:
        """Begin, or go on where it was cut short; returns at once. Raises StoreError for an unknown name."""
        stored = self.store.get(name)
        with self._lock:
            under_way = self._progress.get(name)
            if stored.about.whole or (under_way and under_way.state in ("waiting", "reading")):
                return
            self._stopped.discard(name)
            self._progress[name] = Progress("waiting", len(stored.items))
        self._thread.submit(self._run, stored)

    def stop(self, name: str) -> None:
        """Stop after what is being read now; what has been read stays."""
        with self._lock:
            self._stopped.add(name)

    def finish(self, name: str) -> None:
        """Take what has been read so far as the whole. Raises StoreError where that is nothing."""
        stored = self.store.get(name)
        if not len(stored.items):
            raise StoreError(f"No picture of {stored.about.title} has been read yet")
        stored.about = stored.about.model_copy(update={"whole": True})
        stored.about.write(stored.folder)

    def delete(self, name: str) -> None:
        """Remove a data set, stopping its import. Raises StoreError for an unknown name."""
        self.stop(name)
        self.store.delete(name)

    def progress(self, name: str) -> Progress:
        """Raises StoreError for an unknown or damaged data set."""
        stored = self.store.get(name)
        if stored.about.whole:
            return Progress("whole", len(stored.items))
        return self._progress.get(name) or Progress("stopped", len(stored.items))

    def close(self) -> None:
        """Stop all, and wait until what has been read is written down."""
        with self._lock:
            self._stopped.update(self._progress)
        self._thread.shutdown(cancel_futures=True)

    def _run(self, stored: Stored) -> None:
        name = stored.name
        try:
            with stored.writing():
                ended = self._read(stored)
            self._progress[name] = Progress("whole" if ended else "stopped", len(stored.items))
        except InputError as error:
            self._fail(name, str(error))
        except Exception as error:
            log.exception("importing %s failed", name)
            self._fail(name, f"{stored.about.title} could not be imported: {error}")

    def _read(self, stored: Stored) -> bool:
        began, before = time.monotonic(), len(stored.items)

        def report(read: int, looked: int, total: int) -> None:
            rate = (looked - before) / max(time.monotonic() - began, 1e-3)
            self._progress[stored.name] = Progress("reading", read, looked, total, rate)

        source = stored.open_source()
        try:
            return read_in(stored, source, report, lambda: stored.name in self._stopped)
        finally:
            source.close()

    def _fail(self, name: str, message: str) -> None:
        if name in self._progress and name in self.store.names():  # else it was deleted meanwhile
            log.warning("importing %s: %s", name, message)
            self._progress[name] = Progress("failed", self._progress[name].read, message=message)

"""Imports of one app: one at a time, each from a source to a data set; stopped, and gone on with."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from explorer.data.store.store import Store
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
        store.sweep()
        self._progress: dict[str, Progress] = {}
        self._stopped: set[str] = set()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "import")

    def start(self, name: str) -> None:
        """Begin, or go on where it was cut short; returns at once. Raises StoreError for an unknown name."""
        if self.store.about(name).whole:
            return
        with self._lock:
            self._stopped.discard(name)
            under_way = self._progress.get(name)
            if under_way and under_way.state in ("waiting", "reading"):
                return
            self._progress[name] = Progress("waiting", under_way.read if under_way else 0)
        self._thread.submit(self._run, name)

    def stop(self, name: str) -> None:
        """Stop after what is being read now; what has been read stays."""
        with self._lock:
            self._stopped.add(name)

    def delete(self, name: str) -> None:
        """Remove a data set, stopping its import. Raises StoreError for an unknown name."""
        self.stop(name)
        self.store.delete(name)

    def progress(self, name: str) -> Progress:
        """Raises StoreError for an unknown or damaged data set."""
        under_way = self._progress.get(name)
        if under_way and under_way.state in ("waiting", "reading") and not self.store.about(name).whole:
            return under_way
        stored = self.store.get(name)
        if stored.about.whole:
            return Progress("whole", len(stored.items))
        return under_way or Progress("stopped", len(stored.items))

    def close(self) -> None:
        """Stop all, and wait until what has been read is written down."""
        with self._lock:
            self._stopped.update(self._progress)
        self._thread.shutdown(cancel_futures=True)

    def _run(self, name: str) -> None:
        began, first = time.monotonic(), -1

        def report(read: int, looked: int, total: int) -> None:
            nonlocal first
            first = read if first < 0 else first
            rate = (looked - first) / max(time.monotonic() - began, 1e-3)
            self._progress[name] = Progress("reading", read, looked, total, rate)

        try:
            ended = self.store.read_in(name, report, lambda: name in self._stopped)
            self.store.datasets()  # opened now, and not while somebody waits
            self._progress[name] = replace(self._progress[name], state="whole" if ended else "stopped")
        except InputError as error:
            self._fail(name, str(error))
        except Exception:
            log.exception("importing %s failed", name)
            self._fail(name, "It could not be imported; the server's log says more")

    def _fail(self, name: str, message: str) -> None:
        if name in self.store:  # else it was deleted meanwhile
            log.warning("importing %s: %s", name, message)
            self._progress[name] = Progress("failed", self._progress[name].read, message=message)

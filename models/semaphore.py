"""A semaphore whose holders take more or less of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class WeightedSemaphore:
    """Lets threads in as long as what they hold together stays within a limit."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._door, self._changed = threading.Lock(), threading.Condition()

    @contextmanager
    def hold(self, weight: int) -> Iterator[None]:
        """Wait until `weight` is free, at most the limit, and hold it; nobody overtakes who waits."""
        with self._door, self._changed:  # a small one that went first would keep a large one out for ever
            self._changed.wait_for(lambda: self._free >= weight)
            self._free -= weight
        try:
            yield
        finally:
            with self._changed:
                self._free += weight
                self._changed.notify_all()

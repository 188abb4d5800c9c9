"""What people bring, make and find: kept for them while the app runs, and accounted a person."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import FIFOCache

T = TypeVar("T")

EACH = 80 * 2**20  # bytes of one person; their longest unused goes first
ALL = 10 * EACH  # of all; then the longest unused of whoever has most goes first
AROUND = 1024  # bytes that each thing takes besides, so that the smallest count, too


class Keep(Generic[T]):
    """Things by ids which cannot be guessed: whoever knows an id may use it. Safe to use from any thread."""

    def __init__(self, size: Callable[[T], int], each: int = EACH, most: int = ALL) -> None:
        """`size` tells the bytes that a thing holds, at most `each`."""
        self._size, self._each, self._most = size, each, most
        self._owners: dict[str, str] = {}  # of the things, by id
        self._of: dict[str, FIFOCache[str, T]] = {}  # things by id, by owner; a use puts both to the end
        self._lock = threading.Lock()

    def add(self, thing: T, owner: str) -> str:
        """Keep a thing, and return its id."""
        key, size = secrets.token_hex(16), self._weigh(thing)
        with self._lock:
            while owner in self._of and self._of[owner].currsize + size > self._each:
                self._drop(owner)
            while self._of and sum(own.currsize for own in self._of.values()) + size > self._most:
                self._drop(max(self._of, key=lambda owner: self._of[owner].currsize))
            own = self._of.pop(owner, None) or FIFOCache(self._each, self._weigh)
            own[key] = thing
            self._of[owner], self._owners[key] = own, owner
        return key

    def get(self, key: str) -> T | None:
        """The thing of an id, which counts as used; None where it is not kept."""
        with self._lock:
            if key not in self._owners:
                return None
            owner = self._owners[key]
            own = self._of[owner] = self._of.pop(owner)
            thing = own[key] = own.pop(key)
            return thing

    def of(self, owner: str) -> dict[str, T]:
        """A person's things by their ids, the longest unused first."""
        with self._lock:
            return dict(self._of.get(owner, {}))

    def _weigh(self, thing: T) -> int:
        return self._size(thing) + AROUND

    def _drop(self, owner: str) -> None:
        key, _ = self._of[owner].popitem()
        del self._owners[key]
        if not self._of[owner]:
            del self._of[owner]

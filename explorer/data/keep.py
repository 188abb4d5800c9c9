"""What people bring, make and find: kept for them while the app runs, and accounted a person."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

EACH = 256  # things of one person; their longest unused goes first
ALL = 4096  # things of all; then the longest unused of whoever has most goes first


class Keep(Generic[T]):
    """Things by ids which cannot be guessed: whoever knows an id may use it. Safe to use from any thread."""

    def __init__(self, each: int = EACH, most: int = ALL) -> None:
        self._each, self._most = each, most
        self._things: OrderedDict[str, tuple[str, T]] = OrderedDict()  # id → owner, thing
        self._lock = threading.Lock()

    def add(self, thing: T, owner: str) -> str:
        """Keep a thing, and return its id."""
        key = secrets.token_hex(16)
        with self._lock:
            owned = self._owned()
            if len(owned.get(owner, ())) >= self._each:
                del self._things[owned[owner][0]]
            elif len(self._things) >= self._most:
                del self._things[max(owned.values(), key=len)[0]]
            self._things[key] = owner, thing
        return key

    def get(self, key: str) -> T | None:
        """The thing of an id, which counts as used; None where it is not kept."""
        with self._lock:
            if key not in self._things:
                return None
            self._things.move_to_end(key)
            return self._things[key][1]

    def of(self, owner: str) -> dict[str, T]:
        """A person's things by their ids, the longest unused first."""
        with self._lock:
            return {key: thing for key, (other, thing) in self._things.items() if other == owner}

    def _owned(self) -> dict[str, list[str]]:
        owned: dict[str, list[str]] = {}
        for key, (owner, _) in self._things.items():
            owned.setdefault(owner, []).append(key)
        return owned

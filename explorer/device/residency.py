"""Which models stay loaded: those used last, as long as their weights fit into a budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

UNUSED = 60.0  # seconds after which a model counts as unused


class Residency:
    """Remembers when models were used; safe to use from any thread."""

    def __init__(self, budget: float) -> None:
        """`budget` is in bytes of weights on the device; one model may exceed it by itself."""
        self._budget, self._used = budget, dict[str, float]()
        self._lock = threading.Lock()

    def use(self, name: str) -> None:
        """Note that a model is used now."""
        with self._lock:
            self._used[name] = time.monotonic()

    def surplus(self, loaded: Mapping[str, int]) -> list[str]:
        """The longest unused of the `loaded` models (name → bytes), as many as have to go."""
        total, found = sum(loaded.values()), list[str]()
        if total <= self._budget:  # asked for every frame
            return found
        with self._lock:
            before = time.monotonic() - UNUSED
            for name in sorted(loaded, key=lambda name: self._used.get(name, before)):
                if total <= self._budget or self._used.get(name, before) > before:
                    break
                total -= loaded[name]
                found.append(name)
        return found

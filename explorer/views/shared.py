"""What all views of one app share: the worker, and what people brought, made and found."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from cachetools import LRUCache

from explorer.data import OwnPoints
from explorer.device import DecodeWorker
from explorer.steering import Jacobians, Own, Path, Steering

FITS = 2  # directions fitted at the same time: each takes a core for seconds
PATHS = 64  # of all people and models, kept for their next frames


@dataclass(frozen=True, eq=False)
class Shared:
    """Safe to use from any thread."""

    worker: DecodeWorker
    jacobians: Jacobians
    own_points: OwnPoints = field(default_factory=OwnPoints)
    own_directions: Own = field(default_factory=Own)
    paths: LRUCache[Hashable, Path] = field(default_factory=lambda: LRUCache(PATHS))
    lock: threading.Lock = field(default_factory=threading.Lock)  # of `paths`
    closing: threading.Event = field(default_factory=threading.Event)  # nothing begins any more
    steerings: dict[str, Steering] = field(default_factory=dict)  # by model
    fits: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(FITS, "fit"))

    def steering(self, model: str) -> Steering:
        """The directions of a model, whichever data set they were found in."""
        return self.steerings.setdefault(model, Steering(model, {}, self.own_directions))

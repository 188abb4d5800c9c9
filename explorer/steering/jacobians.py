"""How pictures answer to steps along directions, measured where they are taken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from cachetools import LRUCache
from jaxtyping import Float
from torch import Tensor

from explorer.device import DecodeWorker
from explorer.operations import Direction, Jacobian, around
from models.base import LatentModel

KEPT = 64  # measurements

Key = tuple[str, bytes, tuple[Direction, ...]]


class Jacobians:
    """Measures Jacobians and keeps the newest, for all frames of a drag; safe to use from any thread."""

    def __init__(self, worker: DecodeWorker) -> None:
        self._worker = worker
        self._kept: LRUCache[Key, Future[Tensor]] = LRUCache(KEPT)
        self._lock = threading.Lock()

    async def at(
        self, model: LatentModel, latent: Float[Tensor, "*latent"], directions: Sequence[Direction]
    ) -> Jacobian:
        """The Jacobian at a latent along directions. Raises what the worker raises."""
        key = (model.space.name, latent.numpy().tobytes(), tuple(directions))
        with self._lock:
            returned = self._kept.get(key)
            if returned is None or _failed(returned):
                returned = self._worker.submit_reencode(model, around(latent, directions))
                self._kept[key] = returned
        # Shielded: others may wait for the same measurement.
        return Jacobian.measured(tuple(directions), await asyncio.shield(asyncio.wrap_future(returned)))


def _failed(returned: Future[Tensor]) -> bool:
    return returned.done() and (returned.cancelled() or returned.exception() is not None)

"""How pictures answer to steps along directions, measured where they are taken."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from jaxtyping import Float
from torch import Tensor

from explorer.device.futures import then
from explorer.device.worker import DecodeWorker
from explorer.operations.directions import Direction
from explorer.operations.holding import Response, around
from models.base import LatentModel

KEPT = 64  # responses; the one unused for longest is dropped first

Key = tuple[str, bytes, tuple[Direction, ...]]


class Responses:
    """Measures responses and keeps the newest, for all frames of a drag; safe to use from any thread."""

    def __init__(self, worker: DecodeWorker) -> None:
        self._worker = worker
        self._kept: OrderedDict[Key, Future[Response]] = OrderedDict()
        self._lock = threading.Lock()

    def request(
        self, model: LatentModel, latent: Float[Tensor, "*latent"], directions: Sequence[Direction]
    ) -> Future[Response]:
        """The response at a latent to steps along directions; never blocks.

        Raises in the future what DecodeWorker raises.
        """
        key = (model.space.name, latent.numpy().tobytes(), tuple(directions))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            returned = self._worker.submit_reencode(model, around(latent, directions))
            found = self._kept[key] = then(returned, partial(Response.measured, tuple(directions)))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        found.add_done_callback(partial(self._drop_failed, key))
        return found

    def _drop_failed(self, key: Key, found: Future[Response]) -> None:
        if found.cancelled() or found.exception() is not None:
            with self._lock:
                self._kept.pop(key, None)

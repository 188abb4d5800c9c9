"""Decoded pictures, kept for whoever asks for the same latents again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

import numpy as np
from cachetools import LRUCache
from jaxtyping import Float, Num
from torch import Tensor

from explorer.device.jobs import Op
from models.base import LatentModel

BUDGET = 512 * 2**20  # bytes of pictures: some 10,000 of 128 px, or 680 of 512 px

Key = tuple[str, Op, bytes]
Picture = Num[np.ndarray, "*quantised"]


class FrameCache:
    """Pictures by model and latent, within BUDGET bytes; the longest unused go first. Thread-safe."""

    def __init__(self) -> None:
        self._pictures: LRUCache[Key, Picture] = LRUCache(BUDGET, getsizeof=lambda picture: picture.nbytes)
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Of the pictures that are kept now."""
        return int(self._pictures.currsize)

    def get(self, model: LatentModel, latents: Float[Tensor, "n *latent"], op: Op) -> dict[int, Picture]:
        """The pictures that are kept, by the latent's place in the batch; a decoded one is a preview too."""
        found: dict[int, Picture] = {}
        with self._lock:
            for kind in dict.fromkeys((op, "decode")):
                keys = _keys(model, latents, kind)
                found |= {row: self._pictures[key] for row, key in enumerate(keys) if key in self._pictures}
        return found

    def put(
        self,
        model: LatentModel,
        latents: Float[Tensor, "n *latent"],
        op: Op,
        pictures: Num[np.ndarray, "n *quantised"],
    ) -> None:
        """Keep the pictures of these latents, but for one larger than the budget."""
        for key, picture in zip(_keys(model, latents, op), pictures, strict=True):
            kept = picture.copy()  # a view would keep its whole batch
            kept.flags.writeable = False  # many share it
            if kept.nbytes <= BUDGET:
                with self._lock:
                    self._pictures[key] = kept


def _keys(model: LatentModel, latents: Float[Tensor, "n *latent"], op: Op) -> Sequence[Key]:
    digests = (hashlib.blake2b(latent.numpy().tobytes(), digest_size=16).digest() for latent in latents)
    return [(model.space.name, op, digest) for digest in digests]

"""The latents of one data set in one model, and where they lie on its map."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explorer.data.dataset import Dataset
from models.base import LatentSpace
from models.errors import InputError

NEIGHBOURS = 12  # items that place a path point on the map

EncodeRow = Callable[[int], Future[Float[Tensor, "*latent"]]]
Anchor = tuple[Float[Tensor, "*latent"], Float[np.ndarray, "2"]]  # a point that is no item: latent and place


class LatentTable:
    """Latents and map positions by row; safe to use from any thread.

    With `encode`, which requests the latent of a row, the rows count as not encoded yet: `request` then
    encodes them on demand, and `fill` takes in what has been encoded meanwhile.
    """

    def __init__(
        self,
        space: LatentSpace,
        dataset: Dataset,
        latents: Float[Tensor, "n *latent"],
        coordinates: Float[np.ndarray, "n 2"] | None,
        encode: EncodeRow | None = None,
    ) -> None:
        self.space, self.dataset, self.latents = space, dataset, latents
        self.coordinates = coordinates  # None until the map has been made; NaN for rows that are not on it
        self._encode = encode
        self.filled: Bool[Tensor, " n"] = torch.full((len(latents),), encode is None)
        self._pending: dict[int, Future[Tensor]] = {}
        self._lock = threading.RLock()  # a callback of a future that is done already runs at once, inside

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def encoded(self) -> Float[Tensor, "m *latent"]:
        """The latents of the rows that are encoded so far."""
        return self.latents if self.filled.all() else self.latents[self.filled]

    def request(self, row: int) -> Future[Float[Tensor, "*latent"]]:
        """The latent of a row: done already, but for one that is not encoded yet. Never blocks."""
        with self._lock:
            if self._encode is None or self.filled[row]:
                return _done(self.latents[row])
            if row not in self._pending:
                self._pending[row] = self._encode(row)
                self._pending[row].add_done_callback(lambda encoded: self._settle(row, encoded))
            return self._pending.get(row) or _done(self.latents[row])

    def position(self, row: int) -> Float[np.ndarray, "2"] | None:
        """Where a row lies on the map; None while there is no map, and for a row that is not on it."""
        place: np.ndarray | None = None if self.coordinates is None else self.coordinates[row]
        return None if place is None or np.isnan(place).any() else place

    def fill(self, rows: Sequence[int], latents: Float[Tensor, "n *latent"]) -> None:
        """Take in the latents of these rows."""
        with self._lock:
            self.latents[list(rows)] = latents
            self.filled[list(rows)] = True

    def nearest(
        self, latents: Float[Tensor, "m *latent"], k: int
    ) -> tuple[Int[np.ndarray, "m k"], Float[np.ndarray, "m k"]]:
        """Rows and Euclidean distances of the k nearest encoded items in latent space, nearest first.

        Raises InputError for latents of another shape or with NaN, and for k outside [1, encoded rows].
        """
        self.space.check(latents)
        rows = torch.nonzero(self.filled)[:, 0]
        if not 1 <= k <= len(rows):
            raise InputError(f"nearest: expected 1 to {len(rows)} neighbours, got {k}")
        data = self.latents if len(rows) == len(self) else self.latents[rows]
        found, distances = _nearest(latents.flatten(1), data.flatten(1), k)
        return rows[found].numpy(), distances.numpy()

    def place(
        self, latents: Float[Tensor, "m *latent"], anchors: Sequence[Anchor] = ()
    ) -> Float[np.ndarray, "m 2"] | None:
        """Where the points of a path belong on the map; None while there is no map.

        The mean of the map positions of the nearest encoded items, and of `anchors`, weighted by
        ((R - d) / (R d))², d the distance in latent space and R that of the farthest neighbour (modified
        Shepard interpolation, Franke & Nielson 1980). So a path runs through the points it touches, and
        without jumps.
        """
        if self.coordinates is None or not self.filled.any():
            return None
        rows, distances = self.nearest(latents, min(NEIGHBOURS, int(self.filled.sum())))
        positions = self.coordinates[rows]
        radius = distances.max(axis=1, keepdims=True) * 1.001 + 1e-9  # above 0 for every neighbour
        for anchor, place in anchors:
            distance = (latents - anchor).flatten(1).norm(dim=1, keepdim=True).numpy()
            distances = np.hstack([distances, distance])
            position = np.broadcast_to(np.asarray(place), (len(latents), 1, 2))
            positions = np.concatenate([positions, position], axis=1)
        nearness = np.maximum(radius - distances, 0) / (radius * np.maximum(distances, 1e-6 * radius))
        weights = (nearness**2)[..., None] * np.isfinite(positions)  # encoded after the map was made
        positions = np.nan_to_num(positions)
        return np.asarray((weights * positions).sum(axis=1) / weights.sum(axis=1), np.float32)

    def _settle(self, row: int, encoded: Future[Tensor]) -> None:
        with self._lock:
            if not encoded.cancelled() and encoded.exception() is None:
                self.fill([row], encoded.result()[None])
            self._pending.pop(row, None)


def _done(latent: Tensor) -> Future[Tensor]:
    future: Future[Tensor] = Future()
    future.set_result(latent)
    return future


def _nearest(
    points: Float[Tensor, "m d"], data: Float[Tensor, "n d"], k: int
) -> tuple[Int[Tensor, "m k"], Float[Tensor, "m k"]]:
    """By one matrix product, which is fast but inexact near 0; then exact distances to those found."""
    ranking = data.square().sum(dim=1) - 2 * points @ data.T
    rows = ranking.topk(k, dim=1, largest=False).indices
    distances, order = (points[:, None] - data[rows]).norm(dim=2).sort(dim=1)
    return rows.gather(1, order), distances

"""The latents of one model: those of the bundled portraits, and those of uploads."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.device.futures import done
from models.base import LatentSpace

__all__ = ["Dataset", "LatentStore", "UnknownPointError", "row_number"]

UPLOADS = 256  # kept per model; the one unused for longest is dropped first
NEIGHBOURS = 12  # portraits that place a path point on the map

Position = Float[np.ndarray, "2"]


class UnknownPointError(ValueError):
    """No portrait or upload has this number or id."""


class _Upload(NamedTuple):
    latent: Float[Tensor, "*latent"]
    position: Position | None


class LatentStore:
    """Latents and map positions of a model's points; safe to use from any thread.

    With `encode`, which requests the latent of a portrait, the portraits count as not encoded yet: `latent`
    then encodes them on demand, and `fill` takes in what has been encoded meanwhile.
    """

    def __init__(
        self,
        space: LatentSpace,
        dataset: Dataset,
        latents: Float[Tensor, "n *latent"],
        coordinates: Float[np.ndarray, "n 2"] | None,
        encode: Callable[[int], Future[Float[Tensor, "*latent"]]] | None = None,
    ) -> None:
        self.space, self.dataset, self.latents = space, dataset, latents
        self.coordinates = coordinates  # None until the map has been made
        self._encode = encode
        self.filled: Bool[Tensor, " n"] = torch.full((len(latents),), encode is None)
        self._pending: dict[int, Future[Tensor]] = {}
        self._uploads: OrderedDict[str, _Upload] = OrderedDict()
        self._lock = threading.RLock()  # a callback of a future that is done already runs at once, inside

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def encoded(self) -> Float[Tensor, "m *latent"]:
        """The latents of the portraits that are encoded so far."""
        return self.latents if self.filled.all() else self.latents[self.filled]

    def missing(self, points: Sequence[str]) -> int:
        """How many of the points are not encoded yet. Raises UnknownPointError."""
        with self._lock:
            rows = [row_number(point, len(self)) for point in points if point not in self._uploads]
        return len(rows) - int(self.filled[rows].sum())

    def latent(self, point: str) -> Float[Tensor, "*latent"]:
        """The latent of a portrait number or upload id; waits for a portrait that is not encoded yet.

        Raises UnknownPointError.
        """
        return self.request(point).result()

    def request(self, point: str) -> Future[Float[Tensor, "*latent"]]:
        """The same without waiting: done already, but for portraits not encoded yet."""
        with self._lock:
            if point in self._uploads:
                self._uploads.move_to_end(point)
                return done(self._uploads[point].latent)
            row = row_number(point, len(self))
            if self._encode is None or self.filled[row]:
                return done(self.latents[row])
            if row not in self._pending:
                self._pending[row] = self._encode(row)
                self._pending[row].add_done_callback(lambda encoded: self._settle(row, encoded))
            return self._pending.get(row) or done(self.latents[row])

    def position(self, point: str) -> Position | None:
        """Where a point lies on the map; None while there is no map. Raises UnknownPointError."""
        with self._lock:
            if point in self._uploads:
                return self._uploads[point].position
            row = row_number(point, len(self))
        return None if self.coordinates is None else self.coordinates[row]

    def add(self, latent: Float[Tensor, "*latent"], position: Position | None) -> str:
        """Keep an upload and return its id, which cannot be guessed: whoever knows the id may see it."""
        self.space.check(latent[None])
        point = f"u{secrets.token_hex(16)}"
        with self._lock:
            self._uploads[point] = _Upload(latent, position)
            if len(self._uploads) > UPLOADS:
                self._uploads.popitem(last=False)
        return point

    def fill(self, start: int, latents: Float[Tensor, "n *latent"]) -> None:
        """Take in the latents of the portraits from `start` on."""
        with self._lock:
            self.latents[start : start + len(latents)] = latents
            self.filled[start : start + len(latents)] = True

    def nearest(
        self, latents: Float[Tensor, "m *latent"], k: int
    ) -> tuple[Int[np.ndarray, "m k"], Float[np.ndarray, "m k"]]:
        """Row numbers and Euclidean distances of the k nearest portraits in latent space, nearest first.

        Raises ValueError for latents of another shape or with NaN, and for k outside [1, encoded portraits].
        """
        self.space.check(latents)
        rows = torch.nonzero(self.filled)[:, 0]
        if not 1 <= k <= len(rows):
            raise ValueError(f"nearest: expected 1 to {len(rows)} neighbours, got {k}")
        data = self.latents if len(rows) == len(self) else self.latents[rows]
        found, distances = _nearest(latents.flatten(1), data.flatten(1), k)
        return rows[found].numpy(), distances.numpy()

    def place(
        self, latents: Float[Tensor, "m *latent"], anchors: Sequence[str] = ()
    ) -> Float[np.ndarray, "m 2"] | None:
        """Where the points of a path belong on the map; None while there is no map.

        The mean of the map positions of the nearest portraits, and of `anchors` (those of these points that
        are uploads), weighted by ((R - d) / (R d))², d the distance in latent space and R that of the
        farthest neighbour (modified Shepard interpolation, Franke & Nielson 1980). So a path runs through the
        points it touches, and without jumps.
        """
        if self.coordinates is None:
            return None
        rows, distances = self.nearest(latents, min(NEIGHBOURS, len(self)))
        positions = self.coordinates[rows]
        radius = distances.max(axis=1, keepdims=True) * 1.001 + 1e-9  # above 0 for every neighbour
        for upload in self._anchors(anchors):
            distance = (latents - upload.latent).flatten(1).norm(dim=1, keepdim=True).numpy()
            distances = np.hstack([distances, distance])
            position = np.broadcast_to(np.asarray(upload.position), (len(latents), 1, 2))
            positions = np.concatenate([positions, position], axis=1)
        nearness = np.maximum(radius - distances, 0) / (radius * np.maximum(distances, 1e-6 * radius))
        weights = (nearness**2)[..., None].astype(np.float64)
        return np.asarray((weights * positions).sum(axis=1) / weights.sum(axis=1), np.float32)

    def _anchors(self, points: Sequence[str]) -> list[_Upload]:
        with self._lock:
            uploads = [self._uploads[point] for point in points if point in self._uploads]
        return [upload for upload in uploads if upload.position is not None]

    def _settle(self, row: int, encoded: Future[Tensor]) -> None:
        with self._lock:
            if not encoded.cancelled() and encoded.exception() is None:
                self.fill(row, encoded.result()[None])
            self._pending.pop(row, None)


def row_number(point: str, count: int) -> int:
    """The row of a portrait number, one of `count`; raises UnknownPointError for anything else."""
    if point.isascii() and point.isdecimal() and len(point) < 10 and int(point) < count:
        return int(point)
    if point.startswith("u"):
        raise UnknownPointError(f"upload {point} is unknown or no longer kept: upload the picture again")
    raise UnknownPointError(f"point {point!r} is unknown: expected a portrait from 0 to {count - 1}")


def _nearest(
    points: Float[Tensor, "m d"], data: Float[Tensor, "n d"], k: int
) -> tuple[Int[Tensor, "m k"], Float[Tensor, "m k"]]:
    """By one matrix product, which is fast but inexact near 0; then exact distances to those found."""
    ranking = data.square().sum(dim=1) - 2 * points @ data.T
    rows = ranking.topk(k, dim=1, largest=False).indices
    distances, order = (points[:, None] - data[rows]).norm(dim=2).sort(dim=1)
    return rows.gather(1, order), distances

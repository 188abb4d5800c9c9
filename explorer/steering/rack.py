"""Steering one model: its directions by id, and what a rack of sliders adds to a latent."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from typing import Annotated

import torch
from cachetools import LRUCache
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from explorer.data import Keep
from explorer.operations import MAX_STRENGTH, Direction, Jacobian, hold_apart, steer
from models.errors import InputError

NAMED = 512  # directions that the model itself gives, kept per model
MAX_STEERS = 64  # sliders of one rack

DirectionId = Annotated[str, Field(pattern=r"^[a-z0-9_:-]{1,80}$")]
"""The name of a built-in direction, or the id of one that somebody found."""

Strength = Annotated[float, Field(ge=-MAX_STRENGTH, le=MAX_STRENGTH, allow_inf_nan=False)]
"""How far along a direction, in σ."""


class Own(Keep[tuple[str, Direction]]):
    """The directions that people found, each with its model's name."""

    def __init__(self) -> None:
        super().__init__(lambda kept: kept[1].nbytes)


class UnknownDirectionError(InputError):
    """No direction of this model has this name or id."""


class Steer(BaseModel):
    """One slider of the rack: how far along a direction, in σ, and whether the others must leave it be."""

    model_config = ConfigDict(frozen=True)

    direction: DirectionId
    strength: Strength = 0
    hold: bool = False


class Steering:
    """The directions of one model; safe to use from any thread."""

    def __init__(self, model: str, built_in: Mapping[str, Direction], own: Own) -> None:
        self.built_in = dict(built_in)
        self._model, self._own = model, own
        self._named: LRUCache[str, Direction] = LRUCache(NAMED)
        self._lock = threading.Lock()

    def add(self, direction: Direction, owner: str) -> str:
        """Keep a direction for a person and return its id: whoever knows it may use it."""
        return f"d{self._own.add((self._model, direction), owner)}"

    def name(self, direction: Direction, key: str) -> str:
        """Keep a direction that the model itself gives under an id such as "pca:3", and return that.

        What had the id before is replaced: a person may look at many of them.
        """
        with self._lock:
            self._named[key] = direction
        return key

    def direction(self, key: str) -> Direction:
        """The direction of a name or id. Raises UnknownDirectionError, also for one of another model."""
        if key in self.built_in:
            return self.built_in[key]
        with self._lock:
            if key in self._named:
                return self._named[key]
        found = self._own.get(key.removeprefix("d"))
        if found is None:
            raise UnknownDirectionError(
                f"direction {key!r} is unknown or no longer kept: find it or load it again"
            )
        model, direction = found
        if model != self._model:
            raise UnknownDirectionError(f"direction {key!r} belongs to {model}, not to {self._model}")
        return direction

    def displacement(
        self, latent: Float[Tensor, "*latent"], rack: Sequence[Steer], jacobian: Jacobian | None = None
    ) -> Float[Tensor, "*latent"]:
        """What a rack of sliders adds to a latent; each direction leaves alone the others that are held.

        With a Jacobian, measured at that latent, they are left alone as the picture shows them. Raises
        UnknownDirectionError, and InputError where holding leaves nothing of a direction.
        """
        moving = [entry for entry in rack if entry.strength != 0]
        held = dict.fromkeys(self.directions([entry for entry in rack if entry.hold]))
        apart = hold_apart(self.directions(moving), tuple(held), jacobian)
        return steer(torch.zeros_like(latent)[None], apart, [entry.strength for entry in moving])[0]

    @staticmethod
    def holds(rack: Sequence[Steer]) -> bool:
        """Whether something moves that must leave something else alone."""
        held = {entry.direction for entry in rack if entry.hold}
        return any(held - {entry.direction} for entry in rack if entry.strength != 0)

    def directions(self, rack: Sequence[Steer]) -> tuple[Direction, ...]:
        """The directions of a rack, in its order. Raises UnknownDirectionError."""
        return tuple(self.direction(entry.direction) for entry in rack)

    def version(self, rack: Sequence[Steer]) -> bytes:
        """Changes where an id of the rack has come to mean another direction."""
        with self._lock:
            named = [self._named[e.direction].vector for e in rack if e.direction in self._named]
        return b"".join(hashlib.blake2b(v.numpy().tobytes(), digest_size=8).digest() for v in named)

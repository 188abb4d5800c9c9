"""Steering one model: its directions by id, and what a rack of sliders adds to a latent."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from explorer.operations.directions import MAX_STRENGTH, Direction, steer
from explorer.operations.holding import Response, hold_apart

OWN = 256  # directions of all users kept per model; the one unused for longest is dropped first
NAMED = 512  # the same, of those that the model itself gives
MAX_STEERS = 64  # sliders of one rack
RACKS = 32  # that are moved at about the same time

_apart = lru_cache(RACKS)(hold_apart)  # of what moves and what is held: all frames of a drag share it

DirectionId = Annotated[str, Field(pattern=r"^[a-z0-9_:-]{1,80}$")]
"""The name of a built-in direction, or the id of one that somebody found."""


class UnknownDirectionError(ValueError):
    """No direction has this name or id."""


class Steer(BaseModel):
    """One slider of the rack: how far along a direction, in σ, and whether the others must leave it be."""

    model_config = ConfigDict(frozen=True)

    direction: DirectionId
    strength: float = Field(default=0, ge=-MAX_STRENGTH, le=MAX_STRENGTH, allow_inf_nan=False)
    hold: bool = False


class Steering:
    """The directions of one model; safe to use from any thread."""

    def __init__(self, built_in: Mapping[str, Direction]) -> None:
        self.built_in = dict(built_in)
        self._own: OrderedDict[str, Direction] = OrderedDict()
        self._named: OrderedDict[str, Direction] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, direction: Direction, name: str | None = None) -> str:
        """Keep a direction and return its id, which cannot be guessed: whoever knows it may use it.

        With a `name`, such as "pca:3", that is its id, and what had it before is replaced: for what the model
        itself gives, and a person may look at many of.
        """
        key = name or f"d{secrets.token_hex(16)}"
        kept, most = (self._named, NAMED) if name else (self._own, OWN)
        with self._lock:
            kept[key] = direction
            kept.move_to_end(key)
            if len(kept) > most:
                kept.popitem(last=False)
        return key

    def direction(self, key: str) -> Direction:
        """The direction of a name or id. Raises UnknownDirectionError."""
        if key in self.built_in:
            return self.built_in[key]
        with self._lock:
            kept = self._named if key in self._named else self._own
            if key not in kept:
                raise UnknownDirectionError(
                    f"direction {key!r} is unknown or no longer kept: find it or load it again"
                )
            kept.move_to_end(key)
            return kept[key]

    def displacement(
        self, latent: Float[Tensor, "*latent"], rack: Sequence[Steer], response: Response | None = None
    ) -> Float[Tensor, "*latent"]:
        """What a rack of sliders adds to a latent; each direction leaves alone the others that are held.

        With a `response`, measured at that latent, they are left alone as the picture shows them. Raises
        UnknownDirectionError, and ValueError where holding leaves nothing of a direction.
        """
        moving = [entry for entry in rack if entry.strength != 0]
        held = dict.fromkeys(self.directions([entry for entry in rack if entry.hold]))
        apart = _apart(self.directions(moving), tuple(held), response)
        return steer(torch.zeros_like(latent)[None], apart, [entry.strength for entry in moving])[0]

    @staticmethod
    def holds(rack: Sequence[Steer]) -> bool:
        """Whether something moves that must leave something else alone."""
        held = {entry.direction for entry in rack if entry.hold}
        return any(held - {entry.direction} for entry in rack if entry.strength != 0)

    def directions(self, rack: Sequence[Steer]) -> tuple[Direction, ...]:
        """The directions of a rack, in its order. Raises UnknownDirectionError."""
        return tuple(self.direction(entry.direction) for entry in rack)

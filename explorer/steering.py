"""Steering one model: its directions by id, and what a rack of sliders adds to a latent."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Annotated

from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from explorer.operations.directions import MAX_STRENGTH, Direction, hold, steer

OWN = 256  # directions of all users kept per model; the one unused for longest is dropped first
MAX_STEERS = 64  # sliders of one rack

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
        self._lock = threading.Lock()

    def add(self, direction: Direction) -> str:
        """Keep a direction and return its id, which cannot be guessed: whoever knows it may use it."""
        key = f"d{secrets.token_hex(16)}"
        with self._lock:
            self._own[key] = direction
            if len(self._own) > OWN:
                self._own.popitem(last=False)
        return key

    def direction(self, key: str) -> Direction:
        """The direction of a name or id. Raises UnknownDirectionError."""
        if key in self.built_in:
            return self.built_in[key]
        with self._lock:
            if key not in self._own:
                raise UnknownDirectionError(
                    f"direction {key!r} is unknown or no longer kept: find it or load it again"
                )
            self._own.move_to_end(key)
            return self._own[key]

    def apply(self, latents: Float[Tensor, "n *latent"], rack: Sequence[Steer]) -> Float[Tensor, "n *latent"]:
        """Latents moved by a rack of sliders; each direction leaves alone the others that are held.

        Raises UnknownDirectionError, and ValueError where holding leaves nothing of a direction.
        """
        held = {entry.direction: self.direction(entry.direction) for entry in rack if entry.hold}
        moving = [entry for entry in rack if entry.strength != 0]
        directions = [
            hold(self.direction(entry.direction), [d for key, d in held.items() if key != entry.direction])
            for entry in moving
        ]
        return steer(latents, directions, [entry.strength for entry in moving])

"""Directions in latent space: what they are, and how to steer by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from models.errors import InputError

MAX_STRENGTH = 10.0
"""σ. Farther from the data than this, no decoder knows what it is doing."""


@dataclass(frozen=True)
class Provenance:
    """How a direction came to be, for whoever wants to judge it."""

    method: str  # a key of DIRECTION_METHODS
    data: str  # which labels or points, in words
    count: int  # latents that it was fitted on
    score: float | None = None  # on latents held out from the fit
    score_name: Literal["accuracy", "R²"] | None = None
    correlations: dict[str, float] = field(default_factory=dict)  # of the target with the data's other labels
    notes: tuple[str, ...] = ()  # what a user of it should know, a sentence each
    points: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # those of the groups + and −, if it has any


@dataclass(frozen=True, eq=False)
class Direction:
    """A unit vector of a latent space and its σ: the standard deviation of the data's projections on it.

    Strengths are in σ: strength s moves a latent by s * std * vector. Raises InputError for a vector that is
    not finite or not of unit length, and for a std that is not above 0.
    """

    name: str
    vector: Float[Tensor, "*latent"]
    std: float
    provenance: Provenance

    def __post_init__(self) -> None:
        length = float(self.vector.double().norm())
        if not abs(length - 1) < 1e-3:  # NaN too
            raise InputError(
                f"direction {self.name!r}: expected a vector of unit length, got length {length:g}"
            )
        if not 0 < self.std < float("inf"):
            raise InputError(
                f"direction {self.name!r}: expected a standard deviation above 0, got {self.std:g}"
            )

    @property
    def nbytes(self) -> int:
        """What it holds; in its provenance may be the names of many points."""
        return self.vector.untyped_storage().nbytes() + len(repr(self.provenance))


def unit(vector: Float[Tensor, "*latent"], name: str = "direction") -> Float[Tensor, "*latent"]:
    """The vector at length 1. Raises InputError where it is zero or not finite."""
    length = float(vector.double().norm())
    if not 0 < length < float("inf"):
        raise InputError(
            f"{name}: expected two different things to go between, found no difference at all"
            if length == 0
            else f"{name}: expected finite values, got NaN or infinity"
        )
    return (vector.double() / length).to(torch.float32)


def check_strength(strength: float, name: str = "strength") -> None:
    """Raise InputError unless the strength is a number within ±MAX_STRENGTH σ."""
    if not abs(strength) <= MAX_STRENGTH:  # NaN too
        raise InputError(
            f"{name}: expected a strength from -{MAX_STRENGTH:g} to {MAX_STRENGTH:g} σ, got {strength}"
        )


def steer(
    latents: Float[Tensor, "n *latent"], directions: Sequence[Direction], strengths: Sequence[float]
) -> Float[Tensor, "n *latent"]:
    """Latents moved along several directions at once: z + Σ s_i std_i v_i, strengths s_i in σ.

    Raises InputError for strengths beyond ±MAX_STRENGTH or NaN, or directions of another shape.
    """
    moved = latents
    for direction, strength in zip(directions, strengths, strict=True):
        check_strength(strength, direction.name)
        if direction.vector.shape != latents.shape[1:]:
            raise InputError(
                f"direction {direction.name!r}: expected shape {tuple(latents.shape[1:])},"
                f" got {tuple(direction.vector.shape)}"
            )
        if strength != 0:
            moved = moved + strength * direction.std * direction.vector.to(latents)
    return moved

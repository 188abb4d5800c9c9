"""Directions in latent space: what they are, how to steer by them, and how to hold others still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

MAX_STRENGTH = 10.0
"""σ. Farther from the data than this, no decoder knows what it is doing."""
LEAST_REMAINDER = 0.05
"""Share of a direction that must be left when others are held; less would be rounding and noise."""
NAMED = 3  # held directions that a note names


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

    Strengths are in σ: strength s moves a latent by s * std * vector. Raises ValueError for a vector that is
    not finite or not of unit length, and for a std that is not above 0.
    """

    name: str
    vector: Float[Tensor, "*latent"]
    std: float
    provenance: Provenance

    def __post_init__(self) -> None:
        length = float(self.vector.double().norm())
        if not abs(length - 1) < 1e-3:  # NaN too
            raise ValueError(
                f"direction {self.name!r}: expected a vector of unit length, got length {length:g}"
            )
        if not 0 < self.std < float("inf"):
            raise ValueError(
                f"direction {self.name!r}: expected a standard deviation above 0, got {self.std:g}"
            )


def unit(vector: Float[Tensor, "*latent"], name: str = "direction") -> Float[Tensor, "*latent"]:
    """The vector at length 1. Raises ValueError where it is zero or not finite."""
    length = float(vector.double().norm())
    if not 0 < length < float("inf"):
        raise ValueError(
            f"{name}: expected two different things to go between, found no difference at all"
            if length == 0
            else f"{name}: expected finite values, got NaN or infinity"
        )
    return (vector.double() / length).to(torch.float32)


def hold(direction: Direction, held: Sequence[Direction]) -> Direction:
    """The part of `direction` that is orthogonal to all `held` ones, again at unit length.

    Conditional manipulation: a linear reading along a held direction then stays as it is (Shen et al. 2020,
    InterFaceGAN, section 2.3; for several, their span is projected off). It inherits its std, so that one σ
    stays as far as it was; what was measured of the whole direction, its score and correlations, it loses.
    Raises ValueError where less than LEAST_REMAINDER of it is left, and for vectors of different shapes.
    """
    return _held((direction,), held, [[True] * len(held)])[0]


def hold_apart(moving: Sequence[Direction], held: Sequence[Direction]) -> tuple[Direction, ...]:
    """What is left of each of `moving` by `hold` of all `held` ones but itself. Raises as `hold`."""
    return _held(moving, held, [[other is not one for other in held] for one in moving])


def _held(
    moving: Sequence[Direction], held: Sequence[Direction], leaves: Sequence[Sequence[bool]]
) -> tuple[Direction, ...]:
    """Each of `moving` without those of `held` that it leaves alone, one flag each."""
    if not moving or not held:
        return tuple(moving)
    _check_shapes([*moving, *held])
    flat, others = (torch.stack([d.vector.double().flatten() for d in ds]) for ds in (moving, held))
    masks = torch.tensor(leaves, dtype=torch.double)
    # Inner products are few where latents are long. A pseudoinverse: two held may be nearly the same.
    products = others @ others.T * masks[:, :, None] * masks[:, None, :]
    inverse = torch.linalg.pinv(products, rtol=1e-12, hermitian=True)
    rest = flat
    for _ in range(2):  # the second time for what rounding left of those that are nearly the same
        rest = rest - (inverse @ (rest @ others.T)[:, :, None])[:, :, 0] @ others
    return tuple(
        _remainder(direction, vector, [other for other, leave in zip(held, flags, strict=True) if leave])
        for direction, vector, flags in zip(moving, rest, leaves, strict=True)
    )


def _check_shapes(directions: Sequence[Direction]) -> None:
    shape = directions[0].vector.shape
    for other in directions:
        if other.vector.shape != shape:
            raise ValueError(
                f"hold: expected directions of shape {tuple(shape)},"
                f" got {other.name!r} of {tuple(other.vector.shape)}"
            )


def _remainder(direction: Direction, rest: Float[Tensor, " d"], held: Sequence[Direction]) -> Direction:
    """The direction with its vector made from the `rest` of it, and a word on what was held."""
    if not held:
        return direction
    names = [other.name for other in held]
    if float(rest.norm()) < LEAST_REMAINDER:
        raise ValueError(
            f"nothing of {direction.name} is left while {', '.join(names)} is held: release one of them"
        )
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    told = replace(
        direction.provenance,
        score=None,
        score_name=None,
        correlations={},
        notes=(*direction.provenance.notes, f"held: {listed}"),
    )
    return replace(direction, vector=unit(rest).reshape(direction.vector.shape), provenance=told)


def check_strength(strength: float, name: str = "strength") -> None:
    """Raise ValueError unless the strength is a number within ±MAX_STRENGTH σ."""
    if not abs(strength) <= MAX_STRENGTH:  # NaN too
        raise ValueError(
            f"{name}: expected a strength from -{MAX_STRENGTH:g} to {MAX_STRENGTH:g} σ, got {strength}"
        )


def steer(
    latents: Float[Tensor, "n *latent"], directions: Sequence[Direction], strengths: Sequence[float]
) -> Float[Tensor, "n *latent"]:
    """Latents moved along several directions at once: z + Σ s_i std_i v_i, strengths s_i in σ.

    Raises ValueError for strengths beyond ±MAX_STRENGTH or NaN, or directions of another shape.
    """
    moved = latents
    for direction, strength in zip(directions, strengths, strict=True):
        check_strength(strength, direction.name)
        if direction.vector.shape != latents.shape[1:]:
            raise ValueError(
                f"direction {direction.name!r}: expected shape {tuple(latents.shape[1:])},"
                f" got {tuple(direction.vector.shape)}"
            )
        if strength != 0:
            moved = moved + strength * direction.std * direction.vector.to(latents)
    return moved

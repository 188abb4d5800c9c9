"""Paths between two latents, and the pixel cross-fade that shows what a latent path is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.errors import InputError

MIN_ANGLE = 1e-6
"""Radians. Nearer than this to 0 or to π between two latents, slerp is lerp."""

Vector = Float[np.ndarray, " _"]
Path = Callable[
    [Float[Tensor, "*latent"], Float[Tensor, "*latent"], Float[Tensor, " t"]], Float[Tensor, "t *latent"]
]


def lerp(
    a: Float[Tensor, "*latent"], b: Float[Tensor, "*latent"], t: Float[Tensor, " t"]
) -> Float[Tensor, "t *latent"]:
    """Linear interpolation, (1 - t) a + t b: the straight line, at constant speed.

    t is in [0, 1]; both ends are hit exactly. Raises InputError for different shapes, NaN or infinity, or t
    outside [0, 1].
    """
    start, end, along = _checked(a, b, t)
    return _combine(1 - along, start, along, end, like=a)


def slerp(
    a: Float[Tensor, "*latent"], b: Float[Tensor, "*latent"], t: Float[Tensor, " t"]
) -> Float[Tensor, "t *latent"]:
    """Spherical linear interpolation: the direction turns along the great circle at constant speed.

    With θ the angle between a and b, the direction at t is (sin((1 - t) θ) a/|a| + sin(t θ) b/|b|) / sin θ
    (Shoemake 1985, "Animating rotation with quaternion curves"). Shoemake's quaternions have unit
    length; here the length goes linearly from |a| to |b|, so the path stays in the shell between them.
    A spatial latent counts as one flattened vector. t is in [0, 1]; both ends are hit exactly.

    Where no one great circle is determined the path is lerp's: a or b zero, θ < MIN_ANGLE (there both agree
    to 1e-6), θ > π - MIN_ANGLE. Opposite latents are joined by infinitely many great circles; the straight
    line through 0 depends on nothing but its ends. Raises InputError as lerp does.
    """
    start, end, along = _checked(a, b, t)
    length_a, length_b, angle = _polar(start, end)
    if not MIN_ANGLE <= angle <= math.pi - MIN_ANGLE:  # 0 beside a zero vector
        return lerp(a, b, t)
    length = (1 - along) * length_a + along * length_b
    weight_a = np.sin((1 - along) * angle) / math.sin(angle) * (length / length_a)
    weight_b = np.sin(along * angle) / math.sin(angle) * (length / length_b)
    return _combine(weight_a, start, weight_b, end, like=a)


@dataclass(frozen=True)
class Interpolation:
    """One way from A to B, with what the page says about it."""

    title: str
    function: Path
    domain: Literal["latent", "pixel"]  # pixel: between the decoded images, not the latents
    explanation: str
    source: str


INTERPOLATIONS: dict[str, Interpolation] = {
    "slerp": Interpolation(
        "Spherical (slerp)",
        slerp,
        "latent",
        "Turns from A to B at the distance from the centre where the model's images lie.",
        "Shoemake 1985; for latent spaces White 2016, arXiv:1609.04468",
    ),
    "lerp": Interpolation(
        "Linear (lerp)",
        lerp,
        "latent",
        "The straight line through latent space; its middle is nearer the centre, where images are blander.",
        "(1 - t) A + t B",
    ),
    "cross-fade": Interpolation(
        "Cross-fade (control)",
        lerp,
        "pixel",
        "Blends the two pictures and not their latents: a double exposure, to see what a latent path is not.",
        "(1 - t) A + t B on the decoded pixels",
    ),
}


def _checked(a: Tensor, b: Tensor, t: Tensor) -> tuple[Vector, Vector, Vector]:
    """All flat in float64, for near π weights are large; in NumPy, which is quicker for one short latent."""
    if a.shape != b.shape:
        raise InputError(f"expected two latents of one shape, got {tuple(a.shape)} and {tuple(b.shape)}")
    start, end, along = (tensor.double().numpy() for tensor in (a, b, t))
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        raise InputError("expected finite latents, got NaN or infinity")
    if along.ndim != 1 or not ((along >= 0) & (along <= 1)).all():
        raise InputError(f"expected a vector t within [0, 1], got {t.tolist()}")
    return start.ravel(), end.ravel(), along


def _polar(a: Vector, b: Vector) -> tuple[float, float, float]:
    """Lengths |a| and |b| and the angle between, in radians; the angle is 0 beside a zero vector.

    2 atan2(|u - v|, |u + v|) of the unit vectors stays accurate near 0 and π, where the arc cosine does not
    (Kahan 2006, "How futile are mindless assessments of roundoff in floating-point computation?").
    """
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if length_a == 0 or length_b == 0:
        return length_a, length_b, 0.0
    u, v = a / length_a, b / length_b
    return length_a, length_b, 2 * math.atan2(float(np.linalg.norm(u - v)), float(np.linalg.norm(u + v)))


def _combine(weight_a: Vector, a: Vector, weight_b: Vector, b: Vector, like: Tensor) -> Tensor:
    """weight_a a + weight_b b for every weight, in the dtype and shape of `like`."""
    path = torch.from_numpy(weight_a[:, None] * a + weight_b[:, None] * b)
    return path.to(like.dtype).reshape(-1, *like.shape)

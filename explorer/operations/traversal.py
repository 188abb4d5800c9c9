"""Traversal: what happens when one thing is varied."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from explorer.operations.directions import Direction, steer
from models.errors import InputError

STRENGTHS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""σ. The steps of a row: beyond three, hardly any of the data lie."""


def traverse(
    start: Float[Tensor, "*latent"], direction: Direction, strengths: Sequence[float] = STRENGTHS
) -> Float[Tensor, "t *latent"]:
    """The latents at these strengths, in σ, along a direction from `start`; at 0 it is `start` itself.

    Raises InputError for no strengths at all, strengths beyond ±MAX_STRENGTH or NaN, and for a direction of
    another shape.
    """
    if not strengths:
        raise InputError("traverse: expected at least one strength, got none")
    return torch.cat([steer(start[None], [direction], [strength]) for strength in strengths])

"""Arithmetic on latents: A − B + C, with a weight a term."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from models.errors import InputError

MAX_WEIGHT = 10.0


def combine(latents: Float[Tensor, "n *latent"], weights: Sequence[float]) -> Float[Tensor, "*latent"]:
    """Σ w_i z_i (Radford et al. 2016, arXiv:1511.06434, section 6.3.2), summed in float64.

    Raises InputError for no terms, another number of weights than of latents, weights beyond ±MAX_WEIGHT or
    NaN, and latents with NaN.
    """
    if len(latents) == 0 or len(latents) != len(weights):
        found = f"{len(latents)} terms and {len(weights)} weights"
        raise InputError(f"expected at least one term, and a weight for each; got {found}")
    for weight in weights:
        if not abs(weight) <= MAX_WEIGHT:  # NaN too
            raise InputError(
                f"weight: expected a number from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}, got {weight}"
            )
    if not torch.isfinite(latents).all():
        raise InputError("expected finite latents, got NaN or infinity")
    scale = torch.tensor(list(weights), dtype=torch.float64)
    total: Tensor = torch.tensordot(scale, latents.double(), dims=1)
    return total.to(latents.dtype)

"""Distributions of latents that decode to plausible things."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor


class Prior(Protocol):
    """A distribution of latents that decode to plausible things."""

    def sample(self, n: int, seed: int) -> Float[Tensor, "n *latent"]:
        """`n` latents, float32 on the CPU; the same ones for the same seed."""

    def log_prob(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, " n"]:
        """Log density of each latent, in nats."""


@dataclass(frozen=True)
class StandardNormal:
    """N(0, I) over latents of `shape`."""

    shape: tuple[int, ...]

    def sample(self, n: int, seed: int) -> Float[Tensor, "n *latent"]:
        """`n` latents; the same ones for the same seed."""
        return torch.randn(n, *self.shape, generator=torch.Generator().manual_seed(seed))

    def log_prob(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, " n"]:
        """Log density of each latent, in nats."""
        squares = latents.flatten(1).square().sum(1)
        return -0.5 * (squares + math.prod(self.shape) * math.log(2 * math.pi))

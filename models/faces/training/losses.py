"""The training loss of the face VAE: part-weighted reconstruction plus the KL divergence from N(0, I)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

# How much a pixel counts, by `models.faces.world.renderer.Part`: a pixel loss alone spends itself on hair and
# backdrop and forgets the small parts that a person looks at. Of mean about 1 over a data set.
PART_WEIGHTS = (0.4, 0.4, 1.0, 0.5, 8.0, 6.0, 8.0, 4.0)
ABSOLUTE = 0.06  # weight of |d| beside d^2: at the usual residuals the two then pull about equally
EDGES = 0.06  # weight of the absolute difference of image gradients


@dataclass(frozen=True)
class Losses:
    """One step's loss and what it is made of; kl is in nats a dimension."""

    total: Float[Tensor, ""]
    reconstruction: Float[Tensor, ""]
    kl: Float[Tensor, " d"]


def pixel_weights(parts: UInt8[Tensor, "n h w"]) -> Float[Tensor, "n 1 h w"]:
    """Weight of each pixel by the part it shows."""
    return torch.tensor(PART_WEIGHTS, device=parts.device)[parts.long()][:, None]


def kl_divergence(mean: Float[Tensor, "n d"], log_variance: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    """KL(q(z|x) || N(0, I)) in nats for each dimension, averaged over the batch.

    Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0)


def reconstruction_loss(
    output: Float[Tensor, "n 3 h w"], target: Float[Tensor, "n 3 h w"], weights: Float[Tensor, "n 1 h w"]
) -> Float[Tensor, ""]:
    """Weighted mean of d^2 + ABSOLUTE |d| + EDGES |grad d|, with d = output - target in [-2, 2]."""
    difference = output - target
    loss = (weights * (difference.square() + ABSOLUTE * difference.abs())).mean()
    across = weights[..., 1:] * (difference[..., 1:] - difference[..., :-1]).abs()
    down = weights[..., 1:, :] * (difference[..., 1:, :] - difference[..., :-1, :]).abs()
    return loss + EDGES * (across.mean() + down.mean())


def vae_loss(
    output: Float[Tensor, "n 3 h w"],
    target: Float[Tensor, "n 3 h w"],
    weights: Float[Tensor, "n 1 h w"],
    mean: Float[Tensor, "n d"],
    log_variance: Float[Tensor, "n d"],
    beta: float,
) -> Losses:
    """Reconstruction + beta * KL, the KL in nats an image (beta-VAE, Higgins et al. 2017, eq. 4)."""
    reconstruction = reconstruction_loss(output, target, weights)
    kl = kl_divergence(mean, log_variance)
    return Losses(reconstruction + beta * kl.sum(), reconstruction, kl)

"""A linear model with an exact inverse: no weights, no download, for tests and for reading."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media, Picture
from models.priors import StandardNormal

SAFE_NORM = 6.0
"""Latents no longer than this decode inside [-1, 1]; 2 in 100,000 draws from N(0, I) are longer."""

MEDIA = Picture(16)


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once."""
    return ToyModel(device, name, media)


class ToyModel(LatentModel):
    """Decodes through a scaled orthonormal basis of 8 images, and encodes through its transpose.

    encode(decode(z)) is z up to rounding wherever |z| <= SAFE_NORM; encode of any other image is its
    least-squares latent. The basis is drawn from a fixed seed, so that every process has the same model.
    """

    def __init__(self, device: torch.device | str = "cpu", name: str = "toy", media: Media = MEDIA) -> None:
        self.space = LatentSpace(name, (8,), ("dim",), StandardNormal((8,)))
        self.media = media
        self.device = torch.device(device)
        generator = torch.Generator().manual_seed(0)
        basis, _ = torch.linalg.qr(torch.randn(math.prod(media.shape), 8, generator=generator))
        # |pixel| <= scale * |row of the basis| * |z| (Cauchy-Schwarz), so this scale reaches 1 at SAFE_NORM.
        self._scale = float(1 / (SAFE_NORM * basis.norm(dim=1).max()))
        self._basis = basis.to(self.device)

    @property
    def first_layer(self) -> Float[Tensor, "out dims"]:
        """The basis itself: this decoder has one layer."""
        basis: Tensor = self._basis.cpu() * self._scale
        return basis

    def _encode(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n dims"]:
        latents: Tensor = images.flatten(1) @ self._basis / self._scale
        return latents

    def _decode(self, latents: Float[Tensor, "n dims"]) -> Float[Tensor, "n 3 h w"]:
        images: Tensor = (latents @ self._basis.T * self._scale).unflatten(1, self.media.shape)
        return images

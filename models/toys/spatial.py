"""A spatial autoencoder with an exact inverse: soft fields of colour from a coarse grid."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media
from models.priors import StandardNormal

SIDE = 8  # rows and columns of a latent
SOFTNESS = 0.7  # the higher, the less fine waves count
LIMIT = 0.9999  # of a pixel that is inverted


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once."""
    return ToySpatial(name, media, device)


class ToySpatial(LatentModel):
    """Latents (3, 8, 8) are smoothed and enlarged by cosines, and squashed by tanh; encode undoes both."""

    def __init__(self, name: str, media: Media, device: torch.device) -> None:
        self.device, self.media, shape = device, media, (3, SIDE, SIDE)
        self.space = LatentSpace(name, shape, ("channel", "row", "column"), StandardNormal(shape))
        gain = 1 / (1 + SOFTNESS * torch.arange(SIDE))
        enlarge = (_cosines(media.size) * gain) @ _cosines(SIDE).T
        # Unit variance of the latents gives pixels a standard deviation of 1/2 before tanh.
        enlarge = enlarge / (enlarge.square().sum(1).mean() * 2).sqrt()
        self._enlarge = enlarge.to(device)
        self._reduce = torch.linalg.pinv(enlarge.double()).float().to(device)

    def _encode(self, values: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 8 8"]:
        fields = values.clamp(-LIMIT, LIMIT).atanh()
        latents: Tensor = self._reduce @ fields @ self._reduce.T
        return latents

    def _decode(self, latents: Float[Tensor, "n 3 8 8"]) -> Float[Tensor, "n 3 h w"]:
        fields: Tensor = self._enlarge @ latents @ self._enlarge.T
        return fields.tanh()


def _cosines(size: int) -> Float[Tensor, "size waves"]:
    """The first waves of the orthonormal cosine transform (DCT-II) over `size` places."""
    places, waves = torch.arange(size)[:, None] + 0.5, torch.arange(SIDE)
    basis: Tensor = torch.cos(torch.pi * places * waves / size) * (2 / size) ** 0.5
    basis[:, 0] /= 2**0.5
    return basis

"""A layered latent, as StyleGAN's w+ is one: each layer acts at a scale of its own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media
from models.priors import StandardNormal

LAYERS, DIMS = 4, 8
LIMIT = 0.9999  # of a pixel that is inverted


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once."""
    return ToyLayers(name, media, device)


class ToyLayers(LatentModel):
    """Each layer adds 8 coloured waves, twice as fine and 2/3 as strong as the layer's before; then tanh.

    encode undoes it for its own pictures; of any other it finds the least-squares latent.
    """

    def __init__(self, name: str, media: Media, device: torch.device) -> None:
        self.device, self.media, shape = device, media, (LAYERS, DIMS)
        self.space = LatentSpace(name, shape, ("layer", "dim"), StandardNormal(shape))
        waves = torch.cat([_waves(media.size, layer) for layer in range(LAYERS)])
        self._waves = waves.to(device)
        self._inverse = torch.linalg.pinv(waves.double()).float().to(device)

    def _encode(self, values: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n layers dims"]:
        fields = values.clamp(-LIMIT, LIMIT).atanh().flatten(1)
        latents: Tensor = (fields @ self._inverse).unflatten(1, (LAYERS, DIMS))
        return latents

    def _decode(self, latents: Float[Tensor, "n layers dims"]) -> Float[Tensor, "n 3 h w"]:
        fields = latents.flatten(1) @ self._waves
        values: Tensor = fields.tanh().unflatten(1, self.media.shape)
        return values


def _waves(size: int, layer: int) -> Float[Tensor, "dims numbers"]:
    """Plane waves of one layer in directions, phases and colours of their own, flattened to pictures."""
    generator = torch.Generator().manual_seed(layer)
    angle, phase = 2 * torch.pi * torch.rand(2, DIMS, 1, 1, generator=generator)
    colour = torch.randn(DIMS, 3, 1, 1, generator=generator)
    line = torch.linspace(-1, 1, size)
    along = angle.cos() * line[:, None] + angle.sin() * line
    wave = torch.cos(2**layer * torch.pi / 2 * along + phase)
    return (0.25 * (2 / 3) ** layer * colour * wave[:, None]).flatten(1)

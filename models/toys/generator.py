"""A generator without an encoder: coloured lights that wander as the latent does."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media
from models.priors import StandardNormal

DIMS, LIGHTS = 8, 4
FACTS = 6  # of a light: two of its place, its width, and three of its colour


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once."""
    return ToyGenerator(name, media, device)


class ToyGenerator(LatentModel):
    """Places, widths and colours of 4 lights are a fixed random map of the latent."""

    def __init__(self, name: str, media: Media, device: torch.device) -> None:
        self.device, self.media = device, media
        self.space = LatentSpace(name, (DIMS,), ("dim",), StandardNormal((DIMS,)))
        generator = torch.Generator().manual_seed(1)
        self._map = torch.randn(DIMS, LIGHTS * FACTS, generator=generator).to(device) / DIMS**0.5
        self._rest = torch.randn(LIGHTS, FACTS, generator=generator).to(device)
        line = torch.linspace(-1, 1, media.size, device=device)
        self._rows, self._columns = line[:, None], line[None, :]

    def _decode(self, latents: Float[Tensor, "n dims"]) -> Float[Tensor, "n 3 h w"]:
        facts = (latents @ self._map).unflatten(1, (LIGHTS, FACTS)) + self._rest
        row, column, width = facts[..., :3].tanh()[..., None, None].unbind(2)
        squares = (self._rows - row) ** 2 + (self._columns - column) ** 2
        light = torch.exp(-squares / (0.25 + 0.15 * width))
        return torch.einsum("nlc,nlhw->nchw", 1.5 * facts[..., 3:], light).tanh()

"""A grid of tokens: a mosaic whose tiles come from a codebook."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media
from models.priors import StandardNormal

SIDE, CHANNELS = 8, 3
CODES = 16


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once."""
    return ToyTokens(name, media, device)


class ToyTokens(LatentModel):
    """Latents (3, 8, 8) are the grid before quantisation (van den Oord et al. 2017); decode snaps each place.

    encode finds the tile nearest to each part of a picture, and gives its entry of the codebook.
    """

    codebook_size = CODES

    def __init__(self, name: str, media: Media, device: torch.device) -> None:
        self.device, self.media, shape = device, media, (CHANNELS, SIDE, SIDE)
        self.space = LatentSpace(name, shape, ("channel", "row", "column"), StandardNormal(shape))
        codebook = torch.randn(CODES, CHANNELS, generator=torch.Generator().manual_seed(2))
        side = media.size // SIDE
        line = torch.linspace(-1, 1, side)
        bump = 1 - 0.3 * (line[:, None] ** 2 + line**2)  # lighter in the middle, as a cushion is
        tiles = codebook.tanh()[:, :, None, None] * bump
        self._codebook, self._tiles = codebook.to(device), tiles.to(device)

    def _tokens(self, latents: Float[Tensor, "n c row column"]) -> Int[Tensor, "n row column"]:
        places = latents.movedim(1, -1).flatten(1, 2)
        nearest = torch.cdist(places, self._codebook).argmin(-1)
        tokens: Tensor = nearest.unflatten(1, (SIDE, SIDE))
        return tokens

    def _embed(self, tokens: Int[Tensor, "n row column"]) -> Float[Tensor, "n c row column"]:
        entries: Tensor = self._codebook[tokens]
        return entries.movedim(-1, 1)

    def _decode(self, latents: Float[Tensor, "n c row column"]) -> Float[Tensor, "n 3 h w"]:
        tiles = self._tiles[self._tokens(latents)]  # n row column 3 h w
        return tiles.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)

    def _encode(self, values: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c row column"]:
        side = self._tiles.shape[-1]
        parts = values.unflatten(3, (SIDE, side)).unflatten(2, (SIDE, side))  # n 3 row h column w
        parts = parts.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        nearest = torch.cdist(parts, self._tiles.flatten(1)).argmin(-1)
        return self._embed(nearest.unflatten(1, (SIDE, SIDE)))

"""A picture and its words from one vector."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media, Pair, Words
from models.toys.words import VOCABULARY, ToyWords

NIGHT = (-0.8, -0.8, -0.55)
COLOURS = (  # of the words, in their order
    (0.8, -0.8, -0.7),
    (0.9, 0.1, -0.8),
    (0.9, 0.8, -0.5),
    (-0.5, 0.6, -0.4),
    (-0.7, -0.2, 0.9),
    (0.3, -0.6, 0.7),
)
EDGE = 0.06  # of the picture's half, over which a shape fades


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once, with the vocabulary."""
    assert isinstance(media, Pair)
    assert isinstance(media.second, Words)
    return ToyPair(name, media, device)


class ToyPair(LatentModel):
    """What the toy of words says of a latent, and a picture of it: its size, colour, shape and pose.

    encode reads the words only.
    """

    media: Pair

    def __init__(self, name: str, media: Pair, device: torch.device) -> None:
        assert isinstance(media.second, Words)
        words = replace(media.second, vocabulary=VOCABULARY)
        self.device, self.media = device, Pair(media.first, words)
        self._words = ToyWords(name, words, device)
        self.space: LatentSpace = self._words.space
        self._colours = torch.tensor(COLOURS, device=device)
        self._night = torch.tensor(NIGHT, device=device)[:, None, None]
        line = torch.linspace(-1, 1, media.first.size, device=device)
        self._radius, self._angle = torch.hypot(line[:, None], line), torch.atan2(line[:, None], line)

    def _encode(self, values: Float[Tensor, "n numbers"]) -> Float[Tensor, "n dims"]:
        return self._words._encode(self.media.part(values)[1])

    def _decode(self, latents: Float[Tensor, "n dims"]) -> Float[Tensor, "n numbers"]:
        return self.media.join(self._picture(latents), self._words._decode(latents))

    def _picture(self, latents: Float[Tensor, "n dims"]) -> Float[Tensor, "n 3 h w"]:
        size, east, north, star, moon, pose, _ = latents[:, :, None, None].unbind(1)
        around = self._angle + pose / 2
        reach = 0.5 + 0.2 * size.tanh()
        reach = reach * (1 + 0.15 * (star.tanh() * (5 * around).cos() - moon.tanh() * (8 * around).cos()))
        shape = torch.sigmoid((reach - self._radius) / EDGE)[:, None]
        colour = self._colour(torch.atan2(north, east).flatten())[:, :, None, None]
        picture: Tensor = shape * colour + (1 - shape) * self._night
        return picture

    def _colour(self, angle: Float[Tensor, " n"]) -> Float[Tensor, "n 3"]:
        """Between the two colours whose words stand on either side of this angle."""
        place = angle / (2 * torch.pi) % 1 * len(COLOURS)
        before, part = place.long() % len(COLOURS), (place % 1)[:, None]
        after = (before + 1) % len(COLOURS)
        colour: Tensor = (1 - part) * self._colours[before] + part * self._colours[after]
        return colour

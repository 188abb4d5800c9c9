"""Sound from a vector: a chord of plucked strings."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media, Sound
from models.priors import StandardNormal

NOTES = (220.0, 261.6, 329.6, 392.0, 523.3, 659.3)  # Hz: A3 C4 E4 G4 C5 E5
APART = 0.08  # seconds between two notes' beginnings
RING = 0.25  # seconds in which a note loses 2/3 of its strength
LOUDEST = 6.0  # length of the latents that still fit into [-1, 1]


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once."""
    assert isinstance(media, Sound)
    return ToySound(name, media, device)


class ToySound(LatentModel):
    """A latent is how hard each of 6 strings is plucked, one after the other; encode is least squares."""

    def __init__(self, name: str, media: Sound, device: torch.device) -> None:
        self.device, self.media = device, media
        self.space = LatentSpace(name, (len(NOTES),), ("dim",), StandardNormal((len(NOTES),)))
        seconds = torch.arange(media.samples) / media.rate
        after = seconds - APART * torch.arange(len(NOTES))[:, None]
        tones = torch.sin(2 * math.pi * torch.tensor(NOTES)[:, None] * after)
        strings = tones * torch.exp(-after / RING) * (after >= 0)
        strings = strings / (LOUDEST * strings.norm(dim=0).max())  # Cauchy-Schwarz, as in the toy of vectors
        self._strings = strings.to(device)
        self._inverse = torch.linalg.pinv(strings.double()).float().to(device)

    @property
    def first_layer(self) -> Float[Tensor, "out dims"]:
        """The strings: this decoder has one layer."""
        strings: Tensor = self._strings.T.cpu()
        return strings

    def _encode(self, values: Float[Tensor, "n samples"]) -> Float[Tensor, "n dims"]:
        latents: Tensor = values @ self._inverse
        return latents

    def _decode(self, latents: Float[Tensor, "n dims"]) -> Float[Tensor, "n samples"]:
        sound: Tensor = latents @ self._strings
        return sound

"""Words from a vector: a short sentence, each of whose words follows some of the dimensions."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.media import Media, Words
from models.priors import StandardNormal

ON_A_LINE, ON_A_CIRCLE = 1, 2  # dimensions
SLOTS = (
    (ON_A_LINE, ("tiny", "small", "large", "huge")),
    (ON_A_CIRCLE, ("red", "orange", "yellow", "green", "blue", "purple")),
    (ON_A_CIRCLE, ("star", "moon", "cloud", "flower")),
    (ON_A_LINE, ("sleeps", "waits", "turns", "dances")),
    (ON_A_LINE, ("slowly", "", "happily")),
)
VOCABULARY = ("", "a", *(word for _, words in SLOTS for word in words if word))
DIMS = sum(dims for dims, _ in SLOTS)


def load(
    name: str, media: Media, source: str | None, device: torch.device, progress: Progress
) -> LatentModel:
    """Made at once, with the vocabulary."""
    assert isinstance(media, Words)
    return ToyWords(name, replace(media, vocabulary=VOCABULARY), device)


class ToyWords(LatentModel):
    """Says “a”, and in each slot the word whose place on a line or circle is nearest to the latent.

    encode gives the places of the words, wherever they stand, and 0 for a slot of which none is there.
    """

    def __init__(self, name: str, media: Words, device: torch.device) -> None:
        self.device, self.media = device, media
        self.space = LatentSpace(name, (DIMS,), ("dim",), StandardNormal((DIMS,)))
        self._slots = [
            (
                torch.tensor([VOCABULARY.index(word) for word in words]).to(device),
                _places(dims, len(words)).to(device),
            )
            for dims, words in SLOTS
        ]

    def _encode(self, values: Float[Tensor, "n length"]) -> Float[Tensor, "n dims"]:
        found = []
        for words, places in self._slots:
            said = (values.round()[:, :, None] == words).any(1).float()
            found.append(said @ places / said.sum(1, keepdim=True).clamp(min=1))
        return torch.cat(found, 1)

    def _decode(self, latents: Float[Tensor, "n dims"]) -> Float[Tensor, "n length"]:
        parts = latents.split([dims for dims, _ in SLOTS], 1)
        said = [torch.full_like(latents[:, 0], VOCABULARY.index("a"))]
        for part, (words, places) in zip(parts, self._slots, strict=True):
            said.append(words[torch.cdist(part, places).argmin(1)].float())
        return torch.stack(said, 1)


def _places(dims: int, words: int) -> Float[Tensor, "words dims"]:
    """Evenly spaced on a line from -1.2 to 1.2, or on a circle."""
    if dims == ON_A_LINE:
        return torch.linspace(-1.2, 1.2, words)[:, None]
    angles = 2 * torch.pi * torch.arange(words) / words
    return 1.2 * torch.stack([angles.cos(), angles.sin()], 1)

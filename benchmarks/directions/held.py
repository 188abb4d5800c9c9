"""Holding, portrait by portrait, as the app does it: by what comes back from each one's own picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.directions.measure import seen_again
from benchmarks.directions.subjects import Contestant
from explorer.operations import Direction, Jacobian, around, hold
from models.base import LatentModel


@dataclass(frozen=True, eq=False)
class Answers:
    """How the portraits' pictures answer to directions; each is measured once."""

    model: LatentModel
    latents: Float[Tensor, "n d"]
    known: dict[Direction, Float[Tensor, "n d"]] = field(default_factory=dict)

    def steps(self, rival: Contestant) -> Float[Tensor, "n d"]:
        """What one σ along the rival's direction is in each portrait."""
        found = rival.direction
        if not rival.held:
            return (found.std * found.vector).expand_as(self.latents)
        answers = {direction: self._answer(direction) for direction in (found, *rival.held)}
        rows = range(len(self.latents))
        responses = [Jacobian({way: back[row] for way, back in answers.items()}) for row in rows]
        apart = [hold(found, rival.held, response) for response in responses]
        return torch.stack([rest.std * rest.vector for rest in apart])

    def _answer(self, direction: Direction) -> Float[Tensor, "n d"]:
        """What comes back for a unit step."""
        if direction not in self.known:
            latents = torch.cat([around(latent, [direction]) for latent in self.latents])
            returned = seen_again(self.model, latents).split(2)
            answers = [Jacobian.measured([direction], pair).of[direction] for pair in returned]
            self.known[direction] = torch.stack(answers)
        return self.known[direction]

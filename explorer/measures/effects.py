"""What an edit changed: every trait that a direction reads well, before and after, at the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explorer.operations import Direction

WELL_READ = {"R²": 0.3, "accuracy": 0.75}  # held-out score from which a trait is read well enough to be told


@dataclass(frozen=True)
class Effect:
    """The change of one trait, in σ of the data along its direction."""

    direction: str
    name: str
    change: float


def effects(returned: Float[Tensor, "2 *latent"], traits: Mapping[str, Direction]) -> list[Effect]:
    """Changes of all traits that are read well, the largest first.

    `returned` are the latents before and after, each decoded and encoded again, so that what is read is what
    the pictures show: along the latents themselves a direction changes what it was told to, whether or not
    the decoder draws it.
    """
    change = np.diff(returned.flatten(1).double().numpy(), axis=0)[0]
    read = [
        Effect(key, trait.name, float(change @ trait.vector.double().flatten().numpy()) / trait.std)
        for key, trait in traits.items()
        if is_well_read(trait)
    ]
    return sorted(read, key=lambda effect: -abs(effect.change))


def is_well_read(trait: Direction) -> bool:
    """Whether the direction reads its label on held-out latents well enough."""
    score, name = trait.provenance.score, trait.provenance.score_name
    return score is not None and name is not None and score >= WELL_READ[name]

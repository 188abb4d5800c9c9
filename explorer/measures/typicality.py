"""How typical a latent is of the data: its distance from the data's mean among those of the data."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

OUTSIDE = 0.005
"""Share of the data below and above which a distance counts as outside of the data."""


FEWEST = 2
"""Latents that have a distance from their mean."""


def verdict(latent: Float[Tensor, "*latent"], data: Float[Tensor, "n *latent"]) -> tuple[bool, str]:
    """Whether a latent is typical of the data, and a sentence on it."""
    if len(data) < FEWEST:
        return True, "Nothing is encoded yet that it could be compared with."
    rank = distance_rank(latent, data)
    return is_typical(rank), in_words(rank)


def distance_rank(latent: Float[Tensor, "*latent"], data: Float[Tensor, "n *latent"]) -> float:
    """Share of the data that lies nearer to the data's mean than `latent` does, in [0, 1].

    In many dimensions data lie in a thin shell around their mean (Blum, Hopcroft & Kannan 2020, section 2.4):
    a latent far inside it is as untypical as one far outside.
    """
    own, others = mean_distances(latent, data)
    return float((others < own).float().mean())


def mean_distances(
    latent: Float[Tensor, "*latent"], data: Float[Tensor, "n *latent"]
) -> tuple[Float[Tensor, ""], Float[Tensor, " n"]]:
    """Euclidean distances from the data's mean: of a latent, and of each of the data."""
    mean = data.flatten(1).mean(0)
    return (latent.flatten() - mean).norm(), (data.flatten(1) - mean).norm(dim=1)


def in_words(rank: float) -> str:
    """A sentence on a `distance_rank` for the person who steers."""
    if rank > 1 - OUTSIDE:
        return "Farther out than the data lie: the decoder is guessing here."
    if rank < OUTSIDE:
        return "Nearer the centre than the data lie: decodes are blander here."
    return f"Among the data: {rank:.0%} of them lie nearer the centre."


def is_typical(rank: float) -> bool:
    """Whether the data have latents as near to and as far from their mean."""
    return OUTSIDE <= rank <= 1 - OUTSIDE

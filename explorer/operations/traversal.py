"""Traversal: what happens when one thing is varied, be it a dimension of the latent or a direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explorer.measures.direction_scores import strongest
from explorer.operations.directions import Direction, Provenance, steer

VALUES = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""σ. The steps of a row: beyond three, hardly any of the data lie."""


def traverse(
    start: Float[Tensor, "*latent"], direction: Direction, strengths: Sequence[float] = VALUES
) -> Float[Tensor, "t *latent"]:
    """The latents at these strengths, in σ, along a direction from `start`; at 0 it is `start` itself.

    Raises ValueError for no strengths at all, strengths beyond ±MAX_STRENGTH or NaN, and for a direction of
    another shape.
    """
    if not strengths:
        raise ValueError("traverse: expected at least one strength, got none")
    return torch.cat([steer(start[None], [direction], [strength]) for strength in strengths])


def coordinates(
    latents: Float[Tensor, "n *latent"], labels: dict[str, Float[np.ndarray, " n"]]
) -> dict[int, Direction]:
    """Every single dimension of vector latents, or channel of spatial ones, as a direction by its index.

    The one that varies most comes first; one that never varies is left out. The variance is that of the
    latents given: of posterior means, where a model has a posterior, so that dimensions which it has
    collapsed come last (Burgess et al. 2018, arXiv:1804.03599, sort by KL to see the same). A channel moves
    at all its places together. Each is named by its index, from 0, and the label (NaN where not known) that
    it follows best, by |correlation|.
    """
    x = _projections(latents)
    follows = {name: _correlations(x, values) for name, values in labels.items()}
    sizes = x.std(axis=0)
    order = [int(index) for index in np.argsort(-sizes, kind="stable") if sizes[index] > 0]
    return {
        index: _coordinate(
            latents, index, float(sizes[index]), {k: float(r[index]) for k, r in follows.items()}
        )
        for index in order
    }


def _projections(latents: Float[Tensor, "n *latent"]) -> Float[np.ndarray, "n c"]:
    """On the unit vector of every coordinate; a channel's has the same value at all its places."""
    places = latents.double().reshape(len(latents), latents.shape[1], -1)
    return np.asarray((places.sum(dim=2) / places.shape[2] ** 0.5).numpy())


def _correlations(x: Float[np.ndarray, "n c"], y: Float[np.ndarray, " n"]) -> Float[np.ndarray, " c"]:
    """Of every column of x with y where y is known; 0 where either does not vary."""
    known = np.isfinite(y)
    if not known.any():
        return np.zeros(x.shape[1])
    x, y = x[known] - x[known].mean(axis=0), y[known] - y[known].mean()
    lengths = np.linalg.norm(x, axis=0) * np.linalg.norm(y)
    return np.asarray(np.divide(y @ x, lengths, out=np.zeros(x.shape[1]), where=lengths > 0))


def _coordinate(
    latents: Float[Tensor, "n *latent"], index: int, std: float, correlations: dict[str, float]
) -> Direction:
    vector = torch.zeros(latents.shape[1:])
    vector[index] = vector[index].numel() ** -0.5
    best = strongest(correlations)
    name = str(index)
    if best is not None:
        name += f" · {best.replace('_', ' ')} r {correlations[best]:.2f}".replace("-", "−")
    kind = "dimension" if latents.ndim == 2 else "channel"
    return Direction(
        name,
        vector,
        std,
        Provenance("coordinate", f"{kind} {index}", len(latents), correlations=correlations),
    )

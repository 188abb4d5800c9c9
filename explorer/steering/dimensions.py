"""The single dimensions of vector latents, or channels of spatial ones, as directions."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explorer.measures import strongest
from explorer.operations import Direction, Provenance
from models.base import LatentSpace


def dimensions(
    space: LatentSpace, latents: Float[Tensor, "n *latent"], labels: dict[str, Float[np.ndarray, " n"]]
) -> dict[int, Direction]:
    """Every single dimension of vector latents, or channel of spatial ones, as a direction by its index.

    The one that varies most comes first; one that never varies is left out. The variance is that of the
    latents given: of posterior means, where a model has a posterior, so that dimensions which it has
    collapsed come last (Burgess et al. 2018, arXiv:1804.03599, sort by KL to see the same). A channel moves
    at all its places together, a dimension of layered latents in all layers. Each is named by its index,
    from 0, and the label (NaN where not known) that it follows best, by |correlation|.
    """
    axis, kind = space.content, space.axes[space.content]
    x = _projections(latents.movedim(axis + 1, 1))
    follows = {name: _correlations(x, values) for name, values in labels.items()}
    sizes = x.std(axis=0)
    order = [int(index) for index in np.argsort(-sizes, kind="stable") if sizes[index] > 0]
    found = {}
    for index in order:
        correlations = {name: float(r[index]) for name, r in follows.items()}
        data = f"{'dimension' if kind == 'dim' else kind} {index}"
        told = Provenance("dimension", data, len(latents), correlations=correlations)
        vector = _along(space.shape, axis, index)
        found[index] = Direction(_title(index, correlations), vector, float(sizes[index]), told)
    return found


def _along(shape: tuple[int, ...], axis: int, index: int) -> Float[Tensor, "*latent"]:
    """The unit vector of one index of an axis, the same at all places of the others."""
    vector = torch.zeros(shape)
    part = vector.select(axis, index)
    part.fill_(part.numel() ** -0.5)
    return vector


def _title(index: int, correlations: dict[str, float]) -> str:
    best = strongest(correlations)
    if best is None:
        return str(index)
    return f"{index} · {best.replace('_', ' ')} r {correlations[best]:.2f}".replace("-", "−")


def _projections(latents: Float[Tensor, "n *latent"]) -> Float[np.ndarray, "n c"]:
    """On the unit vector of every dimension; a channel's has the same value at all its places."""
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

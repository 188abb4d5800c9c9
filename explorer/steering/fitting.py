"""Finding a direction: from labels, from two groups of points, or from the model alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from explorer.measures import biases, correlate, scored, split, strongest
from explorer.operations import DIRECTION_METHODS, Direction, DirectionMethod, Provenance, unit
from models.base import LatentSpace
from models.errors import InputError

FEW = 10  # points below which a direction is as much of these very points as of what they have in common

Values = Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Target:
    """What a labelled direction shall go along: a number a latent, or membership of one of two groups."""

    name: str
    values: Shaped[np.ndarray, " n"]  # float (NaN: not known), or bool (True: the group it leads to)
    data: str  # in words, where the values come from


def find_labelled(
    method: str,
    latents: Float[Tensor, "n *latent"],
    target: Target,
    others: dict[str, Values] | None = None,
) -> Direction:
    """A direction from labels or groups; latents whose label is NaN are left out, and the notes say how many.

    `others` are the data's other labels as numbers, NaN where not known: those that go along with the target
    by |correlation| >= TELLING become a warning, and so do fewer than FEW latents. A method that wants
    classes takes the upper and the lower third of a number; one that wants numbers takes 0 and 1 for a
    group. Raises InputError for NaN only, a label of one value, groups that are empty or the same, and an
    unknown or unfitting method.
    """
    entry = _entry(method, ("classes", "numbers"))
    keep, y, notes = _targets(target, entry)
    x, y = latents.flatten(1).double().numpy()[keep], y[keep]
    fit, score = split(y)
    fitted_on: np.ndarray = y[fit] > 0.5 if entry.wants == "classes" else y[fit]
    vector = unit(torch.from_numpy(entry.function(x[fit], fitted_on)), target.name)
    if len(y) < FEW:
        notes.append(f"made from {len(y)} points: everything in which they differ is in it")
    correlations = correlate(y, {name: other[keep] for name, other in (others or {}).items()})
    notes.extend(biases(correlations))
    told = Provenance(method, target.data, len(fit), correlations=correlations, notes=tuple(notes))
    if len(score):
        told = scored(told, vector.double().numpy(), x, y, fit, score)
    return _direction(target.name, vector, latents, told)


def find_unlabelled(
    method: str,
    space: LatentSpace,
    latents: Float[Tensor, "n *latent"],
    component: int,
    first_layer: Float[Tensor, "out dims"] | None = None,
    others: dict[str, Values] | None = None,
) -> Direction:
    """A direction from the latents or the decoder alone: `component` from 0, the strongest first.

    `first_layer` is the decoder's first linear map, needed by methods that want it; its columns are the
    latent's dimensions, or the channels of a spatial latent: the direction is then the same at every place.
    Correlations are of the projections with the labels `others`; the sign makes the strongest one positive,
    and the others become warnings where they are TELLING. Raises InputError for a component that is not
    there, a model without a first layer, and an unknown or unfitting method.
    """
    entry = _entry(method, ("component", "first layer"))
    if entry.wants == "component":
        vector, count = _of_data(entry, latents, component), len(latents)
    else:
        vector, count = _of_decoder(entry, first_layer, space, component), 0
    projections = (latents.flatten(1).double() @ vector.double().flatten()).numpy()
    correlations = correlate(projections, others or {})
    best = strongest(correlations)
    if best is not None and correlations[best] < 0:
        vector, correlations = -vector, {name: -r for name, r in correlations.items()}
    note = f"follows {best} most (r = {correlations[best]:.2f})" if best else "follows no label"
    notes = (note, *biases({name: r for name, r in correlations.items() if name != best}))
    told = Provenance(method, f"component {component + 1}", count, correlations=correlations, notes=notes)
    return _direction(f"{entry.title} {component + 1}", vector, latents, told)


def projected_std(vector: Float[Tensor, "*latent"], latents: Float[Tensor, "n *latent"]) -> float:
    """Standard deviation of the latents' projections on a unit vector: one σ of strength."""
    return float((latents.flatten(1).double() @ vector.double().flatten()).std(correction=0))


def _of_data(
    entry: DirectionMethod, latents: Float[Tensor, "n *latent"], component: int
) -> Float[Tensor, "*latent"]:
    x = latents.flatten(1).double().numpy()
    _check_component(component, min(len(x) - 1, x.shape[1]))
    return unit(torch.from_numpy(entry.function(x, component)).reshape(latents.shape[1:]))


def _of_decoder(
    entry: DirectionMethod,
    first_layer: Float[Tensor, "out dims"] | None,
    space: LatentSpace,
    component: int,
) -> Float[Tensor, "*latent"]:
    if first_layer is None:
        raise InputError(
            f"{entry.title}: this model's decoder has no first layer that is linear in the latent"
        )
    _check_component(component, first_layer.shape[1])
    found = torch.from_numpy(entry.function(first_layer.double().numpy(), component))
    once = [1] * len(space.shape)
    once[space.content] = -1
    return unit(found.reshape(once).expand(space.shape).contiguous())


def _check_component(component: int, count: int) -> None:
    if not 0 <= component < count:
        raise InputError(f"component: expected 0 to {count - 1}, got {component}")


def _entry(method: str, wants: tuple[str, ...]) -> DirectionMethod:
    fitting = [name for name, entry in DIRECTION_METHODS.items() if entry.wants in wants]
    if method not in fitting:
        raise InputError(f"method: expected one of {', '.join(fitting)} here, got {method!r}")
    return DIRECTION_METHODS[method]


def _targets(target: Target, entry: DirectionMethod) -> tuple[Bool[np.ndarray, " n"], Values, list[str]]:
    """Rows that count, a number for every row (0 or 1 where classes are wanted), notes on what was done."""
    y, notes = np.asarray(target.values, float), []
    keep = known = np.isfinite(y)
    values = np.unique(y[known])
    if len(values) == 0:
        raise InputError(f"{target.name}: expected labels, but not one is known (all are NaN)")
    if len(values) == 1:
        raise InputError(
            f"{target.name}: expected at least two different values, but all {known.sum()} are {values[0]:g}"
        )
    if entry.wants == "classes" and target.values.dtype != bool:
        keep, y = _thirds(y, known)
        if len(values) > 2:
            notes.append("fitted on the upper and the lower third of the values")
    if not known.all():
        notes.append(f"{(~known).sum()} of {len(known)} labels are not known and were left out")
    return keep, y, notes


def _thirds(y: Values, known: Bool[np.ndarray, " n"]) -> tuple[Bool[np.ndarray, " n"], Values]:
    """Those in the upper (1) or lower (0) third; both are there, even where most values are the same."""
    low, high = np.quantile(y[known], [1 / 3, 2 / 3])
    if low == high:
        low, high = (
            (low, np.nextafter(low, np.inf)) if low < y[known].max() else (np.nextafter(low, -np.inf), low)
        )
    plus = known & (y >= high)
    return plus | (known & (y <= low)), plus.astype(float)


def _direction(
    name: str, vector: Float[Tensor, "..."], latents: Float[Tensor, "n *latent"], provenance: Provenance
) -> Direction:
    vector = vector.reshape(latents.shape[1:])
    return Direction(name, vector, projected_std(vector, latents), provenance)

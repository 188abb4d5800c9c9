"""Who is measured: the portraits in their halves, and every direction that competes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explorer.data import Dataset
from explorer.operations import DIRECTION_METHODS, Direction, Provenance, unit
from explorer.steering import (
    CLASSES,
    Contrast,
    Target,
    find_labelled,
    find_unlabelled,
    label_of,
    projected_std,
    shipped_method,
    targets,
)
from models.base import LatentModel
from models.faces.world.labels import READABLE

COMPONENTS = 20  # of pca and sefa, among which the one is taken that the label follows best
POINTS = 20  # portraits of each of two groups, as a person picks them on the map
GROUPS = "two groups"  # their difference, and the control: names beside the keys of DIRECTION_METHODS
RANDOM = "random"
LABELLED = [name for name, method in DIRECTION_METHODS.items() if method.wants in ("classes", "numbers")]
UNLABELLED = [name for name in DIRECTION_METHODS if name not in LABELLED]

Found = dict[str, dict[str, Direction]]
"""Directions by method and label."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """Latents and labels of all portraits: directions learn from the rows `fitting`, probes from `probing`.

    Labels are by their direction's id.
    """

    latents: Float[Tensor, "n d"]
    labels: dict[str, Contrast]
    fitting: np.ndarray
    probing: np.ndarray
    held_out: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset) -> Subjects:
        """The labels that can be seen in a portrait, and the training split in halves."""
        labels = targets(dataset.labels[list(READABLE)])
        train = np.flatnonzero(dataset.splits == "train")
        held_out = np.flatnonzero(dataset.splits == "held-out")
        return cls(dataset.shipped.latents, labels, train[0::2], train[1::2], held_out)

    def lesson(self, label: str) -> tuple[Float[Tensor, "m d"], np.ndarray]:
        """What a direction to the label is learned from: latents, and their values."""
        rows = self.fitting[self.labels[label].tells[self.fitting]]
        return self.latents[rows], self.labels[label].values[rows]

    def shipped_method(self, label: str) -> str:
        """The method that made the built-in direction to the label."""
        return shipped_method(self.labels[label].values)

    def find(self, method: str, label: str) -> Direction:
        """A direction by a labelled method; its σ is that of all portraits to learn from."""
        latents, values = self.lesson(label)
        found = find_labelled(method, latents, Target(label, values, "half of them"))
        return replace(found, std=projected_std(found.vector, self.latents[self.fitting]))


@dataclass(frozen=True, eq=False)
class Contestant:
    """One direction towards a label, as its method found it, and what is held still beside it."""

    label: str
    method: str  # a key of DIRECTION_METHODS, or RANDOM
    direction: Direction
    gain: float  # σ of the direction for one σ of the label
    held: tuple[Direction, ...] = ()


def find_directions(
    subjects: Subjects, model: LatentModel, wanted: Iterable[str], held: Iterable[str]
) -> Found:
    """Directions of all methods to the labels `wanted`, and of those that ship to `held` ones too."""
    rows, wanted, first_layer = subjects.fitting, list(wanted), model.first_layer
    latents = subjects.latents[rows]
    found: Found = {}
    for method in LABELLED:
        shipped = [label for label in held if method == subjects.shipped_method(label)]
        found[method] = {label: subjects.find(method, label) for label in dict.fromkeys([*wanted, *shipped])}
    found[GROUPS] = {label: from_groups(label, subjects) for label in wanted}
    numbers = {label: subjects.labels[label].values[rows].astype(float) for label in wanted}
    for method in UNLABELLED:
        if first_layer is None and DIRECTION_METHODS[method].wants == "first layer":
            continue
        count = min(COMPONENTS, latents.shape[1] - 1)
        components = [
            find_unlabelled(method, model.space, latents, i, first_layer, numbers) for i in range(count)
        ]
        found[method] = {label: _following(label, components) for label in wanted}
    return found


def from_groups(label: str, subjects: Subjects) -> Direction:
    """The difference of two small groups, drawn from the upper and lower third, or with and without."""
    latents, values = subjects.lesson(label)
    low, high = np.quantile(values.astype(float), [1 / 3, 2 / 3])
    plus = values if values.dtype == bool else values >= max(high, np.nextafter(low, np.inf))
    minus = ~plus if values.dtype == bool else values <= low
    rng = _generator(label)
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(group), POINTS, replace=False) for group in (plus, minus)]
    )
    target = Target(label, np.arange(2 * POINTS) < POINTS, "two groups of points")
    found = find_labelled(CLASSES, latents[rows], target)
    # σ of the whole data, as the app takes it.
    return replace(found, std=projected_std(found.vector, subjects.latents[subjects.fitting]))


def _following(label: str, components: list[Direction]) -> Direction:
    """The component that goes along with the label most, turned to lead to more of it."""
    best = max(components, key=lambda found: abs(found.provenance.correlations[label]))
    along = best.provenance.correlations[label] > 0
    return replace(best, vector=best.vector if along else -best.vector)


def contestants(label: str, subjects: Subjects, found: Found, held: Iterable[str]) -> Iterator[Contestant]:
    """All that compete for one label: each method without and with `held` labels held, then the control.

    Held are the directions that ship, as on the page, of all labels but those of the same factor.
    """
    others = tuple(
        found[subjects.shipped_method(other)][other] for other in held if label_of(other) != label_of(label)
    )
    latents, values = subjects.lesson(label)
    for method, directions in found.items():
        direction = directions[label]
        free = Contestant(label, method, direction, gain(direction, latents, values))
        yield from (free, replace(free, held=others))
    shipped = found[subjects.shipped_method(label)][label]
    # By its own gain it would hardly be moved: equally far is the control.
    yield Contestant(label, RANDOM, random_control(shipped), gain(shipped, latents, values))


def random_control(direction: Direction) -> Direction:
    """A random direction that moves a latent as far as `direction` does; the same one for the same name."""
    drawn = _generator(direction.name).standard_normal(tuple(direction.vector.shape))
    vector = unit(torch.from_numpy(drawn))
    return Direction(f"random for {direction.name}", vector, direction.std, Provenance(RANDOM, "nothing", 0))


def _generator(label: str) -> np.random.Generator:
    """Its own for each label, whichever labels are measured with it."""
    return np.random.default_rng(zlib.crc32(label.encode()))


def gain(direction: Direction, latents: Float[Tensor, "n d"], values: np.ndarray) -> float:
    """σ of the direction for one σ of the label: the slope of the latents' projections on the label.

    That is the correlation of both times the ratio of the projections' σ to the direction's own. Along a unit
    vector it leads as near to the mean latent of portraits with one σ more as that vector can.
    """
    projections = latents.double().flatten(1).numpy() @ direction.vector.double().flatten().numpy()
    correlation = np.corrcoef(projections, values.astype(float))[0, 1]
    return float(correlation * projected_std(direction.vector, latents) / direction.std)

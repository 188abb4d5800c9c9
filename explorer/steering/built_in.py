"""The directions that ship with a data set and the model of its shipped latents, one for every label.

    python -m explorer.steering.built_in

Finds them in the latents and labels of the first data set, and writes its file of directions.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Shaped

import models
from explorer.data import FIRST, Dataset, Shipped, classes_of, load_dataset, numeric_labels
from explorer.operations import Direction
from explorer.steering.direction_files import load_file, to_bytes
from explorer.steering.direction_query import others_of
from explorer.steering.fitting import Target, find_labelled, projected_std
from models.base import LatentSpace
from models.errors import InputError

NUMBERS, CLASSES = "ridge", "mean-difference"  # the methods, by docs/directions.md
NONE = "none"  # the class that stands for the absence of a thing

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Contrast:
    """What a direction leads to, in a data set."""

    title: str
    values: Shaped[np.ndarray, " n"]  # numbers, or True for the members of a class
    tells: Bool[np.ndarray, " n"]  # rows to learn from: not those with another kind of a thing, for one kind


def load_built_in(space: LatentSpace, dataset: Dataset) -> dict[str, Direction]:
    """The shipped directions by name; none, and a warning in the log, where they are of other latents."""
    shipped = dataset.shipped
    if shipped is None or shipped.directions is None:
        return {}
    try:
        directions, metadata = load_file(shipped.directions, space)
        if metadata.get("latents_sha256") != digest(shipped):
            command = "python -m explorer.steering.built_in"
            raise InputError(f"{shipped.directions} is of other latents: make it anew with {command}")
    except InputError as error:
        log.warning("there are no built-in directions: %s", error)
        return {}
    return directions


def digest(shipped: Shipped) -> str:
    """SHA-256 of the latents, to tell whether directions were found in them."""
    return hashlib.sha256(shipped.latents.numpy().tobytes()).hexdigest()


def find_all(dataset: Dataset) -> dict[str, Direction]:
    """A direction for every label; of a class one for each value, and one for having any.

    Learned from the training split only, so that what is held out can judge them. σ is that of the whole
    split, whichever part of it a direction was learned from. Raises InputError without shipped latents.
    """
    if dataset.shipped is None:
        raise InputError(f"{dataset.name}: expected a data set with shipped latents")
    rows = np.flatnonzero(dataset.splits == "train")
    labels = dataset.labels.iloc[rows]
    numbers = numeric_labels(dataset, rows)
    latents = dataset.shipped.latents[rows]
    directions = {}
    for key, label in targets(labels).items():
        told = f"label {label.title} of {label.tells.sum():,} training {dataset.presentation.singular}s"
        others = {name: column[label.tells] for name, column in others_of(key, numbers).items()}
        target = Target(label.title, label.values[label.tells], told)
        found = find_labelled(shipped_method(label.values), latents[label.tells], target, others)
        directions[key] = replace(found, std=projected_std(found.vector, latents))
    return directions


def shipped_method(values: np.ndarray) -> str:
    """The method that makes the direction of such a label."""
    return CLASSES if values.dtype == bool else NUMBERS


def targets(labels: pd.DataFrame) -> dict[str, Contrast]:
    """What each direction leads to, by its id.

    A class is told from all others, but where there is NONE, a kind of thing is told from having none.
    """
    targets: dict[str, Contrast] = {}
    for name, column in labels.items():
        title, known = str(name).replace("_", " "), np.array(column.notna())
        if pd.api.types.is_numeric_dtype(column):
            numbers = column.to_numpy(float, na_value=np.nan)
            targets[str(name)] = Contrast(title, numbers, np.ones(len(column), bool))
            continue
        texts = column.astype(str).to_numpy()
        without = known & (texts == NONE)
        if without.any():
            targets[str(name)] = Contrast(title, known & ~without, known)
        for value in sorted(set(classes_of(column)) - {NONE}):
            members = known & (texts == value)
            tells = members | without if without.any() else known
            targets[f"{name}:{value}"] = Contrast(f"{title}: {value.replace('_', ' ')}", members, tells)
    return targets


def main() -> None:
    """Find and write them."""
    dataset = load_dataset()
    shipped = dataset.shipped
    if shipped is None or shipped.directions is None:
        raise SystemExit(f"{FIRST}: expected a data set that ships with latents and directions")
    directions = find_all(dataset)
    space = models.load(shipped.model).space
    content = to_bytes(space, directions, {"latents_sha256": digest(shipped)})
    shipped.directions.write_bytes(content)
    print(f"{shipped.directions}: {len(directions)} directions, {len(content) / 1e3:.0f} kB")
    for key, direction in directions.items():
        told = direction.provenance
        print(f"  {key:28} {told.score_name} {told.score:6.3f}  std {direction.std:.2f}")


if __name__ == "__main__":
    main()

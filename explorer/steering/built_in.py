"""The directions that ship with the bundled model, one for every factor of its portraits.

    python -m explorer.steering.built_in

Finds them in the latents and labels of assets/portraits.parquet and writes assets/directions.safetensors.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Shaped

from explorer.data.dataset import Dataset
from explorer.operations.directions import Direction
from explorer.steering.direction_files import load_file, to_bytes
from explorer.steering.direction_query import numeric_labels, others_of
from explorer.steering.fitting import Target, find_labelled, projected_std
from models.base import LatentSpace

ASSETS = Path(__file__).parents[2] / "assets"
DIRECTIONS = ASSETS / "directions.safetensors"
NUMBERS, CLASSES = "ridge", "mean-difference"  # the methods, by docs/directions.md
NONE = "none"  # the class that stands for the absence of a thing

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Label:
    """What a direction leads to, in a data set."""

    title: str
    values: Shaped[np.ndarray, " n"]  # numbers, or True for the members of a class
    tells: Bool[np.ndarray, " n"]  # rows to learn from: not those with other glasses, for round ones


def load_built_in(space: LatentSpace, dataset: Dataset, path: Path = DIRECTIONS) -> dict[str, Direction]:
    """The shipped directions by name; none, and a warning in the log, where it fits other portraits."""
    try:
        directions, metadata = load_file(path, space)
        if metadata.get("latents_sha256") != digest(dataset):
            raise ValueError(
                f"{path}: it was of other latents: make it anew with python -m explorer.steering.built_in"
            )
    except ValueError as error:
        log.warning("there are no built-in directions: %s", error)
        return {}
    return directions


def digest(dataset: Dataset) -> str:
    """SHA-256 of the latents, to tell whether directions were found in them."""
    return hashlib.sha256(dataset.latents.numpy().tobytes()).hexdigest()


def find_all(dataset: Dataset) -> dict[str, Direction]:
    """A direction for every label of the portraits; of a class one for each value, and one for having any.

    Learned from the training split only, so that held-out portraits can judge them. σ is that of the whole
    split, whichever part of it a direction was learned from.
    """
    rows = np.flatnonzero(dataset.splits == "train")
    labels = dataset.labels.iloc[rows]
    numbers = numeric_labels(dataset, rows)
    latents = dataset.latents[rows]
    directions = {}
    for key, label in targets(labels).items():
        told = f"label {label.title} of {label.tells.sum():,} training portraits"
        others = {name: column[label.tells] for name, column in others_of(key, numbers).items()}
        target = Target(label.title, label.values[label.tells], told)
        found = find_labelled(shipped_method(label.values), latents[label.tells], target, others)
        directions[key] = replace(found, std=projected_std(found.vector, latents))
    return directions


def shipped_method(values: np.ndarray) -> str:
    """The method that makes the direction of such a label."""
    return CLASSES if values.dtype == bool else NUMBERS


def targets(labels: pd.DataFrame) -> dict[str, Label]:
    """What each direction leads to, by its id.

    A class is told from all others, but where there is NONE, a kind of thing is told from having none.
    """
    targets: dict[str, Label] = {}
    everywhere = np.ones(len(labels), bool)
    for name, column in labels.items():
        title = str(name).replace("_", " ")
        if pd.api.types.is_numeric_dtype(column):
            targets[str(name)] = Label(title, column.to_numpy(float), everywhere)
            continue
        without = (column == NONE).to_numpy(bool)
        if without.any():
            targets[str(name)] = Label(title, ~without, everywhere)
        for value in sorted(set(column.astype(str)) - {NONE}):
            members = (column == value).to_numpy(bool)
            tells = members | without if without.any() else everywhere
            targets[f"{name}:{value}"] = Label(f"{title}: {value.replace('_', ' ')}", members, tells)
    return targets


def main() -> None:
    """Find and write them."""
    dataset = Dataset.load(ASSETS / "portraits.parquet")
    space = LatentSpace(dataset.metadata["model"], tuple(dataset.latents.shape[1:]), 128, "normal")
    directions = find_all(dataset)
    DIRECTIONS.write_bytes(to_bytes(space, directions, {"latents_sha256": digest(dataset)}))
    print(f"{DIRECTIONS}: {len(directions)} directions, {DIRECTIONS.stat().st_size / 1e3:.0f} kB")
    for key, direction in directions.items():
        told = direction.provenance
        print(f"  {key:28} {told.score_name} {told.score:6.3f}  std {direction.std:.2f}")


if __name__ == "__main__":
    main()

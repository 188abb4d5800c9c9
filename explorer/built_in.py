"""The directions that ship with the bundled model, one for every factor of its portraits.

    python -m explorer.built_in

Finds them in the latents and labels of assets/portraits.parquet and writes assets/directions.safetensors.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from explorer.dataset import Dataset
from explorer.direction_files import load_file, to_bytes
from explorer.finding import numeric_labels, others_of
from explorer.operations.directions import Direction
from explorer.operations.finding import Target, find_labelled
from models.base import LatentSpace

ASSETS = Path(__file__).parent.parent / "assets"
DIRECTIONS = ASSETS / "directions.safetensors"
NUMBERS, CLASSES = "ridge", "mean-difference"  # the methods, by docs/directions.md
NONE = "none"  # the class that stands for the absence of a thing

log = logging.getLogger(__name__)


def load_built_in(space: LatentSpace, dataset: Dataset, path: Path = DIRECTIONS) -> dict[str, Direction]:
    """The shipped directions by name; none, and a warning in the log, where it fits other portraits."""
    try:
        directions, metadata = load_file(path, space)
        if metadata.get("latents_sha256") != digest(dataset):
            raise ValueError(
                f"{path}: it was made from other latents; make it anew with python -m explorer.built_in"
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

    Learned from the training split only, so that held-out portraits can judge them.
    """
    rows = np.flatnonzero(dataset.splits == "train")
    labels = dataset.labels.iloc[rows]
    numbers = numeric_labels(dataset, rows)
    latents = dataset.latents[rows]
    directions = {}
    for key, (name, values) in targets(labels).items():
        method = CLASSES if values.dtype == bool else NUMBERS
        target = Target(name, values, f"label {name} of {len(rows):,} training portraits")
        directions[key] = find_labelled(method, latents, target, others_of(key, numbers))
    return directions


def targets(labels: pd.DataFrame) -> dict[str, tuple[str, np.ndarray]]:
    """Title and values of each direction, by its id."""
    targets: dict[str, tuple[str, np.ndarray]] = {}
    for name, column in labels.items():
        title = str(name).replace("_", " ")
        if pd.api.types.is_numeric_dtype(column):
            targets[str(name)] = (title, column.to_numpy(float))
            continue
        classes = sorted(set(column.astype(str)))
        if NONE in classes:
            targets[str(name)] = (title, (column != NONE).to_numpy(bool))
        for value in classes:
            if value != NONE:
                label = f"{title}: {value.replace('_', ' ')}"
                targets[f"{name}:{value}"] = (label, (column == value).to_numpy(bool))
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

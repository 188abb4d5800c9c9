"""Opening data sets: one by its name in the table, or all that an app shows."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from explorer.data.catalogue import DATASETS, FIRST
from explorer.data.dataset import Dataset
from explorer.data.folder import load_folder
from models.errors import InputError


def load_dataset(name: str = FIRST) -> Dataset:
    """The data set called `name` in DATASETS.

    Raises InputError for an unknown name, and DatasetError for a file that is missing or damaged.
    """
    if name not in DATASETS:
        raise InputError(f"dataset: expected one of {', '.join(DATASETS)}, got {name!r}")
    dataset: Dataset = import_module(DATASETS[name]).load()
    return dataset


def load_datasets(pictures: Path | None = None) -> dict[str, Dataset]:
    """A person's own folder first, so that models begin with it where they can, and all of DATASETS.

    Raises DatasetError as `load_folder` and `load_dataset`.
    """
    own = [] if pictures is None else [load_folder(pictures.expanduser())]
    return {dataset.name: dataset for dataset in (*own, *map(load_dataset, DATASETS))}

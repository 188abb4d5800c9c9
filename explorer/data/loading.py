"""Opening a data set by its name in the table."""

from __future__ import annotations

from importlib import import_module

from explorer.data.catalogue import DATASETS, FIRST
from explorer.data.dataset import Dataset
from models.errors import InputError


def load_dataset(name: str = FIRST) -> Dataset:
    """The data set called `name` in DATASETS.

    Raises InputError for an unknown name, and DatasetError for a file that is missing or damaged.
    """
    if name not in DATASETS:
        raise InputError(f"dataset: expected one of {', '.join(DATASETS)}, got {name!r}")
    dataset: Dataset = import_module(DATASETS[name]).load()
    return dataset

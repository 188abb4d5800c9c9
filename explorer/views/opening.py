"""Opening a data set in a loaded model: with all that ships for the two, or with nothing encoded yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explorer.data import (
    FEWEST_MAPPED,
    SAMPLES,
    Arguments,
    Dataset,
    LatentTable,
    agrees,
    draw_samples,
    fit,
    fits,
)
from explorer.steering import load_built_in
from explorer.views.shared import Shared
from models.base import LatentModel
from models.errors import InputError


@dataclass
class Opened:
    """What has been made of a data set in a model so far; it can be used meanwhile."""

    dataset: Dataset
    table: LatentTable

    @property
    def missing(self) -> int:
        """Items that are not encoded."""
        return int((~self.table.filled).sum())

    @property
    def shortfall(self) -> str:
        """What that means, for the person who misses them."""
        if self.table.coordinates is None:
            return "Decodes; its data are not all encoded, and so have no map of their own yet"
        left = f"Decodes; {self.missing:,} of {len(self.table):,} items are not encoded"
        if np.isnan(self.table.coordinates[~self.table.filled.numpy()]).any():
            return f"{left} and so not on the map (those that cannot be read are named in the log)"
        return f"{left} yet; those that are picked will be"

    def make_map(self, cache_dir: Path) -> None:
        """Place all that is encoded; too few get no map."""
        table, rows = self.table, self.table.filled.clone()
        latents = table.latents if rows.all() else table.latents[rows]
        if len(latents) < FEWEST_MAPPED:
            return
        coordinates = np.full((len(table), 2), np.nan, np.float32)
        coordinates[rows.numpy()] = fit(latents, Arguments(), cache_dir)
        table.coordinates = coordinates


Encode = Callable[[Dataset, int], Future[Tensor]]
"""Requests the latent of a data set's row."""


def open_dataset(
    model: LatentModel,
    source: str | None,
    wanted: str | None,
    datasets: Mapping[str, Dataset],
    shared: Shared,
    encode: Encode,
) -> Opened:
    """The data set called `wanted`, else the first that the model encodes, else its prior's samples; blocks.

    Raises InputError where the model cannot encode it, or has no prior.
    """
    name, worker = model.space.name, shared.worker
    dataset = _choose(model, wanted, datasets, shared)
    shipped = dataset.shipped
    if shipped and shipped.model == name and _is_of(model, source, dataset, shared):
        table = LatentTable(model.space, dataset, shipped.latents, shipped.coordinates)
        shared.steering(name).built_in |= load_built_in(model.space, dataset)
        return Opened(dataset, table)
    dataset = dataset.with_files()
    placed = dataset.placed.get(name)
    known = placed if placed and agrees(model, worker, dataset, placed.first, tolerance=0.05) else None
    latents = torch.zeros(len(dataset), *model.space.shape)
    coordinates = known.coordinates if known else None
    table = LatentTable(model.space, dataset, latents, coordinates, partial(encode, dataset))
    return Opened(dataset, table)


def _choose(
    model: LatentModel, wanted: str | None, datasets: Mapping[str, Dataset], shared: Shared
) -> Dataset:
    name = wanted or next((name for name, dataset in datasets.items() if fits(dataset, model)), SAMPLES)
    if name == SAMPLES:
        return draw_samples(model, shared.worker)
    if not fits(datasets[name], model):
        raise InputError(f"{model.space.name} cannot encode {datasets[name].title.lower()}")
    return datasets[name]


def _is_of(model: LatentModel, source: str | None, dataset: Dataset, shared: Shared) -> bool:
    """Whether what ships is of this model's weights.

    Own weights never are the ones that it was made with, however near: fine-tuned, they still encode alike.
    """
    assert dataset.shipped is not None
    if dataset.name == SAMPLES:
        return True
    first = dataset.shipped.latents[0]
    return source is None and agrees(model, shared.worker, dataset, first, tolerance=0.5)

"""Finding a direction in the data of one model: what may be asked for, and the data that answer it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.latent_table import LatentStore
from explorer.data.points import MAX_GROUP, Point, one_of
from explorer.operations.direction_methods import DIRECTION_METHODS
from explorer.operations.directions import Direction
from explorer.steering.fitting import Target, find_labelled, find_unlabelled, projected_std
from models.base import LatentModel

FEWEST = 100  # encoded portraits, or all if they are fewer: of a handful, σ and components are chance
MOST_MISSING = 64  # points of groups that are encoded on demand

Group = Annotated[tuple[Point, ...], Field(max_length=MAX_GROUP)]


class Wish(BaseModel):
    """A direction to find: from a label (or one class of it), from two groups of points, or a component."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    method: Annotated[str, AfterValidator(one_of(DIRECTION_METHODS))]
    name: Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f<>]*$")] = ""
    label: str | None = None
    value: str | None = None  # the class of a label with classes that the direction leads to
    plus: Group | None = None
    minus: Group | None = None
    component: Annotated[int, Field(ge=0)] | None = None

    @property
    def id(self) -> str | None:
        """That of what the model itself gives; None for what a person made."""
        return None if self.component is None or self.name else f"{self.method}:{self.component}"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        has_label, has_groups = self.label is not None, (self.plus, self.minus) != (None, None)
        if DIRECTION_METHODS[self.method].wants in ("component", "first layer"):
            if self.component is None or has_label or has_groups:
                raise ValueError(f"{self.method} wants a component, and neither a label nor groups")
        elif self.component is not None or has_label == has_groups:
            raise ValueError(f"{self.method} wants either a label, or two groups plus and minus")
        return self


def find(wish: Wish, model: LatentModel, store: LatentStore) -> Direction:
    """The direction that is wished for.

    Raises ValueError that says what is wrong with the label or the groups, and UnknownPointError.
    """
    if wish.component is not None:
        rows = usable_rows(store)
        labels = numeric_labels(store.dataset, rows)
        found = find_unlabelled(wish.method, store.latents[rows], wish.component, model.first_layer, labels)
    elif wish.label is not None:
        found = _from_label(wish.label, wish, store)
    else:
        found = _from_groups(wish, store)
    return replace(found, name=wish.name) if wish.name else found


def usable_rows(store: LatentStore) -> np.ndarray:
    """Rows to learn from: encoded already, and not held out. Raises ValueError for too few of them."""
    train = store.dataset.splits == "train"
    rows = np.flatnonzero(store.filled.numpy() & train)
    needed = min(FEWEST, int(train.sum()))
    if len(rows) < needed:
        raise ValueError(
            f"only {len(rows)} portraits to learn from are encoded with this model yet:"
            f" wait until there are {needed} and try again"
        )
    return rows


def numeric_labels(dataset: Dataset, rows: np.ndarray) -> dict[str, Float[np.ndarray, " n"]]:
    """Every label as numbers, NaN where not known: itself, or 0 and 1 for each "label: class"."""
    columns = {}
    for name, column in dataset.labels.iloc[rows].items():
        if pd.api.types.is_numeric_dtype(column):
            columns[str(name)] = column.to_numpy(float)
        else:
            known = column.notna().to_numpy()
            for value in _classes(column):
                is_value = (column.astype(str) == value).to_numpy(float)
                columns[f"{name}: {value}"] = np.where(known, is_value, np.nan)
    return columns


def label_of(key: str) -> str:
    """The label that a column or a direction belongs to: "hair_style" for "hair_style: bob"."""
    return key.partition(":")[0]


def others_of(key: str, numbers: dict[str, Float[np.ndarray, " n"]]) -> dict[str, Float[np.ndarray, " n"]]:
    """The columns of all other labels than that of `key`."""
    return {other: values for other, values in numbers.items() if label_of(other) != label_of(key)}


def _classes(column: pd.Series) -> list[str]:
    return sorted(set(column.dropna().astype(str)))


def _from_label(label: str, wish: Wish, store: LatentStore) -> Direction:
    rows = usable_rows(store)
    labels = store.dataset.labels
    if label not in labels:
        raise ValueError(f"label: expected one of {', '.join(map(str, labels))}; got {label!r}")
    name, column = label, labels[label].iloc[rows]
    if pd.api.types.is_numeric_dtype(column):
        if wish.value is not None:
            raise ValueError(f"value: {name} is a number and has no classes, got {wish.value!r}")
    else:
        classes = _classes(column)
        if wish.value not in classes:
            raise ValueError(f"value: expected one of {', '.join(classes)}; got {wish.value!r}")
        name = f"{name}: {wish.value}"
    numbers = numeric_labels(store.dataset, rows)
    target = Target(name.replace("_", " "), numbers[name], f"label {name} of {len(rows):,} portraits")
    return find_labelled(wish.method, store.latents[rows], target, others_of(label, numbers))


def _from_groups(wish: Wish, store: LatentStore) -> Direction:
    plus, minus = (tuple(dict.fromkeys(group or ())) for group in (wish.plus, wish.minus))
    for sign, group in (("+", plus), ("−", minus)):
        if not group:
            raise ValueError(f"group {sign} is empty: choose at least one point for it")
    if set(plus) == set(minus):
        raise ValueError("both groups are the same points, so nothing lies between them")
    points, rows = [*plus, *minus], usable_rows(store)
    latents = _latents_of(points, store)
    values = np.arange(len(points)) < len(plus)
    target = Target(
        "+ − −", values, f"{len(plus)} points against {len(minus)}: {_listed(plus)} against {_listed(minus)}"
    )
    found = find_labelled(wish.method, latents, target, _labels_of(points, store))
    told = replace(found.provenance, points=(_nameable(plus), _nameable(minus)))
    # σ is that of the whole data, not of the few points.
    return replace(found, std=projected_std(found.vector, store.latents[rows]), provenance=told)


def _latents_of(points: list[str], store: LatentStore) -> Float[Tensor, "n *latent"]:
    """All are requested before one is waited for, so that they are encoded in batches."""
    missing = store.missing(points)
    if missing > MOST_MISSING:
        raise ValueError(
            f"{missing:,} of these points are not encoded with this model yet:"
            f" wait until they are, or choose at most {MOST_MISSING} of them"
        )
    requests = [store.request(point) for point in points]
    return torch.stack([request.result() for request in requests])


def _labels_of(points: list[str], store: LatentStore) -> dict[str, Float[np.ndarray, " n"]]:
    """Labels of chosen points; NaN for uploads, which have none."""
    known = np.array([point.isdecimal() for point in points])
    rows = np.array([int(point) for point in points if point.isdecimal()], dtype=int)
    labels = {}
    for name, numbers in numeric_labels(store.dataset, rows).items():
        values = np.full(len(points), np.nan)
        values[known] = numbers
        labels[name] = values
    return labels


def _nameable(points: tuple[str, ...]) -> tuple[str, ...]:
    """Points for whoever gets the direction: the id of an upload would show them the picture."""
    return tuple("an upload" if point.startswith("u") else point for point in points)


def _listed(points: tuple[str, ...]) -> str:
    shown = ", ".join(_nameable(points[:8]))
    return f"{shown}, …" if len(points) > 8 else shown

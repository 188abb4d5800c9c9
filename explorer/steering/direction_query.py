"""Finding a direction in one data set's latents: what may be asked for, and the data that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Self

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from explorer.data import MAX_GROUP, Dataset, LatentTable, Point, classes_of, numeric_labels, one_of
from explorer.operations import DIRECTION_METHODS, Direction
from explorer.steering.fitting import Target, find_labelled, find_unlabelled, projected_std
from models.base import LatentModel
from models.errors import InputError

FEWEST = 100  # encoded rows, or all if they are fewer: of a handful, σ and components are chance
MAX_COMPONENTS = 256  # that are computed of latents or weights: the cost grows with each
AN_OWN = "an upload"  # what a direction says of a point that is somebody's own

Rows = Int[np.ndarray, " n"]
Group = Annotated[tuple[Point, ...], Field(max_length=MAX_GROUP)]


class DirectionQuery(BaseModel):
    """A direction to find: from a label (or one class of it), from two groups of points, or a component."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    method: Annotated[str, AfterValidator(one_of(DIRECTION_METHODS))]
    name: Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f<>]*$")] = ""
    label: str | None = None
    value: str | None = None  # the class of a label with classes that the direction leads to
    plus: Group | None = None
    minus: Group | None = None
    component: Annotated[int, Field(ge=0, lt=MAX_COMPONENTS)] | None = None

    @property
    def groups(self) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
        """The points of plus and of minus, each once."""
        plus, minus = (tuple(dict.fromkeys(group or ())) for group in (self.plus, self.minus))
        return plus, minus

    @property
    def id(self) -> str | None:
        """That of what the model itself gives; None for what a person made."""
        return None if self.component is None or self.name else f"{self.method}:{self.component}"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        has_label, has_groups = self.label is not None, (self.plus, self.minus) != (None, None)
        if DIRECTION_METHODS[self.method].wants in ("component", "first layer"):
            if self.component is None or has_label or has_groups:
                raise InputError(f"{self.method} wants a component, and neither a label nor groups")
        elif self.component is not None or has_label == has_groups:
            raise InputError(f"{self.method} wants either a label, or two groups plus and minus")
        if has_groups:
            _check_groups(*self.groups)
        return self


def find(
    query: DirectionQuery,
    model: LatentModel,
    table: LatentTable,
    latents: Float[Tensor, "m *latent"] | None = None,
) -> Direction:
    """The direction that is asked for; `latents` are those of the groups' points, plus before minus.

    Raises InputError that says what is wrong with the label, the component, or the data.
    """
    rows = usable_rows(table)
    if latents is not None:
        found = _from_groups(query, table, rows, latents)
    elif query.label is not None:
        found = _from_label(query.label, query, table, rows)
    else:
        labels, component = numeric_labels(table.dataset, rows), query.component or 0
        found = find_unlabelled(
            query.method, model.space, table.latents[rows], component, model.first_layer, labels
        )
    return replace(found, name=query.name) if query.name else found


def usable_rows(table: LatentTable) -> Int[np.ndarray, " n"]:
    """Rows to learn from: encoded already, and not held out. Raises InputError for too few of them."""
    train = table.dataset.splits == "train"
    rows = np.flatnonzero(table.filled.numpy() & train)
    needed = max(2, min(FEWEST, int(train.sum())))
    if len(rows) < needed:
        raise InputError(
            f"only {len(rows)} of the data to learn from are encoded with this model yet:"
            f" wait until there are {needed} and try again"
        )
    return rows


def label_of(key: str) -> str:
    """The label that a column or a direction belongs to: "colour" for "colour: red"."""
    return key.partition(":")[0]


def others_of(key: str, numbers: dict[str, Float[np.ndarray, " n"]]) -> dict[str, Float[np.ndarray, " n"]]:
    """The columns of all other labels than that of `key`."""
    return {other: values for other, values in numbers.items() if label_of(other) != label_of(key)}


def _check_groups(plus: tuple[Point, ...], minus: tuple[Point, ...]) -> None:
    for sign, group in (("+", plus), ("−", minus)):
        if not group:
            raise InputError(f"group {sign} is empty: choose at least one point for it")
    if set(plus) == set(minus):
        raise InputError("both groups are the same points, so nothing lies between them")


def _from_label(label: str, query: DirectionQuery, table: LatentTable, rows: Rows) -> Direction:
    labels = table.dataset.labels
    if label not in labels:
        raise InputError(f"label: expected one of {', '.join(map(str, labels))}; got {label!r}")
    name, column = label, labels[label].iloc[rows]
    if pd.api.types.is_numeric_dtype(column):
        if query.value is not None:
            raise InputError(f"value: {name} is a number and has no classes, got {query.value!r}")
    else:
        classes = classes_of(column)
        if query.value not in classes:
            raise InputError(f"value: expected one of {', '.join(classes)}; got {query.value!r}")
        name = f"{name}: {query.value}"
    numbers = numeric_labels(table.dataset, rows)
    data = f"label {name} of {len(rows):,} {table.dataset.presentation.singular}s"
    target = Target(name.replace("_", " "), numbers[name], data)
    return find_labelled(query.method, table.latents[rows], target, others_of(label, numbers))


def _from_groups(
    query: DirectionQuery, table: LatentTable, rows: Rows, latents: Float[Tensor, "m *latent"]
) -> Direction:
    plus, minus = query.groups
    data = f"{len(plus)} points against {len(minus)}: {_listed(plus)} against {_listed(minus)}"
    target = Target("+ − −", np.arange(len(latents)) < len(plus), data)
    found = find_labelled(query.method, latents, target, _labels_of([*plus, *minus], table.dataset))
    told = replace(found.provenance, points=(_nameable(plus), _nameable(minus)))
    # σ is that of the whole data, not of the few points.
    return replace(found, std=projected_std(found.vector, table.latents[rows]), provenance=told)


def _labels_of(points: Sequence[Point], dataset: Dataset) -> dict[str, Float[np.ndarray, " n"]]:
    """Labels of chosen points; NaN for those that are not of this data set."""
    known = np.array([point.dataset == dataset.name for point in points])
    rows = np.array([dataset.row(point.key) for point in points if point.dataset == dataset.name], dtype=int)
    labels = {}
    for name, numbers in numeric_labels(dataset, rows).items():
        values = np.full(len(points), np.nan)
        values[known] = numbers
        labels[name] = values
    return labels


def _nameable(points: tuple[Point, ...]) -> tuple[str, ...]:
    """Points for whoever gets the direction: the id of a person's own would show them the picture."""
    return tuple(AN_OWN if point.is_own else str(point) for point in points)


def _listed(points: tuple[Point, ...]) -> str:
    shown = ", ".join(_nameable(points[:8]))
    return f"{shown}, …" if len(points) > 8 else shown

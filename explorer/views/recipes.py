"""What a latent can be made from besides a path: a sum of points, a mix of two; and rows of variations."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Self

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from explorer.data import Point, numeric_labels
from explorer.measures import verdict
from explorer.operations import (
    MAX_WEIGHT,
    STRENGTHS,
    Direction,
    combine,
    mix_frequencies,
    mix_region,
    traverse,
)
from explorer.steering import DirectionId, Morph, dimensions, usable_rows
from explorer.views.keeping import check_distance
from explorer.views.view import View
from models.base import LatentSpace
from models.errors import InputError

MAX_TERMS = 16
NEIGHBOURS = 5  # items of the data beside a sum
MAX_SIDE = 256  # places of a mask
MAX_CELLS = 33  # of one row

Weight = Annotated[float, Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT, allow_inf_nan=False)]
MaskRow = Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_SIDE)]


class Recipe(BaseModel):
    """What a latent of a model is made from; the subclasses say how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str

    async def latent(self, view: View) -> Float[Tensor, "*latent"]:
        """The latent, made in a view of the model. Raises InputError and UnknownPointError."""
        raise NotImplementedError


class Term(BaseModel):
    """A point and how much of it goes into the sum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    point: Point
    weight: Weight


class Sum(Recipe):
    """A weighted sum of points of one model."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1, max_length=MAX_TERMS)]

    async def latent(self, view: View) -> Float[Tensor, "*latent"]:
        """Raises InputError also for a sum that lies FAR out, where no decoder knows anything."""
        latents = torch.stack(await asyncio.gather(*(view.latent(term.point) for term in self.terms)))
        total = combine(latents, [term.weight for term in self.terms])
        await asyncio.to_thread(check_distance, total, view.latents)  # it goes through all the data
        return total


class Mix(Recipe):
    """Coarse of A with fine of B at a cutoff in cycles a picture, or B inside a mask painted on A."""

    a: Point
    b: Point
    cutoff: float | None = None
    mask: Annotated[tuple[MaskRow, ...], Field(min_length=1, max_length=MAX_SIDE)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.cutoff is None) == (self.mask is None):
            raise InputError("expected either a cutoff or a mask")
        if self.mask is not None and len({len(row) for row in self.mask}) > 1:
            raise InputError("mask: expected rows of one length")
        return self

    async def latent(self, view: View) -> Float[Tensor, "*latent"]:
        """Raises InputError also for a model whose latents have no places."""
        if not view.model.space.is_spatial:
            raise InputError(
                f"{self.model}: its latent has no places, so nothing in it is coarse or fine:"
                " choose a model with a spatial latent"
            )
        a, b = await asyncio.gather(view.latent(self.a), view.latent(self.b))
        if self.cutoff is not None:
            return mix_frequencies(a, b, self.cutoff)
        return mix_region(a, b, torch.tensor(self.mask))


class Row(BaseModel):
    """A row of variations: where it starts, what varies, and how far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    morph: Morph
    direction: DirectionId
    strengths: Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_CELLS)] = STRENGTHS

    async def latents(self, view: View) -> Float[Tensor, "t *latent"]:
        """Those of its morph with one more slider; what is held there is held here.

        Raises InputError where holding leaves nothing of the direction.
        """
        direction = await view.direction(self.morph, self.direction)
        return traverse(await view.point(self.morph), direction, self.strengths)


@dataclass(frozen=True)
class Neighbour:
    """An item of the data near a latent, and how far it is."""

    point: Point
    distance: float
    is_term: bool


@dataclass(frozen=True)
class Judgement:
    """What the data say of a sum."""

    neighbours: tuple[Neighbour, ...]
    near: str
    typical: bool
    typicality: str
    sum: str


def judge(view: View, sum_: Sum, latent: Float[Tensor, "*latent"]) -> Judgement:
    """The nearest items with their distances, and whether the data have latents like this one."""
    data, one = view.latents.encoded, view.dataset.presentation.singular
    typical, typicality = verdict(latent, data)
    if len(data) < 2:
        return Judgement((), "", typical, typicality, "")
    rows, distances = view.latents.nearest(latent[None], min(NEIGHBOURS, len(data)))
    apart = float((2 * data.flatten(1).var(dim=0).sum()).sqrt())  # root mean square over all pairs
    terms = {term.point for term in sum_.terms}
    points = [Point(dataset=view.dataset.name, key=str(row)) for row in rows[0]]
    return Judgement(
        tuple(Neighbour(p, float(d), p in terms) for p, d in zip(points, distances[0], strict=True)),
        f"Two {one}s taken at random lie {apart:.1f} apart.",
        typical,
        typicality,
        _explain(sum(term.weight for term in sum_.terms), view.model.space),
    )


def dimensions_of(view: View) -> dict[int, Direction]:
    """The model's dimensions or channels by index, named by the data's labels. Raises as `usable_rows`."""
    rows = usable_rows(view.latents)
    labels = numeric_labels(view.dataset, rows)
    return dimensions(view.model.space, view.latents.latents[rows], labels)


def add_dimension(view: View, index: int) -> tuple[str, Direction]:
    """Keep a dimension as a direction, under its own id. Raises InputError for one that never varies."""
    found = dimensions_of(view)
    if index not in found:
        listed = ", ".join(map(str, sorted(found))) or "none"
        raise InputError(f"expected one of the dimensions that vary ({listed}), got {index}")
    return view.steering.name(found[index], view.named(f"dimension:{index}")), found[index]


def _explain(total: float, space: LatentSpace) -> str:
    """What it means that the weights add up to this."""
    if abs(total - 1) < 1e-6:
        return "The weights add up to 1, as in a mean."
    scaled = f"The weights add up to {total:.2g}, not to 1"
    if space.prior is not None:
        return f"{scaled}. That is allowed, but moves the result in or out from 0, the centre of the prior."
    return f"{scaled}: this model has no prior, so nothing says what the result's new length means to it."

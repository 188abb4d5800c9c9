"""The named endpoints for operations on latents: traversal and arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from gradio.data_classes import FileData
from pydantic import Field

from explorer.data import Point
from explorer.operations import STRENGTHS
from explorer.routes.answers import read
from explorer.routes.api_frames import named, save, view_for
from explorer.routes.asking import dear, owner
from explorer.routes.recipes import describe_judgement
from explorer.steering import Morph, Strength
from explorer.views import MAX_TERMS, Row, Sum, View, Weight, add_dimension, keep
from explorer.workspace import Workspace
from models.errors import InputError

Points = Annotated[list[Point], Field(min_length=1, max_length=MAX_TERMS)]
Weights = Annotated[list[Weight], Field(min_length=1, max_length=MAX_TERMS)]


async def _along(view: View, coordinate: int) -> str:
    try:
        return (await dear(add_dimension, view, coordinate))[0]
    except InputError as error:
        raise InputError(f"coordinate: {error}") from error


def endpoints(workspace: Workspace) -> list[Callable[..., Any]]:
    """The endpoints traverse and arithmetic."""
    return [_traversing(workspace), _adding(workspace)]


def _traversing(workspace: Workspace) -> Callable[..., Any]:
    async def traverse(
        point: str | int,
        direction: str | None = None,
        coordinate: int | None = None,
        strengths: list[float] | None = None,
        model: str | None = None,
    ) -> FileData:
        """Pictures side by side of a point moved along a direction, or along one dimension (`coordinate`).

        Of a spatial latent a coordinate is a channel. Strengths are in σ, -10 to 10; without any, -3 to 3.
        """
        if (direction is None) == (coordinate is None):
            raise InputError("traverse: expected either a direction or a coordinate")
        at, name = read("point", Point, point), named(workspace, model)
        index = read("coordinate", int | None, coordinate)
        far = STRENGTHS if strengths is None else read("strengths", list[Strength], strengths)
        view = await view_for(workspace, name, at)
        if index is not None:
            direction = await _along(view, index)
        morph = Morph(model=name, a=at, b=at, method="lerp", alpha=0.0)
        row = Row.model_validate({"morph": morph, "direction": direction, "strengths": far})
        return await save(view.model.media, await view.decoded(await row.latents(view)))

    return traverse


def _adding(workspace: Workspace) -> Callable[..., Any]:
    async def arithmetic(
        points: list[str | int], weights: list[float], model: str | None = None
    ) -> dict[str, Any]:
        """The weighted sum of points: a latent id that other endpoints take, and the points near it."""
        terms, factors = read("points", Points, points), read("weights", Weights, weights)
        if len(terms) != len(factors):
            raise InputError(f"weights: expected one a point, got {len(factors)} for {len(terms)}")
        name = named(workspace, model)
        pairs = zip(terms, factors, strict=True)
        recipe = Sum.model_validate(
            {"model": name, "terms": [{"point": point, "weight": weight} for point, weight in pairs]}
        )
        view = await view_for(workspace, name, *terms)
        latent = await recipe.latent(view)
        told = await dear(describe_judgement, view, recipe, latent)
        return {"point": str(await dear(keep, view, latent, owner())), **told}

    return arithmetic

"""The routes of what latents are made from: sums, mixes and rows of variations, and keeping what comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from torch import Tensor

from explorer.data import Point
from explorer.routes.answers import place_of, posting, taking, view_of
from explorer.routes.asking import dear, owner
from explorer.routes.directions import describe
from explorer.steering import Morph
from explorer.views import Mix, Recipe, Row, Sum, View, add_dimension, dimensions_of, judge, keep
from explorer.workspace import Workspace
from models.pictures import data_url

R = TypeVar("R", bound=Recipe)


class DimensionQuery(BaseModel):
    """A single dimension or channel, to be had as a direction."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    index: int


def traversal_routes(workspace: Workspace) -> list[BaseRoute]:
    """The dimensions, one of them as a direction, a row of pictures, and a picture kept as a point."""

    async def listed(request: Request, _: bytes) -> Response:
        found = await dear(dimensions_of, view_of(workspace, request))
        told = [{"index": index, "title": one.name, "std": one.std} for index, one in found.items()]
        return JSONResponse({"dimensions": told})

    async def dimension(query: DimensionQuery, dataset: str | None) -> dict[str, Any]:
        return describe(*await dear(add_dimension, workspace.open(query.model, dataset), query.index))

    async def row(wish: Row, dataset: str | None) -> dict[str, Any]:
        view = workspace.open(wish.morph.model, dataset)
        values = await view.decoded(await wish.latents(view))
        return {"cells": await dear(_pictures, view, values)}

    async def kept(morph: Morph, dataset: str | None) -> dict[str, Any]:
        view = workspace.open(morph.model, dataset)
        return await _keep(view, await view.point(morph))

    return [
        Route("/explorer/dimensions", taking(0, listed)),
        Route("/explorer/dimension", posting(DimensionQuery, dimension), methods=["POST"]),
        Route("/explorer/traverse", posting(Row, row), methods=["POST"]),
        Route("/explorer/keep", posting(Morph, kept), methods=["POST"]),
    ]


def arithmetic_routes(workspace: Workspace) -> list[BaseRoute]:
    """The result of a sum with its neighbours, and the same kept as a point."""
    return _recipe_routes(workspace, "arithmetic", Sum, describe_judgement)


def style_mix_routes(workspace: Workspace) -> list[BaseRoute]:
    """The result of a mix, and the same kept as a point."""
    return _recipe_routes(workspace, "style-mix", Mix, lambda view, recipe, latent: {})


def describe_judgement(view: View, recipe: Sum, latent: Float[Tensor, "*latent"]) -> dict[str, Any]:
    """What the data say of a sum, for the page and for programs."""
    judgement = judge(view, recipe, latent)
    neighbours = [asdict(near) | {"point": str(near.point)} for near in judgement.neighbours]
    return asdict(judgement) | {"neighbours": neighbours}


async def _keep(view: View, latent: Float[Tensor, "*latent"]) -> dict[str, Any]:
    """Keep a latent as a point: its id, its picture, and its place on the map."""
    picture = (await dear(_pictures, view, await view.decoded(latent[None])))[0]
    point = await dear(keep, view, latent, owner(), {"original": picture})
    return describe_own(view, point)  # it has its place on this map already


def _pictures(view: View, values: np.ndarray) -> list[str]:
    """What was decoded, as addresses that hold the picture."""
    return [data_url(view.model.media.picture(value)) for value in values]


def describe_own(view: View, point: Point) -> dict[str, Any]:
    """A person's point for the page, with its place on the map of a view's data set."""
    place = place_of(view.position(point))
    return {"id": str(point), "dataset": view.dataset.name, "coordinates": place, **view.own(point).card}


def _recipe_routes(
    workspace: Workspace,
    name: str,
    kind: type[R],
    tell: Callable[[View, R, Tensor], dict[str, Any]],
) -> list[BaseRoute]:
    """POST `name`: the picture of a recipe and what `tell` says; POST keep-`name`: the same as a point."""

    async def result(recipe: R, dataset: str | None) -> dict[str, Any]:
        view = workspace.open(recipe.model, dataset)
        latent = await recipe.latent(view)
        pictures = await dear(_pictures, view, await view.decoded(latent[None]))
        return {"picture": pictures[0], **await dear(tell, view, recipe, latent)}

    async def kept(recipe: R, dataset: str | None) -> dict[str, Any]:
        view = workspace.open(recipe.model, dataset)
        return await _keep(view, await recipe.latent(view))

    return [
        Route(f"/explorer/{name}", posting(kind, result), methods=["POST"]),
        Route(f"/explorer/keep-{name}", posting(kind, kept), methods=["POST"]),
    ]

"""The drawer “Traversal”: one thing varied on several faces, a row of pictures each."""

from __future__ import annotations

from typing import Annotated, Any

from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from torch import Tensor

from explorer.operations.directions import Direction
from explorer.operations.traversal import VALUES, coordinates, traverse
from explorer.routes.answers import data_url, parameter, posting, working
from explorer.routes.directions import describe
from explorer.routes.made import keep
from explorer.steering.direction_query import numeric_labels, usable_rows
from explorer.steering.morph import Morph
from explorer.steering.rack import DirectionId
from explorer.workspace import Workspace

MAX_CELLS = 33  # of one row


class Row(BaseModel):
    """A row of the grid: where it starts, what varies, and how far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    morph: Morph
    direction: DirectionId
    strengths: Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_CELLS)] = VALUES


class CoordinateWish(BaseModel):
    """A single dimension or channel, to be had as a direction."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    index: int


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The coordinates, one of them as a direction, a row of pictures, and a picture kept as a point."""

    def listed(request: Request) -> Response:
        found = coordinates_of(workspace, parameter(request, "model"))
        told = [{"index": index, "title": one.name, "std": one.std} for index, one in found.items()]
        return JSONResponse({"coordinates": told})

    def coordinate(wish: CoordinateWish) -> dict[str, Any]:
        return describe(*add_coordinate(workspace, wish.model, wish.index))

    def row(wish: Row) -> dict[str, Any]:
        pictures = workspace.decode(wish.morph.model, row_latents(workspace, wish)).result()
        return {"cells": [data_url(picture) for picture in pictures]}

    def kept(morph: Morph) -> dict[str, Any]:
        return keep(workspace, morph.model, workspace.point(morph).result())

    return [
        Route("/explorer/coordinates", working(listed)),
        Route("/explorer/coordinate", posting(CoordinateWish, coordinate), methods=["POST"]),
        Route("/explorer/traverse", posting(Row, row), methods=["POST"]),
        Route("/explorer/keep", posting(Morph, kept), methods=["POST"]),
    ]


def coordinates_of(workspace: Workspace, model: str) -> dict[int, Direction]:
    """A model's coordinates by their index, named by the portraits' labels. Raises as `usable_rows`."""
    store = workspace.store(model)
    rows = usable_rows(store)
    return coordinates(store.latents[rows], numeric_labels(store.dataset, rows))


def add_coordinate(workspace: Workspace, model: str, index: int) -> tuple[str, Direction]:
    """Keep a coordinate as a direction, under its own id. Raises ValueError for one that never varies."""
    found = coordinates_of(workspace, model)
    if index not in found:
        raise ValueError(f"coordinate: expected one that varies, of 0 to {max(found)}; got {index}")
    return workspace.steering(model).add(found[index], f"coordinate:{index}"), found[index]


def row_latents(workspace: Workspace, row: Row) -> Float[Tensor, "t *latent"]:
    """The latents of a row: those of its morph with one more slider; what is held there is held here.

    Blocks. Raises as `Workspace.point`, and ValueError where holding leaves nothing of the direction.
    """
    direction = workspace.direction(row.morph, row.direction).result()
    return traverse(workspace.point(row.morph).result(), direction, row.strengths)

"""The map's routes: positions and labels as binary columns, thumbnails, and where a path lies."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.data.portraits import labels_of, telling
from explorer.routes.answers import answering, parameter, posting, values_response
from explorer.steering.morph import Morph
from explorer.workspace import NotReadyError, Workspace

KEEP = {"Cache-Control": "public, max-age=86400"}  # pictures of the bundled portraits
PATH_POINTS = 33

PLACING = (
    "The path runs through A and B; between them each point lies at the mean of its nearest portraits' "
    "places, weighted by distance."
)
STEERED = (
    "The path is steered, so it leaves A and B aside; each point lies at the mean of its nearest portraits' "
    "places, weighted by distance."
)
NO_PATH = "A cross-fade mixes pixels, so it has no path through the latent space, and none is drawn."
NO_MAP = "The path is drawn as soon as this model's map is made."


def routes(workspace: Workspace) -> list[BaseRoute]:
    """Positions, labels, single points, thumbnails and paths."""
    return [
        *_columns(workspace),
        *_points(workspace),
        Route("/explorer/path", posting(Morph, lambda morph: _path(workspace, morph)), methods=["POST"]),
    ]


def _columns(workspace: Workspace) -> list[BaseRoute]:
    labels = cache(lambda: labels_of(workspace.dataset))

    def positions(request: Request) -> Response:
        coordinates = workspace.store(parameter(request, "model")).coordinates
        if coordinates is None:
            raise NotReadyError(NO_MAP)
        return values_response({}, coordinates.T.astype(np.float32))

    def label(request: Request) -> Response:
        name = request.query_params.get("name", "")
        if name not in labels():
            raise ValueError(f"label: expected one of {', '.join(labels())}; got {name!r}")
        return values_response(labels()[name].header(), labels()[name].values)

    return [Route("/explorer/map", answering(positions)), Route("/explorer/label", answering(label))]


def _points(workspace: Workspace) -> list[BaseRoute]:
    dataset = workspace.dataset

    def row(request: Request) -> int:
        return workspace.row(request.path_params["point"])

    def thumbnail(request: Request) -> Response:
        return Response(dataset.thumbnails[row(request)], media_type="image/webp", headers=KEEP)

    def portrait(request: Request) -> Response:
        picture = dataset.portraits[row(request)] or dataset.thumbnails[row(request)]
        return Response(picture, media_type="image/webp", headers=KEEP)

    def point(request: Request) -> Response:
        store, name = workspace.store(parameter(request, "model")), parameter(request, "point")
        store.position(name)  # raises for a point that this model does not have
        if not name.isdecimal():
            return JSONResponse({"point": name, "telling": [], "split": None})
        told = telling(dataset.labels.iloc[int(name)])
        return JSONResponse({"point": name, "telling": told, "split": str(dataset.splits[int(name)])})

    return [
        Route("/explorer/thumbnail/{point}.webp", answering(thumbnail)),
        Route("/explorer/portrait/{point}.webp", answering(portrait)),
        Route("/explorer/point", answering(point)),
    ]


def _path(workspace: Workspace, morph: Morph) -> dict[str, Any]:
    """The path on the map: points evenly spaced in alpha, the two ends, and how they were placed."""
    store = workspace.store(morph.model)
    ends = {"a": _position(store.position(morph.a)), "b": _position(store.position(morph.b))}
    if not morph.has_latents:
        return {"points": [], "placing": NO_PATH, **ends}
    if store.coordinates is None:  # the path would have to wait for A and B to be encoded
        return {"points": [], "placing": NO_MAP, **ends}
    places = store.place(workspace.path(morph, PATH_POINTS).result(), anchors=(morph.a, morph.b))
    placing = STEERED if any(entry.strength for entry in morph.steer) else PLACING
    return {"points": [] if places is None else places.tolist(), "placing": placing, **ends}


def _position(position: np.ndarray | None) -> list[float] | None:
    return None if position is None else [float(value) for value in position]

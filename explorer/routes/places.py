"""The map's routes: positions and labels as binary columns, thumbnails, and where a path lies."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.data import Dataset, Label, Point, labels_of
from explorer.routes.answers import (
    answering,
    parameter,
    place_of,
    posting,
    read,
    values_response,
    view_of,
)
from explorer.routes.asking import asked_by, dear
from explorer.steering import Morph
from explorer.views import NotReadyError, View
from explorer.workspace import Workspace
from models.errors import InputError
from models.pictures import encode_webp, open_picture

DAY = "max-age=86400"  # items of data sets never change while the app runs
PATH_POINTS = 33
ITEM = 512  # pixels of a picture of a person's own files

PLACING = (
    "The path runs through A and B; between them each point lies at the mean of its nearest neighbours' "
    "places, weighted by distance."
)
STEERED = (
    "The path is steered, so it leaves A and B aside; each point lies at the mean of its nearest "
    "neighbours' places, weighted by distance."
)
NO_PATH = "A cross-fade mixes decodes, so it has no path through the latent space, and none is drawn."
NO_MAP = "The path is drawn as soon as this model's map is made."


def routes(workspace: Workspace) -> list[BaseRoute]:
    """Positions, labels, single points, thumbnails and paths."""
    labels = lru_cache(labels_of)

    async def positions(request: Request) -> Response:
        coordinates = view_of(workspace, request).latents.coordinates
        if coordinates is None:
            raise NotReadyError(NO_MAP)
        return values_response({}, coordinates.T.astype(np.float32))

    async def label(request: Request) -> Response:
        found = labels(view_of(workspace, request).dataset)
        column = _named(found, parameter(request, "name"))
        return values_response(column.header(), column.values)

    async def point(request: Request) -> Response:
        return JSONResponse(_describe(view_of(workspace, request), parameter(request, "point")))

    async def path(morph: Morph, dataset: str | None) -> dict[str, Any]:
        return await _path(workspace.open(morph.model, dataset), morph)

    return [
        Route("/explorer/map", answering(positions)),
        Route("/explorer/label", answering(label)),
        Route("/explorer/point", answering(point)),
        Route("/explorer/path", posting(Morph, path), methods=["POST"]),
        *_pictures(workspace),
    ]


def _pictures(workspace: Workspace) -> list[BaseRoute]:
    def dataset_of(request: Request) -> Dataset:
        name = request.path_params["dataset"]
        if name in workspace.datasets:
            return workspace.datasets[name]
        workspace.datasets.check(name)
        return workspace.open(parameter(request, "model"), name).dataset  # drawn from that model's prior

    async def thumbnail(request: Request) -> Response:
        dataset = dataset_of(request)
        file = await _thumbnail(dataset, dataset.row(request.path_params["key"]))
        return Response(file, media_type="image/webp", headers=_kept(dataset))

    async def item(request: Request) -> Response:
        """The picture of an item: of its file where that is one, and there is one."""
        dataset = dataset_of(request)
        row = dataset.row(request.path_params["key"])
        if dataset.media.name != "picture":
            shown = await _thumbnail(dataset, row)
        elif dataset.shipped:
            shown = dataset.files[row] or dataset.thumbnails[row]
        else:
            async with asked_by(request):  # of all items these alone cost something
                shown = await dear(_viewable, dataset, row)
        kind = Image.open(BytesIO(shown)).get_format_mimetype()
        return Response(shown, media_type=kind, headers=_kept(dataset))

    return [
        Route("/explorer/thumbnail/{dataset}/{key}.webp", answering(thumbnail)),
        Route("/explorer/item/{dataset}/{key}.webp", answering(item)),
    ]


async def _thumbnail(dataset: Dataset, row: int) -> bytes:
    """On a thread where it is on disk."""
    return await dear(dataset.thumbnails.__getitem__, row) if dataset.home else dataset.thumbnails[row]


def _kept(dataset: Dataset) -> dict[str, str]:
    """By the person's own browser, and by what lies between only where it is all people's."""
    return {"Cache-Control": f"{'private' if dataset.owner else 'public'}, {DAY}"}


def _viewable(dataset: Dataset, row: int) -> bytes:
    """A person's file as any browser shows it, without what else a camera has written into it."""
    file = dataset.files[row]
    return encode_webp(open_picture(file, ITEM).pixels) if file else dataset.thumbnails[row]


def _named(labels: dict[str, Label], name: str) -> Label:
    if name not in labels:
        raise InputError(f"label: expected one of {', '.join(labels)}; got {name!r}")
    return labels[name]


def _describe(view: View, name: str) -> dict[str, Any]:
    """What a page says of a point beside its picture."""
    point = read("point", Point, name)
    if point.is_own:
        view.own(point)  # raises for a point that this model does not have
        return {"point": str(point), "name": "", "labels": [], "split": None}
    table, row = view.row(point)
    dataset = table.dataset
    return {
        "point": str(point),
        "name": f"{dataset.presentation.singular} {point.key}",
        "labels": dataset.presentation.describe(dataset.labels.iloc[row]),
        "split": str(dataset.splits[row]),
    }


async def _path(view: View, morph: Morph) -> dict[str, Any]:
    """The path on the map: points evenly spaced in alpha, the two ends, and how they were placed."""
    a, b = await dear(lambda: [view.position(point) for point in (morph.a, morph.b)])
    ends = {"a": place_of(a), "b": place_of(b)}
    if not morph.has_latents:
        return {"points": [], "placing": NO_PATH, **ends}
    if view.latents.coordinates is None:  # the path would have to wait for A and B to be encoded
        return {"points": [], "placing": NO_MAP, **ends}
    latents = (await view.path(morph)).latents(torch.linspace(0, 1, PATH_POINTS))
    own = [
        (await view.latent(p), at) for p, at in ((morph.a, a), (morph.b, b)) if p.is_own and at is not None
    ]
    places = await dear(view.latents.place, latents, anchors=own)
    placing = STEERED if any(entry.strength for entry in morph.steer) else PLACING
    return {"points": [] if places is None else places.tolist(), "placing": placing, **ends}

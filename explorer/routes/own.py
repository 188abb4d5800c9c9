"""The person's own pictures: a route takes the file as it is, so that a bad one gets our own sentence."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.routes.answers import answering, taking, view_of
from explorer.routes.asking import dear, owner
from explorer.routes.recipes import describe_own
from explorer.views import bring
from explorer.workspace import Workspace

MAX_UPLOAD = 40 * 2**20  # bytes


def routes(workspace: Workspace) -> list[BaseRoute]:
    """POST /explorer/upload?model=…, the body being the file; GET /explorer/own?model=…, all that is kept."""

    async def upload(request: Request, file: bytes) -> Response:
        view = view_of(workspace, request)
        point = await dear(bring, view, file, owner())
        return JSONResponse(describe_own(view, point))  # it has its place on this map already

    async def own(request: Request) -> Response:
        view = view_of(workspace, request)
        points = view.shared.own_points.of(owner(), view.model.space.name)

        def tell() -> list[dict[str, Any]]:
            return [describe_own(view, point) for point in points]

        is_placed = all(view.own(point).dataset == view.dataset.name for point in points)
        return JSONResponse({"own": tell() if is_placed else await dear(tell)})

    return [
        Route("/explorer/upload", taking(MAX_UPLOAD, upload), methods=["POST"]),
        Route("/explorer/own", answering(own)),
    ]

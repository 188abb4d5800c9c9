"""The person's own pictures: a route takes the file as it is, so that a bad one gets our own sentence."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.routes.answers import body, data_url, speaking
from explorer.routes.asking import run_dear
from explorer.workspace import Workspace

MAX_BYTES = 40 * 2**20
EXACT_DB = 99.0  # shown for a picture that comes back without any difference


def routes(workspace: Workspace) -> list[BaseRoute]:
    """POST /explorer/upload?model=…, the body being the file."""

    async def upload(request: Request) -> Response:
        picture = await body(request, MAX_BYTES)
        model = request.query_params.get("model", "")
        return JSONResponse(await run_dear(request, partial(_upload, workspace, model), picture))

    return [Route("/explorer/upload", speaking(upload), methods=["POST"])]


def _upload(workspace: Workspace, model: str, picture: bytes) -> dict[str, Any]:
    upload = workspace.upload(model, picture)
    return {
        "id": upload.id,
        "original": data_url(upload.original),
        "reconstruction": data_url(upload.reconstruction),
        "psnr": min(upload.psnr, EXACT_DB),
        "known": upload.known,
        "verdict": upload.verdict,
        "coordinates": None if upload.coordinates is None else [float(value) for value in upload.coordinates],
    }

"""The person's own pictures: a route takes the file as it is, so that a bad one gets our own sentence."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.panels.answers import body, data_url, error_response
from explorer.panels.asking import asked_by
from explorer.workspace import Upload, Workspace

MAX_BYTES = 40 * 2**20
EXACT_DB = 99.0  # shown for a picture that comes back without any difference


def routes(workspace: Workspace) -> list[BaseRoute]:
    """POST /explorer/upload?model=…, the body being the file."""

    async def upload(request: Request) -> Response:
        try:
            picture = await body(request, MAX_BYTES)
            model = request.query_params.get("model", "")
            async with asked_by(request):
                return JSONResponse(_describe(await run_in_threadpool(workspace.upload, model, picture)))
        except Exception as error:
            return error_response(error)

    return [Route("/explorer/upload", upload, methods=["POST"])]


def _describe(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "original": data_url(upload.original),
        "reconstruction": data_url(upload.reconstruction),
        "psnr": min(upload.psnr, EXACT_DB),
        "known": upload.known,
        "verdict": upload.verdict,
        "coordinates": None if upload.coordinates is None else [float(value) for value in upload.coordinates],
    }

"""The person's own pictures: a route takes the file as it is, so that a bad one gets our own sentence."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from jaxtyping import UInt8
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.images import encode_jpeg
from explorer.panels.answers import error_response
from explorer.workspace import Upload, Workspace

MAX_BYTES = 40 * 2**20
EXACT_DB = 99.0  # shown for a picture that comes back without any difference


def routes(workspace: Workspace) -> list[BaseRoute]:
    """POST /explorer/upload?model=…, the body being the file."""

    async def upload(request: Request) -> Response:
        try:
            picture = await _body(request)
            model = request.query_params.get("model", "")
            return JSONResponse(_describe(await run_in_threadpool(workspace.upload, model, picture)))
        except Exception as error:
            return error_response(error)

    return [Route("/explorer/upload", upload, methods=["POST"])]


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BYTES:
            raise ValueError(
                f"This file is too large: expected a picture of at most {MAX_BYTES // 2**20} MB."
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _describe(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "original": _data_url(upload.original),
        "reconstruction": _data_url(upload.reconstruction),
        "psnr": min(upload.psnr, EXACT_DB),
        "known": upload.known,
        "verdict": upload.verdict,
        "coordinates": None if upload.coordinates is None else [float(value) for value in upload.coordinates],
    }


def _data_url(picture: UInt8[np.ndarray, "h w 3"]) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture)).decode()

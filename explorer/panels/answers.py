"""How the page's own routes answer: binary columns, and every error as one sentence in JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from explorer.store import UnknownPointError
from explorer.workspace import NotReadyError
from models.base import ModelUnavailableError

log = logging.getLogger(__name__)

_STATUS: dict[type[Exception], int] = {
    NotReadyError: 409,
    ModelUnavailableError: 503,
    UnknownPointError: 404,
    ValueError: 400,
}

EXPECTED_ERRORS = tuple(_STATUS)
"""What a request can raise without anything being broken; their text is for the person."""


def sentence(error: BaseException) -> str:
    """The text of an error for the person who caused it, without a trace of the program's insides."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{_field(e)}: {e['msg']}, got {e['input']!r}" for e in error.errors())
    if isinstance(error, EXPECTED_ERRORS):
        return str(error)
    return "Something went wrong on the server; its log says more."


def _field(detail: Any) -> str:
    return ".".join(map(str, detail["loc"])) or "request"


def answering(handler: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Run a blocking handler off the event loop; what it raises becomes {"error": sentence}."""

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(handler, request)
        except Exception as error:
            return error_response(error)

    return answer


def error_response(error: Exception) -> JSONResponse:
    """{"error": sentence} with the status that fits; unexpected errors are logged."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    if status == 500:
        log.error("a request failed", exc_info=error)
    return JSONResponse({"error": sentence(error)}, status)


def values_response(header: dict[str, Any], values: np.ndarray) -> Response:
    """uint32 header length, JSON header, zeros up to a multiple of 4 bytes, the raw values; little endian."""
    text = json.dumps({**header, "dtype": values.dtype.name}).encode()
    start = len(text).to_bytes(4, "little") + text
    start += bytes(-len(start) % 4)
    body = start + values.astype(values.dtype.newbyteorder("<")).tobytes()
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})

"""How the page's own routes answer: binary columns, and every error as one sentence in JSON."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import numpy as np
from jaxtyping import UInt8
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from explorer.data.latent_table import UnknownPointError
from explorer.device.jobs import BusyError, DeviceError
from explorer.routes.asking import run_dear
from explorer.steering.rack import UnknownDirectionError
from explorer.workspace import NotReadyError
from models.base import ModelUnavailableError
from models.pictures import encode_jpeg

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Response]]

MOST_COMPLAINTS = 3  # about one request
MOST_SHOWN = 80  # characters of what was wrong with it: it may be a whole lasso
MAX_JSON = 2**20  # bytes of a wish in words; a lasso of all portraits has some 30 KB

_STATUS: dict[type[Exception], int] = {
    NotReadyError: 409,
    ModelUnavailableError: 503,
    BusyError: 503,
    DeviceError: 503,
    UnknownPointError: 404,
    UnknownDirectionError: 404,
    ValueError: 400,
    ClientDisconnect: 499,  # as nginx logs it; nobody reads the answer
}

EXPECTED_ERRORS = tuple(_STATUS)
"""What a request can raise without anything being broken; their text is for the person."""


def sentence(error: BaseException) -> str:
    """The text of an error for the person who caused it, without a trace of the program's insides."""
    if isinstance(error, ValidationError):
        return "; ".join(_complaint(detail) for detail in error.errors()[:MOST_COMPLAINTS])
    if isinstance(error, EXPECTED_ERRORS):
        return str(error)
    return "Something went wrong on the server; its log says more."


def _complaint(detail: Any) -> str:
    field = ".".join(map(str, detail["loc"])) or "request"
    got = repr(detail["input"])
    shown = got if len(got) <= MOST_SHOWN else f"{got[:MOST_SHOWN]}…"
    return f"{field}: {detail['msg'].removeprefix('Value error, ')}, got {shown}"


def parameter(request: Request, name: str) -> str:
    """What the request's address says of `name`. Raises ValueError where it says nothing."""
    value = request.query_params.get(name)
    if value is None:
        raise ValueError(f"{name}: expected in the address, but it is not there")
    return value


def speaking(handler: Handler) -> Handler:
    """The handler of a route; what it raises becomes {"error": sentence}."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:
            return error_response(error)

    return answer


def answering(handler: Callable[[Request], Response]) -> Handler:
    """Run a cheap handler, one of milliseconds, off the event loop; errors as `speaking` says them."""
    return speaking(lambda request: run_in_threadpool(handler, request))


def working(handler: Callable[[Request], Response]) -> Handler:
    """Run a dear handler, which cheap ones never wait for; errors as `speaking` says them."""
    return speaking(lambda request: run_dear(request, handler, request))


def posting(kind: type[M], handler: Callable[[M], dict[str, Any]]) -> Handler:
    """Run a dear handler on the JSON body of a POST, read as `kind`; errors as `speaking` says them."""

    async def answer(request: Request) -> Response:
        wish = kind.model_validate_json(await body(request, MAX_JSON))
        return JSONResponse(await run_dear(request, handler, wish))

    return speaking(answer)


async def body(request: Request, limit: int) -> bytes:
    """The body of a request. Raises ValueError as soon as more than `limit` bytes have come."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise ValueError(f"This is too large: expected at most {limit / 2**20:g} MB.")
        chunks.append(chunk)
    return b"".join(chunks)


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


def data_url(picture: UInt8[np.ndarray, "h w 3"]) -> str:
    """The picture as a JPEG inside of a JSON answer."""
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture)).decode()

"""How the page's own routes answer: binary columns, and every error as one sentence in JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from explorer.data import UnknownPointError
from explorer.device import ASKING, BusyError, DeviceError, User
from explorer.routes.asking import asked_by
from explorer.routes.person import person
from explorer.steering import UnknownDirectionError
from explorer.views import NotReadyError, View
from explorer.workspace import Workspace
from models.errors import InputError, ModelUnavailableError

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]

MOST_COMPLAINTS = 3  # about one request
MOST_SHOWN = 80  # characters of what was wrong with it: it may be a whole lasso
MAX_JSON = 2**20  # bytes of a wish in words; a lasso of a whole map has some 30 KB

_STATUS: dict[type[Exception], int] = {
    NotReadyError: 409,
    ModelUnavailableError: 503,
    BusyError: 503,
    DeviceError: 503,
    UnknownPointError: 404,
    UnknownDirectionError: 404,
    InputError: 400,
    ValidationError: 400,
    ClientDisconnect: 499,  # as nginx logs it; nobody reads the answer
}
"""What a request can raise without anything being broken; their text is for the person."""


def explain(error: Exception) -> str:
    """The text of an error for the person who caused it; a fault of ours is told to the log instead."""
    if isinstance(error, ValidationError):
        return "; ".join(_complaint(detail) for detail in error.errors()[:MOST_COMPLAINTS])
    if isinstance(error, tuple(_STATUS)):
        return str(error)
    log.error("a request failed", exc_info=error)
    return "Something went wrong on the server; its log says more."


def read(name: str, kind: Any, given: object) -> Any:
    """A parameter as what it should be. Raises InputError that says its name, what is expected, what came."""
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        raise InputError(_complaint(error.errors()[0], name)) from error


def _complaint(detail: Any, *place: str) -> str:
    """What is wrong with one field: its name, within `place`, what is expected, and what came."""
    problem: str = detail["msg"].removeprefix("Value error, ")
    field = ".".join([*place, *map(str, detail["loc"])])
    if not field and detail["type"] == "value_error":
        return problem  # of our own, on how the fields go together: it says all
    got = repr(detail["input"])
    shown = got if len(got) <= MOST_SHOWN else f"{got[:MOST_SHOWN]}…"
    return f"{field or 'request'}: {problem}, got {shown}"


def parameter(request: Request, name: str) -> str:
    """What the request's address says of `name`. Raises InputError where it says nothing."""
    value = request.query_params.get(name)
    if value is None:
        raise InputError(f"{name}: expected in the address, but it is not there")
    return value


def view_of(workspace: Workspace, request: Request) -> View:
    """The model and the data set that a request's address names. Raises InputError and NotReadyError."""
    return workspace.open(parameter(request, "model"), request.query_params.get("dataset"))


def answering(handler: Callable[[Request], Awaitable[Response]]) -> Endpoint:
    """Answer by a cheap handler; what it raises becomes {"error": sentence}."""

    async def answer(request: Request) -> Response:
        try:
            ASKING.set(User(person(request)))  # each request has a context of its own
            return await handler(request)
        except Exception as error:
            return error_response(error)

    return answer


def posting(kind: type[M], handler: Callable[[M, str | None], Awaitable[dict[str, Any]]]) -> Endpoint:
    """Answer by a handler of the JSON body of a POST, read as `kind`, and the data set that is looked at."""

    async def answer(request: Request, content: bytes) -> Response:
        wish = kind.model_validate_json(content)
        return JSONResponse(await handler(wish, request.query_params.get("dataset")))

    return taking(MAX_JSON, answer)


def taking(limit: int, handler: Callable[[Request, bytes], Awaitable[Response]]) -> Endpoint:
    """Answer by a handler of the request and its body of at most `limit` bytes; errors as `answering`.

    It is asked in the name of whoever sent it, and only as long as they wait.
    """

    async def answer(request: Request) -> Response:
        try:
            async with asked_by(request, limit) as content:
                return await handler(request, content)
        except Exception as error:
            return error_response(error)

    return answer


def error_response(error: Exception) -> JSONResponse:
    """{"error": sentence} with the status that fits: 500 for what nobody asked for."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    return JSONResponse({"error": explain(error)}, status)


def place_of(position: Float[np.ndarray, "2"] | None) -> list[float] | None:
    """A place on the map as JSON tells it; null where there is none."""
    return None if position is None else [float(value) for value in position]


def values_response(header: dict[str, Any], values: np.ndarray) -> Response:
    """uint32 header length, JSON header, zeros up to a multiple of 4 bytes, the raw values; little endian."""
    text = json.dumps({**header, "dtype": values.dtype.name}).encode()
    start = len(text).to_bytes(4, "little") + text
    start += bytes(-len(start) % 4)
    body = start + values.astype(values.dtype.newbyteorder("<")).tobytes()
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})

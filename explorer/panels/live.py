"""The live channel: one WebSocket a page; a request is a whole Morph, an answer is a frame or a sentence."""

from __future__ import annotations

import asyncio
import logging
import struct
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from pydantic import BaseModel, Field
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from explorer.images import encode_jpeg
from explorer.morph import Morph
from explorer.panels.answers import EXPECTED_ERRORS, sentence
from explorer.steering import UnknownDirectionError
from explorer.workspace import NotReadyError, Workspace

Frames = UInt8[np.ndarray, "n h w 3"]

log = logging.getLogger(__name__)

_KINDS = {NotReadyError: "not-ready", UnknownDirectionError: "unknown-direction"}  # the page acts on these

_HEADER = struct.Struct("<If")  # sequence number, milliseconds of device time per frame; a JPEG follows


class _Numbered(BaseModel):
    """What can be answered: the page waits for the answer of this number."""

    sequence: int = Field(ge=0, lt=2**32)


class FrameRequest(_Numbered):
    """What the page asks for; in one lane the newest request wins."""

    lane: Literal["canvas", "film", "before", "strip"]
    morph: Morph


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The WebSocket of the live channel."""

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await _Connection(workspace, websocket).serve()

    return [WebSocketRoute("/explorer/live", live)]


class _Connection:
    """One page's channel: requests are submitted in the order they come, and answered as they get done."""

    def __init__(self, workspace: Workspace, websocket: WebSocket) -> None:
        self._workspace, self._websocket = workspace, websocket
        self._answers: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until the page goes away."""
        try:
            while True:
                await self._receive(await self._websocket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            for answer in self._answers:
                answer.cancel()

    async def _receive(self, text: str) -> None:
        try:
            request = FrameRequest.model_validate_json(text)
        except ValueError as error:
            await self._refuse(_number_of(text), "error", sentence(error))
            return
        try:
            # Submitted here and not in the task, for the newest request of a lane is the one submitted last.
            slot = (id(self), request.lane)
            future = self._workspace.frames(request.morph, [request.morph.alpha], slot=slot)
        except Exception as error:
            await self._refuse_with(request, error)
            return
        answer = asyncio.create_task(self._answer(request, asyncio.wrap_future(future)))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _answer(self, request: FrameRequest, future: asyncio.Future[Frames]) -> None:
        await asyncio.wait([future])  # does not raise, so a dropped frame and a closed page stay apart
        if future.cancelled():
            await self._refuse(request.sequence, "dropped", "a newer frame was asked for")
            return
        try:
            jpeg = await asyncio.to_thread(encode_jpeg, future.result()[0])
            header = _HEADER.pack(request.sequence, self._workspace.ms_per_frame)
            await self._websocket.send_bytes(header + jpeg)
        except WebSocketDisconnect:
            pass
        except Exception as error:
            await self._refuse_with(request, error)

    async def _refuse_with(self, request: FrameRequest, error: Exception) -> None:
        if not isinstance(error, EXPECTED_ERRORS):
            log.error("a frame failed", exc_info=error)
        kind = next((kind for type_, kind in _KINDS.items() if isinstance(error, type_)), "error")
        await self._refuse(request.sequence, kind, sentence(error))

    async def _refuse(self, sequence: int | None, kind: str, error: str) -> None:
        await self._websocket.send_json({"sequence": sequence, "kind": kind, "error": error})


def _number_of(text: str) -> int | None:
    """Of a request that is refused as a whole, if it has one."""
    try:
        return _Numbered.model_validate_json(text).sequence
    except ValueError:
        return None

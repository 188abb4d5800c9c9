"""The live channel: one WebSocket a page; a request is a whole Morph, an answer is a frame or a sentence."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Hashable
from concurrent.futures import Future
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from pydantic import BaseModel, Field
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from explorer.device.jobs import ASKING, BusyError, Priority, User
from explorer.routes.answers import EXPECTED_ERRORS, sentence
from explorer.routes.jpegs import Jpegs
from explorer.steering.morph import Morph
from explorer.steering.rack import UnknownDirectionError
from explorer.workspace import NotReadyError, Workspace

Frames = UInt8[np.ndarray, "n h w 3"]

log = logging.getLogger(__name__)

RATE = 600  # requests a second of one page: a drag of two pictures on a screen of 240 Hz asks for 480
PAUSE = 0.1  # seconds in which a page that asks faster is not listened to
MOST_UNANSWERED = 64  # requests of one page, which keeps eight in flight a lane at most

# What the page acts on.
_KINDS = {NotReadyError: "not-ready", UnknownDirectionError: "unknown-direction", BusyError: "busy"}

_HEADER = struct.Struct("<If")  # sequence number, milliseconds of device time per frame; a JPEG follows


class _Numbered(BaseModel):
    """What can be answered: the page waits for the answer of this number."""

    sequence: int = Field(ge=0, lt=2**32)


class FrameRequest(_Numbered):
    """What the page asks for; in one lane the newest request wins."""

    lane: Literal["canvas", "before", "strip"]
    morph: Morph
    preview: bool = False  # by the model that previews the morph's, where there is one


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The WebSocket of the live channel."""
    jpegs = Jpegs(workspace)

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await _Connection(workspace, jpegs, websocket).serve()

    return [WebSocketRoute("/explorer/live", live)]


class _Allowance:
    """RATE requests a second, saved up for one second at most (token bucket)."""

    def __init__(self) -> None:
        self._left, self._at = float(RATE), time.monotonic()

    def take(self) -> bool:
        """Whether one more request is allowed now."""
        now = time.monotonic()
        self._left = min(RATE, self._left + (now - self._at) * RATE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Connection:
    """One page's channel: requests are submitted in the order they come, and answered as they get done."""

    def __init__(self, workspace: Workspace, jpegs: Jpegs, websocket: WebSocket) -> None:
        self._workspace, self._jpegs, self._websocket = workspace, jpegs, websocket
        self._user, self._allowance = User(), _Allowance()
        self._answers: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until the page goes away; what it still waits for is cancelled then."""
        ASKING.set(self._user)
        try:
            while True:
                await self._receive(await self._websocket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self._user.leave()
            for answer in self._answers:
                answer.cancel()

    async def _receive(self, text: str) -> None:
        if not self._allowance.take():
            await self._refuse(_number_of(text), "busy", f"More than {RATE} frames a second were asked for.")
            await asyncio.sleep(PAUSE)
            return
        try:
            request = FrameRequest.model_validate_json(text)
        except ValueError as error:
            await self._refuse(_number_of(text), "error", sentence(error))
            return
        try:
            await self._serve_frame(request)
        except WebSocketDisconnect:
            raise
        except Exception as error:
            await self._refuse_with(request, error)

    async def _serve_frame(self, request: FrameRequest) -> None:
        """Numbered here and not in a task, for the newest request of a lane is the one that came last."""
        if len(self._answers) >= MOST_UNANSWERED:
            raise BusyError(f"{MOST_UNANSWERED} frames of this page are not answered yet.")
        morph, preview = request.morph, request.preview
        key = self._jpegs.key(morph, preview)
        priority = Priority.CANVAS if request.lane == "canvas" else Priority.BESIDE
        slot = self._user.ask(request.lane, priority)
        if file := self._jpegs.get(key):
            self._workspace.answered(morph.model, slot)
            await self._send(request, file)
            return
        future = self._workspace.frames(morph, [morph.alpha], slot, preview)
        if future.done():
            await self._answer(request, key, future)
            return
        answer = asyncio.create_task(self._answer_later(request, key, future))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _answer_later(self, request: FrameRequest, key: Hashable, future: Future[Frames]) -> None:
        await asyncio.wait([asyncio.wrap_future(future)])  # does not raise: _answer tells what has happened
        await self._answer(request, key, future)

    async def _answer(self, request: FrameRequest, key: Hashable, future: Future[Frames]) -> None:
        try:
            if future.cancelled():
                await self._refuse(request.sequence, "dropped", "a newer frame was asked for")
                return
            await self._send(request, await self._jpegs.put(key, future.result()[0]))
        except WebSocketDisconnect:
            pass
        except Exception as error:
            await self._refuse_with(request, error)

    async def _send(self, request: FrameRequest, file: bytes) -> None:
        header = _HEADER.pack(request.sequence, self._workspace.ms_per_frame(request.morph.model))
        await self._websocket.send_bytes(header + file)

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

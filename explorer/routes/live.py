"""The live channel: one WebSocket a page; a request is a whole Morph, an answer is a frame or a sentence."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from explorer.device import ASKING, BusyError, Priority, Slot, User
from explorer.routes.answers import explain
from explorer.routes.kept_frames import KeptFrames
from explorer.routes.person import person
from explorer.steering import Morph, UnknownDirectionError
from explorer.views import NotReadyError, View
from explorer.workspace import Workspace

RATE = 600  # requests a second of one page: a drag of two pictures on a screen of 240 Hz asks for 480
PAUSE = 0.1  # seconds in which a page that asks faster is not listened to
MOST_UNANSWERED = 64  # requests of one page, which keeps eight in flight a lane at most
MAX_MESSAGE = 64 * 2**10  # characters; 64 sliders with long names have some 10,000
PING, PONG = "ping", "pong"  # what a page sends that has heard nothing for a while, and what it hears then

Lane = Annotated[str, Field(pattern=r"^(canvas|before|strip)(:[2-9])?$")]
"""What a picture is on its page, and which one of that kind: a page has no more than nine."""

# What the page acts on.
_KINDS = {NotReadyError: "not-ready", UnknownDirectionError: "unknown-direction", BusyError: "busy"}

_HEADER = struct.Struct("<If")  # sequence number, milliseconds of device time per frame; a JPEG follows


class _Numbered(BaseModel):
    """What can be answered: the page waits for the answer of this number."""

    sequence: int = Field(ge=0, lt=2**32)


class FrameRequest(_Numbered):
    """What the page asks for; in one lane the newest request wins."""

    lane: Lane
    morph: Morph
    preview: bool = False  # as fast as can be, where there is a faster way


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The WebSocket of the live channel."""
    kept = KeptFrames()

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await _Connection(workspace, kept, websocket).serve()

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

    def __init__(self, workspace: Workspace, kept: KeptFrames, websocket: WebSocket) -> None:
        self._workspace, self._kept, self._websocket = workspace, kept, websocket
        self._user, self._allowance = User(person(websocket)), _Allowance()
        self._answers: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until the page goes away; what it still waits for is cancelled then."""
        ASKING.set(self._user)
        try:
            while True:
                await self._receive(await self._next())
        except WebSocketDisconnect:
            pass
        finally:
            self._user.leave()
            for answer in self._answers:
                answer.cancel()

    async def _next(self) -> str | None:
        """The next message; None for one that is no text or too long. Raises WebSocketDisconnect."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text: str | None = message.get("text")
        return text if text is not None and len(text) <= MAX_MESSAGE else None

    async def _receive(self, text: str | None) -> None:
        if not self._allowance.take():
            number = _number_of(text) if text else None
            await self._refuse(number, "busy", f"More than {RATE} frames a second were asked for.")
            await asyncio.sleep(PAUSE)
        elif text is None:
            await self._refuse(None, "error", f"Expected text of at most {MAX_MESSAGE:,} characters.")
        elif text == PING:
            await self._websocket.send_text(PONG)
        else:
            await self._receive_wish(text)

    async def _receive_wish(self, text: str) -> None:
        try:
            request = FrameRequest.model_validate_json(text)
        except ValidationError as error:
            await self._refuse(_number_of(text), "error", explain(error))
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
        view = self._workspace.open(request.morph.model)
        key = self._kept.key(view, request.morph, request.preview)
        priority = Priority.CANVAS if request.lane.startswith("canvas") else Priority.BESIDE
        slot = self._user.ask(request.lane, priority)
        if file := self._kept.get(key):
            view.shared.worker.answered(slot)
            await self._send(request, view, file)
            return
        answer = asyncio.create_task(self._answer(request, view, key, slot))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _answer(self, request: FrameRequest, view: View, key: bytes, slot: Slot) -> None:
        quick = self._workspace.preview(request.morph.model) if request.preview else None
        try:
            values = await view.frames(request.morph, [request.morph.alpha], slot, quick)
            await self._send(request, view, await self._kept.put(key, view.model.media, values[0]))
        except WebSocketDisconnect:
            pass
        except asyncio.CancelledError:
            if self._user.has_left:
                raise
            await self._refuse(request.sequence, "dropped", "a newer frame was asked for")
        except Exception as error:
            await self._refuse_with(request, error)

    async def _send(self, request: FrameRequest, view: View, file: bytes) -> None:
        pace = view.shared.worker.telemetry.ms_per_frame(request.morph.model, request.preview)
        await self._websocket.send_bytes(_HEADER.pack(request.sequence, pace) + file)

    async def _refuse_with(self, request: FrameRequest, error: Exception) -> None:
        kind = next((kind for type_, kind in _KINDS.items() if isinstance(error, type_)), "error")
        await self._refuse(request.sequence, kind, explain(error))

    async def _refuse(self, sequence: int | None, kind: str, error: str) -> None:
        await self._websocket.send_json({"sequence": sequence, "kind": kind, "error": error})


def _number_of(text: str) -> int | None:
    """Of a request that is refused as a whole, if it has one."""
    try:
        return _Numbered.model_validate_json(text).sequence
    except ValidationError:
        return None

"""How many functions of ours a drag's frame goes through, from the WebSocket to the device and back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from explorer.routes import live
from explorer.settings import Settings
from explorer.workspace import Workspace
from tests.explorer.waiting import wait

ROOT = Path(__file__).parent.parent
OURS = tuple(f"{ROOT / package}/" for package in ("explorer", "models"))
MOST_ON_THE_WAY, MOST_CALLED = 20, 90
MORPH = {"model": "face-vae", "a": 1, "b": 2, "steer": [{"direction": "smile", "strength": 1}]}


def name(code: CodeType) -> str:
    return f"{Path(code.co_filename).relative_to(ROOT)}: {code.co_qualname}"


def is_ours(code: CodeType) -> bool:
    """A comprehension belongs to the function that it stands in."""
    return code.co_filename.startswith(OURS) and not code.co_name.endswith(("comp>", "genexpr>"))


class Tracer:
    """Notes functions from a message's coming to its answer's going, on all threads begun after `install`.

    On the way are those through which the frame is handed on: whatever is on the stack when it goes to a
    task, into the queue and out of it, to the model, to a future and to the socket. Called are also those
    that these ask, but for what the model asks to decode.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.on = False
        self.on_the_way: dict[str, None] = {}
        self.called: dict[str, None] = {}
        self._decoding = threading.local()
        for owner, function in (
            (asyncio, "create_task"),
            (threading.Condition, "notify_all"),
            (concurrent.futures.Future, "set_result"),
        ):
            patch.setattr(owner, function, self._handing_on(getattr(owner, function)))

    def install(self) -> None:
        """Follow this thread, and those that begin from now on."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    @staticmethod
    def remove() -> None:
        """Follow none any more."""
        threading.setprofile(None)
        sys.setprofile(None)

    def note_stack(self, frame: FrameType | None = None) -> None:
        """The frame is handed on here."""
        frame, stack = sys._getframe(1) if frame is None else frame, []
        while frame:
            stack.append(frame.f_code)
            frame = frame.f_back
        if self.on:
            self.on_the_way.update(dict.fromkeys(name(code) for code in reversed(stack) if is_ours(code)))

    def _handing_on(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.note_stack()
            return function(*args, **kwargs)

        return call

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event not in ("call", "return") or not is_ours(code):
            return
        if event == "call" and code.co_qualname == "Request.take":  # out of the queue
            self.note_stack(frame.f_back)
        if code.co_qualname == "LatentModel.decode_on_device":
            if event == "call":
                self.note_stack(frame)
            self._decoding.now = event == "call"
        elif event == "return" or getattr(self._decoding, "now", False):
            return
        if self.on:
            self.called[name(code)] = None


@pytest.fixture
def tracer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracer]:
    tracer = Tracer(monkeypatch)
    tracer.install()
    yield tracer
    tracer.remove()


async def drag(workspace: Workspace, tracer: Tracer) -> None:
    """Frames of one path through the live channel, of which the last is traced."""
    messages, answers = asyncio.Queue[Message](), asyncio.Queue[Message]()

    async def receive() -> Message:
        message = await messages.get()
        tracer.on = message.pop("is traced", False)
        return message

    async def send(message: Message) -> None:
        tracer.note_stack()
        tracer.on = False
        await answers.put(message)

    scope = {"type": "websocket", "path": "/explorer/live", "headers": [], "client": ("127.0.0.1", 1)}
    (route,) = live.routes(workspace)
    channel = asyncio.create_task(route.endpoint(WebSocket(scope, receive, send)))  # type: ignore[attr-defined]
    await messages.put({"type": "websocket.connect"})
    assert (await answers.get())["type"] == "websocket.accept"
    for number in range(4):
        frame = {"sequence": number, "lane": "canvas", "morph": MORPH | {"alpha": number / 7}}
        text = json.dumps(frame)
        await messages.put({"type": "websocket.receive", "text": text, "is traced": number == 3})
        answer = await answers.get()
        assert int.from_bytes(answer["bytes"][:4], "little") == number
    await messages.put({"type": "websocket.disconnect", "code": 1000})
    await channel


def test_a_frame_goes_through_few_functions(tracer: Tracer, tmp_path: Path) -> None:
    with Workspace(Settings(device="cpu", cache_dir=tmp_path)) as workspace:
        wait(workspace, "face-vae")
        asyncio.run(drag(workspace, tracer))
    tracer.remove()
    for found, most in ((tracer.on_the_way, MOST_ON_THE_WAY), (tracer.called, MOST_CALLED)):
        listed = "\n".join(f"{number:3} {function}" for number, function in enumerate(found, 1))
        assert "models/base.py: LatentModel.decode_on_device" in found
        assert len(found) <= most, f"{len(found)} functions, at most {most} expected:\n{listed}"

"""Frames of a path ahead of time, side by side in one picture: the page then moves along without asking."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from explorer.routes.answers import MAX_JSON, body, speaking
from explorer.routes.asking import asked_by
from explorer.steering.morph import Morph
from explorer.workspace import Workspace
from models.pictures import encode_jpeg, sprite

PACE = "X-Milliseconds-Per-Frame"  # of device time, as the live channel tells it too
MOST = 32  # frames of one answer; the page asks for the next when it has these and the path is still shown

Alpha = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Slice(BaseModel):
    """Some frames of a path, in any order; the morph's own alpha is not used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    morph: Morph
    alphas: Annotated[tuple[Alpha, ...], Field(min_length=1, max_length=MOST)]
    preview: bool = False  # by the model that previews the morph's, where there is one


def routes(workspace: Workspace) -> list[BaseRoute]:
    """A slice of a path as one JPEG, decoded as bulk work."""

    async def answer(request: Request) -> Response:
        content = await body(request, MAX_JSON)
        async with asked_by(request):
            wish = Slice.model_validate_json(content)
            # Awaited and not blocked on: a slow model's slices would take all threads of the pool.
            frames = workspace.frames(wish.morph, wish.alphas, preview=wish.preview)
            pictures = await asyncio.wrap_future(frames)
        file = await run_in_threadpool(lambda: encode_jpeg(sprite(pictures)))
        pace = {PACE: f"{workspace.ms_per_frame(wish.morph.model):.2f}"}
        return Response(file, media_type="image/jpeg", headers=pace)

    return [Route("/explorer/sprite", speaking(answer), methods=["POST"])]

"""Frames of a path ahead of time, side by side in one picture: the page then moves along without asking."""

from __future__ import annotations

import asyncio
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from explorer.routes.answers import MAX_JSON, taking
from explorer.steering import Morph
from explorer.workspace import Workspace
from models.media import Media
from models.pictures import encode_jpeg, sprite

PACE = "X-Milliseconds-Per-Frame"  # of device time, as the live channel tells it too
MOST = 32  # frames of one answer; the page asks for the next when it has these and the path is still shown

Alpha = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Slice(BaseModel):
    """Some frames of a path, in any order; the morph's own alpha is not used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    morph: Morph
    alphas: Annotated[tuple[Alpha, ...], Field(min_length=1, max_length=MOST)]
    preview: bool = False  # as fast as can be, where there is a faster way


def routes(workspace: Workspace) -> list[BaseRoute]:
    """A slice of a path as one JPEG, decoded as bulk work; and one point's value as the file that it is."""

    async def slices(_: Request, content: bytes) -> Response:
        wish = Slice.model_validate_json(content)
        view = workspace.open(wish.morph.model)
        quick = workspace.preview(wish.morph.model) if wish.preview else None
        values = await view.frames(wish.morph, wish.alphas, by=quick)
        file = await asyncio.to_thread(_file, view.model.media, values)
        pace = view.shared.worker.telemetry.ms_per_frame(wish.morph.model, wish.preview)
        return Response(file, media_type="image/jpeg", headers={PACE: f"{pace:.2f}"})

    async def value(_: Request, content: bytes) -> Response:
        morph = Morph.model_validate_json(content)
        view = workspace.open(morph.model)
        values = await view.frames(morph, [morph.alpha])
        media = view.model.media
        return Response(await asyncio.to_thread(media.pack, values[0]), media_type=media.mime)

    return [
        Route("/explorer/sprite", taking(MAX_JSON, slices), methods=["POST"]),
        Route("/explorer/value", taking(MAX_JSON, value), methods=["POST"]),
    ]


def _file(media: Media, values: np.ndarray) -> bytes:
    return encode_jpeg(sprite(np.stack([media.picture(value) for value in values])))

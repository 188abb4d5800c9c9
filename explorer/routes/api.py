"""The named endpoints of the app, for programs: gradio_client, or plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.events import api as add_endpoint
from pydantic import Field

from explorer.data import Point
from explorer.routes import api_directions, api_operations
from explorer.routes.answers import read
from explorer.routes.api_frames import explaining, frame, named, save, view_for
from explorer.routes.asking import dear, owner
from explorer.routes.status import describe
from explorer.steering import Morph
from explorer.views import View, bring
from explorer.workspace import Workspace

Offset = Annotated[int, Field(ge=0)]
Limit = Annotated[int, Field(ge=1, le=1000)]


def build(workspace: Workspace) -> None:
    """Add every endpoint to the page that is being built; without a model they mean the app's first."""
    own = [*_of_models(workspace), *_of_pictures(workspace)]
    for endpoint in [*own, *api_directions.endpoints(workspace), *api_operations.endpoints(workspace)]:
        add_endpoint(explaining(endpoint), api_name=endpoint.__name__, concurrency_limit=4)


def _of_models(workspace: Workspace) -> list[Callable[..., Any]]:
    async def models() -> list[dict[str, Any]]:
        """All models: name, title, state (absent, loading, ready, failed), sizes and number of points."""
        return [describe(workspace, status) for status in workspace.statuses()]

    async def points(model: str | None = None, offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """A model's points from number `offset` on, at most `limit` (up to 1000), with labels and split."""
        first, most = read("offset", Offset, offset), read("limit", Limit, limit)
        return _points(await view_for(workspace, model), first, most)

    return [models, points]


def _of_pictures(workspace: Workspace) -> list[Callable[..., Any]]:
    async def encode(image: FileData, model: str | None = None) -> str:
        """Encode a picture (cut to its middle square); returns a latent id that the other endpoints take.

        What of the file is not shown as it is comes as a log message of the call.
        """
        file = read("image", FileData, image)  # of the upload route: `api_files` lets no other one come here
        view = await view_for(workspace, model)
        point = await dear(bring, view, Path(file.path).read_bytes(), owner())
        for note in view.own(point).card["notes"]:
            gr.Info(note)
        return str(point)

    async def decode(point: str | int, model: str | None = None) -> FileData:
        """The picture that the model decodes at a point number or latent id."""
        at = read("point", Point, point)
        view = await view_for(workspace, model, at)
        values = await view.decoded((await view.latent(at))[None])
        return await save(view.model.media, values)

    async def interpolate(
        a: str | int, b: str | int, alpha: float = 0.5, method: str = "slerp", model: str | None = None
    ) -> FileData:
        """The picture at `alpha` in [0, 1] on the path from a to b; `method` is slerp, lerp or cross-fade."""
        name = named(workspace, model)
        morph = {"model": name, "a": a, "b": b, "method": method, "alpha": alpha}
        return await frame(workspace, Morph.model_validate(morph))

    return [encode, decode, interpolate]


def _points(view: View, offset: int, limit: int) -> dict[str, Any]:
    dataset = view.dataset
    rows = range(offset, min(offset + limit, len(dataset)))
    labels = dataset.labels.iloc[rows.start : rows.stop].to_dict("records")
    return {
        "model": view.model.space.name,
        "dataset": dataset.name,
        "count": len(dataset),
        "points": [
            {
                "point": str(Point(dataset=dataset.name, key=str(row))),
                "split": str(dataset.splits[row]),
                "labels": record,
            }
            for row, record in zip(rows, labels, strict=True)
        ],
    }

"""What the named endpoints share: errors in words, waiting for a model, and a frame as a file."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import gradio as gr
import numpy as np
from gradio.context import LocalContext
from gradio.data_classes import FileData
from gradio.processing_utils import save_pil_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from explorer.data import SAMPLES, Point, UnknownPointError
from explorer.device import ASKING, User
from explorer.routes.answers import explain, read
from explorer.routes.asking import dear, owner
from explorer.routes.person import person, seal
from explorer.steering import ModelName, Morph
from explorer.views import View
from explorer.workspace import Workspace
from models.media import Media
from models.pictures import sprite

WAIT_SECONDS = 60.0  # for a model that has to be loaded first

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


def explaining(endpoint: F) -> F:
    """The endpoint, asked by the caller's person; its errors as gr.Error, whose text they get."""

    @functools.wraps(endpoint)
    async def call(*args: Any, **kwargs: Any) -> Any:
        request = LocalContext.request.get(None)
        if request and request.request:
            ASKING.set(User(person(request.request)))  # for this call: each has a context of its own
        try:
            return await endpoint(*args, **kwargs)
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(explain(error), print_exception=False) from error

    return call  # type: ignore[return-value]


def named(workspace: Workspace, model: str | None) -> str:
    """The model that a caller means: without a name the app's first. Raises InputError for an unknown one."""
    name: str = read("model", ModelName, workspace.settings.model if model is None else model)
    return name


async def frame(workspace: Workspace, morph: Morph) -> FileData:
    """The picture of a morph."""
    view = await view_for(workspace, morph.model, morph.a, morph.b)
    return await save(view.model.media, await view.frames(morph, [morph.alpha]))


async def save(media: Media, values: np.ndarray) -> FileData:
    """What was decoded, side by side in a PNG file that the caller can fetch."""

    def write() -> str:
        picture = Image.fromarray(sprite(np.stack([media.picture(value) for value in values])))
        path: str = save_pil_to_cache(picture, cache_dir=get_upload_folder(), format="png")
        return path

    return FileData(path=await dear(write), mime_type="image/png")


async def view_for(workspace: Workspace, model: str | None, *points: Point) -> View:
    """The view of a model, once it decodes, in the data set of the first point that is of one; all are open.

    Raises InputError for points that it cannot have, for which nothing is begun if that is known before it is
    loaded, and gr.Error where loading fails or takes too long.
    """
    name = named(workspace, model)
    for point in points:
        _check(workspace, name, point)
    view = await _opened(workspace, name)
    named_by_points = dict.fromkeys(point.dataset for point in points if not point.is_own)
    for dataset in named_by_points:
        workspace.datasets.check(dataset, view.model)
    views = [await _opened(workspace, name, dataset) for dataset in named_by_points]
    return next(iter(views), view)


async def _opened(workspace: Workspace, name: str, dataset: str | None = None) -> View:
    """Encodes nothing but what is asked for: a bare number may be of a data set that nobody looks at."""
    status = workspace.prepare(name, dataset, encode=False)
    until = time.monotonic() + WAIT_SECONDS
    while not status.decodes:
        title = status.title
        if status.stage.state == "failed":
            raise gr.Error(f"{title} cannot be used: {status.stage.message}", print_exception=False)
        if time.monotonic() > until:
            message = f"{title} is still being prepared ({status.stage.message}): call again later."
            raise gr.Error(message, print_exception=False)
        await asyncio.sleep(0.2)
        status = workspace.status(name, dataset)
    return workspace.open(name, dataset)


def _check(workspace: Workspace, model: str, point: Point) -> None:
    """What can be said of a point before anything is loaded. Raises UnknownPointError."""
    if point.is_own:
        workspace.shared.own_points.get(point, model)
    elif point.dataset in workspace.datasets:
        workspace.datasets[point.dataset].row(point.key)
    elif point.dataset != SAMPLES:
        known = ", ".join([*workspace.datasets.shown_to(seal(owner())), SAMPLES])
        raise UnknownPointError(f"{point}: expected a point of one of the data sets {known}")

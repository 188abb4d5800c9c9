"""What the named endpoints share: errors in words, waiting for a model, and a frame as a file."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
import numpy as np
from gradio.context import LocalContext
from gradio.data_classes import FileData
from gradio.processing_utils import save_pil_to_cache
from gradio.utils import get_upload_folder
from jaxtyping import UInt8
from PIL import Image

from explorer.device.jobs import ASKING, User
from explorer.routes.answers import EXPECTED_ERRORS, sentence
from explorer.routes.person import person
from explorer.routes.status import describe
from explorer.steering.morph import Morph
from explorer.workspace import Workspace

WAIT_SECONDS = 60.0  # for a model that has to be loaded first

F = TypeVar("F", bound=Callable[..., Any])


def explaining(endpoint: F) -> F:
    """The endpoint, asked by the caller's person; its expected errors as gr.Error, whose text they get."""

    @functools.wraps(endpoint)
    def call(*args: Any, **kwargs: Any) -> Any:
        request = LocalContext.request.get(None)
        if request and request.request:
            ASKING.set(User(person(request.request)))  # for this call: each has a context of its own
        try:
            return endpoint(*args, **kwargs)
        except EXPECTED_ERRORS as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    return call  # type: ignore[return-value]


def frame(workspace: Workspace, **fields: Any) -> FileData:
    """The picture of a morph, whose fields are validated here, whatever the caller sent."""
    morph = Morph.model_validate(fields)
    wait_for(workspace, morph.model)
    return save(workspace.frames(morph, [morph.alpha]).result()[0])


def save(picture: UInt8[np.ndarray, "h w 3"]) -> FileData:
    """The picture as a PNG file that the caller can fetch."""
    path = save_pil_to_cache(Image.fromarray(picture), cache_dir=get_upload_folder(), format="png")
    return FileData(path=path, mime_type="image/png")


def wait_for(workspace: Workspace, model: str) -> None:
    """Prepare the model and wait until it decodes. Raises gr.Error where that fails or takes too long."""
    status = workspace.prepare(model)
    until = time.monotonic() + WAIT_SECONDS
    while not describe(status)["decodes"]:
        if status.state == "failed":
            raise gr.Error(f"{status.title} cannot be used: {status.message}", print_exception=False)
        if time.monotonic() > until:
            raise gr.Error(f"{status.title} is still being prepared ({status.message}): call again later.")
        time.sleep(0.2)
        status = workspace.status(model)

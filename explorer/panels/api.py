"""The named endpoints of the app, for programs: gradio_client, or plain HTTP."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from gradio.events import api as add_endpoint
from gradio.processing_utils import save_pil_to_cache
from gradio.utils import get_upload_folder
from jaxtyping import UInt8
from PIL import Image

from explorer.panels.answers import EXPECTED_ERRORS, sentence
from explorer.panels.status import describe
from explorer.workspace import Morph, Workspace

WAIT_SECONDS = 60.0  # for a model that has to be loaded first
MAX_POINTS = 1000  # of one answer

F = TypeVar("F", bound=Callable[..., Any])


def build(workspace: Workspace) -> None:
    """Add the endpoints models, points, encode, decode and interpolate to the page that is being built."""

    def models() -> list[dict[str, Any]]:
        """All models: name, title, state (absent, loading, ready, failed), sizes and number of points."""
        return [describe(status) for status in workspace.models()]

    def points(model: str = "face-vae", offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """A model's points from number `offset` on, at most `limit` (up to 1000), with labels and split."""
        return _points(workspace, model, offset, limit)

    def encode(image: FileData, model: str = "face-vae") -> str:
        """Encode a picture (cut to its middle square); returns a latent id that the other endpoints take."""
        _wait_for(workspace, model)
        # With the mark of a file in its place, Gradio has checked that the caller uploaded this very path.
        file = FileData.model_validate(image, context={"validate_meta": True})
        return workspace.upload(model, Path(file.path)).id

    def decode(point: str | int, model: str = "face-vae") -> FileData:
        """The picture that the model decodes at a point number or latent id."""
        return _frame(workspace, _morph(model=model, a=point, b=point, method="lerp", alpha=0.0))

    def interpolate(
        a: str | int, b: str | int, alpha: float = 0.5, method: str = "slerp", model: str = "face-vae"
    ) -> FileData:
        """The picture at `alpha` in [0, 1] on the path from a to b; `method` is slerp, lerp or cross-fade."""
        return _frame(workspace, _morph(model=model, a=a, b=b, method=method, alpha=alpha))

    for endpoint in (models, points, encode, decode, interpolate):
        add_endpoint(_explaining(endpoint), api_name=endpoint.__name__, concurrency_limit=4)


def _explaining(endpoint: F) -> F:
    """The endpoint with its expected errors as gr.Error, whose text reaches the caller."""

    @functools.wraps(endpoint)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return endpoint(*args, **kwargs)
        except EXPECTED_ERRORS as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    return call  # type: ignore[return-value]


def _morph(**fields: Any) -> Morph:
    """Validated here, whatever the caller sent."""
    return Morph.model_validate(fields)


def _frame(workspace: Workspace, morph: Morph) -> FileData:
    _wait_for(workspace, morph.model)
    return _save(workspace.frames(morph, [morph.alpha]).result()[0])


def _save(picture: UInt8[np.ndarray, "h w 3"]) -> FileData:
    path = save_pil_to_cache(Image.fromarray(picture), cache_dir=get_upload_folder(), format="png")
    return FileData(path=path, mime_type="image/png")


def _points(workspace: Workspace, model: str, offset: int, limit: int) -> dict[str, Any]:
    if offset < 0 or not 1 <= limit <= MAX_POINTS:
        expected = f"points: expected offset >= 0 and limit from 1 to {MAX_POINTS}"
        raise ValueError(f"{expected}, got {offset} and {limit}")
    count, dataset = workspace.status(model).points, workspace.dataset
    rows = range(offset, min(offset + limit, count))
    labels = dataset.labels.iloc[rows.start : rows.stop].to_dict("records")
    return {
        "model": model,
        "count": count,
        "points": [
            {"point": str(row), "split": str(dataset.splits[row]), "labels": record}
            for row, record in zip(rows, labels, strict=True)
        ],
    }


def _wait_for(workspace: Workspace, model: str) -> None:
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

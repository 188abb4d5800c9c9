"""The named endpoints of the app, for programs: gradio_client, or plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData
from gradio.events import api as add_endpoint

from explorer.routes import api_directions, api_operations
from explorer.routes.api_frames import explaining, frame, wait_for
from explorer.routes.status import describe
from explorer.workspace import Workspace

MAX_POINTS = 1000  # of one answer
AT_ONCE = 4  # calls of one endpoint; the others wait


def build(workspace: Workspace) -> int:
    """Add every endpoint to the page that is being built; returns how many calls can run at once."""

    def models() -> list[dict[str, Any]]:
        """All models: name, title, state (absent, loading, ready, failed), sizes and number of points."""
        return [describe(status) for status in workspace.models()]

    def points(model: str = "face-vae", offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """A model's points from number `offset` on, at most `limit` (up to 1000), with labels and split."""
        return _points(workspace, model, offset, limit)

    def encode(image: FileData, model: str = "face-vae") -> str:
        """Encode a picture (cut to its middle square); returns a latent id that the other endpoints take."""
        file = FileData.model_validate(image)  # of the upload route: `api_files` lets no other one come here
        wait_for(workspace, model)
        return workspace.upload(model, Path(file.path)).id

    def decode(point: str | int, model: str = "face-vae") -> FileData:
        """The picture that the model decodes at a point number or latent id."""
        return frame(workspace, model=model, a=point, b=point, method="lerp", alpha=0.0)

    def interpolate(
        a: str | int, b: str | int, alpha: float = 0.5, method: str = "slerp", model: str = "face-vae"
    ) -> FileData:
        """The picture at `alpha` in [0, 1] on the path from a to b; `method` is slerp, lerp or cross-fade."""
        return frame(workspace, model=model, a=a, b=b, method=method, alpha=alpha)

    own: list[Callable[..., Any]] = [models, points, encode, decode, interpolate]
    endpoints = own + api_directions.endpoints(workspace) + api_operations.endpoints(workspace)
    for endpoint in endpoints:
        add_endpoint(explaining(endpoint), api_name=endpoint.__name__, concurrency_limit=AT_ONCE)
    return AT_ONCE * len(endpoints)


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

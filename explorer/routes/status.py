"""What the page shows at first, and how the models are getting on."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.data import SAMPLES, Dataset, Point, labels_of
from explorer.operations import INTERPOLATIONS, STRENGTHS
from explorer.routes.answers import answering, parameter
from explorer.routes.asking import owner
from explorer.routes.person import seal
from explorer.routes.sprites import MOST
from explorer.steering import MAX_BYTES, MAX_STEERS
from explorer.views import MAX_TERMS
from explorer.workspace import Status, Workspace
from models import MODELS
from models.base import LatentModel

# What the page keeps to, so that it says so before anything is sent.
_LIMITS = {
    "slice_frames": MOST,
    "sliders": MAX_STEERS,
    "strengths": STRENGTHS,  # σ, of a strip and of a traversal's row
    "terms": MAX_TERMS,
    "direction_file_mb": MAX_BYTES // 2**20,
}


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The status, the preparing of a model and stopping that, and what Prometheus collects."""
    fixed = cache(lambda: _fixed(workspace))

    async def status(request: Request) -> Response:
        """Of every model with its first data set, but of `model` with `dataset` where both are named."""
        model, dataset = (request.query_params.get(name) for name in ("model", "dataset"))
        shown = [
            workspace.status(model, dataset) if entry.model == model and dataset else entry
            for entry in workspace.statuses()
        ]
        told = [describe(workspace, entry) for entry in shown]
        device, kinds = str(workspace.shared.worker.device), _kinds(workspace)
        return JSONResponse({"device": device, "models": told, "datasets": kinds, **fixed()})

    async def prepare(request: Request) -> Response:
        model, dataset = parameter(request, "model"), request.query_params.get("dataset")
        return JSONResponse(describe(workspace, workspace.prepare(model, dataset)))

    async def stop(request: Request) -> Response:
        model, dataset = parameter(request, "model"), request.query_params.get("dataset")
        return JSONResponse(describe(workspace, workspace.stop(model, dataset)))

    async def metrics(_: Request) -> Response:
        return Response(workspace.shared.worker.telemetry.render(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/explorer/status", answering(status)),
        Route("/explorer/prepare", answering(prepare), methods=["POST"]),
        Route("/explorer/stop", answering(stop), methods=["POST"]),
        Route("/metrics", answering(metrics)),
    ]


def describe(workspace: Workspace, status: Status) -> dict[str, Any]:
    """A model's status for the page and for programs; what only a loaded model knows is null until then."""
    entry, model, dataset = MODELS[status.model], status.loaded, status.dataset
    shown = {*workspace.datasets.shown_to(seal(owner())), SAMPLES}
    return {
        "name": status.model,
        "title": entry.title,
        "listed": entry.listed,
        "state": status.stage.state,
        "progress": status.stage.progress,
        "message": status.stage.message,
        "media": {"name": entry.media.name, "mime": entry.media.mime, "unit": entry.media.unit},
        "image_size": entry.media.size,
        "latent_shape": model.space.shape if model and dataset else None,
        "axes": model.space.axes if model else None,
        "can_encode": model.can_encode if model else None,
        "precision": model.precision if model else None,
        "decodes": status.decodes,
        "preview": describe_preview(status.model, workspace.previewer(status.model)),
        "points": len(dataset) if dataset else 0,
        "encoded": status.encoded,
        "has_map": status.has_map,
        "dataset": describe_dataset(dataset) if dataset else None,
        "datasets": [name for name in status.datasets if name in shown],
    }


def describe_preview(name: str, by: LatentModel | None) -> dict[str, Any] | None:
    """How a model's frames are shown while they change, if not as they are decoded."""
    if by is None:
        return None
    return {"model": by.space.name, "is_other": by.space.name != name, "precision": by.preview_precision}


@lru_cache(maxsize=64)
def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """A data set for the page."""
    shown = dataset.presentation
    labels = [
        {"name": label.name, "title": label.title, "is_trait": label.is_trait}
        for label in labels_of(dataset).values()
    ]
    pair = [str(Point(dataset=dataset.name, key=key)) for key in shown.pair]
    return {
        "name": dataset.name,
        "title": dataset.title,
        "singular": shown.singular,
        "prefix": pair[0].removesuffix(shown.pair[0]),  # of its points' names, before the key
        "pair": pair,
        "note": dataset.shipped.note if dataset.shipped else "",
        "colour": shown.colour or labels[0]["name"],
        "labels": labels,
    }


def _fixed(workspace: Workspace) -> dict[str, Any]:
    """What stays as it is while the app runs."""
    methods = [
        {"name": name, "title": method.title, "explanation": method.explanation, "source": method.source}
        for name, method in INTERPOLATIONS.items()
    ]
    first = {"model": workspace.settings.model, "method": "slerp", "alpha": 0.5, "steer": []}
    return {"first": first, "methods": methods, "limits": _LIMITS}


def _kinds(workspace: Workspace) -> dict[str, Any]:
    """What points are called, by the prefix of their names, as far as the person is told of them."""
    known = [
        (dataset.name, dataset.title, dataset.presentation.singular)
        for dataset in workspace.datasets.shown_to(seal(owner())).values()
    ]
    names = [*known, (SAMPLES, "Samples of the prior", "sample")]
    return {
        str(Point(dataset=name, key="0")).removesuffix("0"): {
            "name": name,
            "title": title,
            "singular": singular,
        }
        for name, title, singular in names
    }

"""What the page shows at first, and how the models are getting on."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.data.portraits import FIRST_LABEL, first_pair, labels_of
from explorer.operations.interpolation import INTERPOLATIONS
from explorer.routes.answers import answering
from explorer.steering.morph import Morph
from explorer.workspace import ModelStatus, Workspace
from models import MODELS


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The status, the preparing of a model, and what Prometheus collects."""
    fixed = cache(lambda: _fixed(workspace))

    def tell(status: ModelStatus) -> dict[str, Any]:
        return describe(status) | {"previews": workspace.previews(status.name)}

    def status(_: Request) -> Response:
        models = [tell(entry) for entry in workspace.models()]
        return JSONResponse({"device": str(workspace.device), "models": models, **fixed()})

    def prepare(request: Request) -> Response:
        return JSONResponse(tell(workspace.prepare(request.query_params.get("model", ""))))

    def metrics(_: Request) -> Response:
        return Response(workspace.metrics(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/explorer/status", answering(status)),
        Route("/explorer/prepare", answering(prepare), methods=["POST"]),
        Route("/metrics", answering(metrics)),
    ]


def describe(status: ModelStatus) -> dict[str, Any]:
    """A model's status for the page: as it is, and whether it is in the menu and can decode already."""
    decodes = status.precision is not None and status.latent_shape is not None and status.state != "failed"
    return asdict(status) | {"listed": MODELS[status.name].listed, "decodes": decodes}


def _fixed(workspace: Workspace) -> dict[str, Any]:
    """What stays as it is while the app runs."""
    a, b = first_pair(workspace.dataset)
    methods = [
        {"name": name, "title": method.title, "explanation": method.explanation, "source": method.source}
        for name, method in INTERPOLATIONS.items()
    ]
    labels = [{"name": label.name, "title": label.title} for label in labels_of(workspace.dataset).values()]
    first = Morph.model_validate({"model": workspace.settings.model, "a": a, "b": b}).model_dump()
    return {"first": first, "first_label": FIRST_LABEL, "methods": methods, "labels": labels}

"""The directions' routes: the built-in ones, finding new ones, files of them, and what steering changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from jaxtyping import Float
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from torch import Tensor

from explorer.measures import is_well_read, verdict
from explorer.operations import DIRECTION_METHODS, Direction
from explorer.routes.answers import answering, parameter, posting, taking, view_of
from explorer.routes.asking import dear, owner
from explorer.steering import MAX_BYTES, DirectionQuery, Morph, from_bytes, to_bytes
from explorer.views import View, find_direction
from explorer.workspace import Workspace

MOST_CORRELATIONS = 6  # told to the page; a file holds all
MIXED = "A cross-fade mixes decodes and has no latent, so nothing is read from it."


def routes(workspace: Workspace) -> list[BaseRoute]:
    """Built-in directions and methods, one direction, finding, what was changed, saving and loading."""
    return [*_known(workspace), *_queries(workspace), *_files(workspace)]


def _known(workspace: Workspace) -> list[BaseRoute]:
    methods = [
        {"name": name, "title": m.title, "wants": m.wants, "explanation": m.explanation, "source": m.source}
        for name, m in DIRECTION_METHODS.items()
    ]

    async def built_in(request: Request) -> Response:
        view = view_of(workspace, request)
        found, featured = view.steering.built_in, view.dataset.presentation.featured
        first = {key: found[key] for key in featured if key in found}  # in that order
        directions = [
            describe(key, direction, built_in=True, featured=key in first)
            for key, direction in (first | found).items()
        ]
        return JSONResponse({"directions": directions, "methods": methods})

    async def one(request: Request) -> Response:
        view, key = view_of(workspace, request), parameter(request, "id")
        is_built_in, featured = key in view.steering.built_in, view.dataset.presentation.featured
        direction = view.steering.direction(key)
        return JSONResponse(describe(key, direction, built_in=is_built_in, featured=key in featured))

    return [
        Route("/explorer/directions", answering(built_in)),
        Route("/explorer/direction", answering(one)),
    ]


def _queries(workspace: Workspace) -> list[BaseRoute]:
    async def found(query: DirectionQuery, dataset: str | None) -> dict[str, Any]:
        return describe(*await find_direction(workspace.open(query.model, dataset), query, owner()))

    async def changed(morph: Morph, dataset: str | None) -> dict[str, Any]:
        if not morph.has_latents:
            return {"effects": None, "typical": True, "typicality": MIXED}
        view = workspace.open(morph.model, dataset)
        typical, typicality = await dear(_verdict, view, await view.point(morph))
        found = await view.effects(morph)
        effects = None if found is None else [asdict(effect) for effect in found]
        return {"effects": effects, "typical": typical, "typicality": typicality}

    return [
        Route("/explorer/find-direction", posting(DirectionQuery, found), methods=["POST"]),
        Route("/explorer/effects", posting(Morph, changed), methods=["POST"]),
    ]


def _verdict(view: View, latent: Float[Tensor, "*latent"]) -> tuple[bool, str]:
    return verdict(latent, view.latents.encoded)


def _files(workspace: Workspace) -> list[BaseRoute]:
    async def save(request: Request, _: bytes) -> Response:
        view, keys = view_of(workspace, request), parameter(request, "ids").split(",")
        directions = {key: view.steering.direction(key) for key in keys}
        content = await dear(to_bytes, view.model.space, directions)
        name = view.model.space.name
        name = f"{name}-{keys[0] if len(keys) == 1 else 'directions'}.safetensors".replace(":", "-")
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    async def load(request: Request, content: bytes) -> Response:
        view = view_of(workspace, request)
        loaded = await dear(from_bytes, content, view.model.space)
        added = [describe(view.steering.add(found, owner()), found) for found in loaded.values()]
        return JSONResponse({"directions": added})

    return [
        Route("/explorer/directions.safetensors", taking(0, save)),
        Route("/explorer/load-directions", taking(MAX_BYTES, load), methods=["POST"]),
    ]


def describe(
    key: str, direction: Direction, *, built_in: bool = False, featured: bool = False
) -> dict[str, Any]:
    """A direction for the page: what it is, where it comes from, and what to beware of."""
    provenance = direction.provenance
    strongest = sorted(provenance.correlations.items(), key=lambda item: -abs(item[1]))[:MOST_CORRELATIONS]
    method = DIRECTION_METHODS.get(provenance.method)
    return {
        "id": key,
        "name": direction.name,
        "std": direction.std,
        "method": provenance.method,
        "method_title": method.title if method else provenance.method,
        "data": provenance.data,
        "count": provenance.count,
        "score": provenance.score,
        "score_name": provenance.score_name,
        "well_read": is_well_read(direction),
        "correlations": [{"label": label, "r": r} for label, r in strongest],
        "notes": list(provenance.notes),
        "built_in": built_in,
        "featured": featured,
    }

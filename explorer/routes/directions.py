"""The directions' routes: the built-in ones, finding new ones, files of them, and what steering changed."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.measures.effects import is_well_read
from explorer.measures.typicality import verdict
from explorer.operations.direction_methods import DIRECTION_METHODS
from explorer.operations.directions import Direction
from explorer.routes.answers import answering, body, parameter, posting, speaking, working
from explorer.routes.asking import run_dear
from explorer.steering.direction_files import MAX_BYTES, from_bytes, to_bytes
from explorer.steering.direction_query import Wish
from explorer.steering.morph import Morph
from explorer.workspace import Workspace

# On the rack at first, where the model has them: what a person looks for in a face.
FEATURED = (
    "smile", "mouth_open", "age", "gender", "glasses", "yaw", "skin_tone", "hair_tone", "beard",
    "light_azimuth",
)  # fmt: skip
MOST_CORRELATIONS = 6  # told to the page; a file holds all
MIXED = "A cross-fade mixes pictures and has no latent, so nothing is read from it."


def routes(workspace: Workspace) -> list[BaseRoute]:
    """Built-in directions and methods, one direction, finding, what was changed, saving and loading."""
    return [*_known(workspace), *_made(workspace), *_files(workspace)]


def _known(workspace: Workspace) -> list[BaseRoute]:
    methods = [
        {"name": name, "title": m.title, "wants": m.wants, "explanation": m.explanation, "source": m.source}
        for name, m in DIRECTION_METHODS.items()
    ]

    def built_in(request: Request) -> Response:
        found = workspace.steering(parameter(request, "model")).built_in
        first = {key: found[key] for key in FEATURED if key in found}  # in that order
        directions = [describe(*item, built_in=True) for item in (first | found).items()]
        return JSONResponse({"directions": directions, "methods": methods})

    def one(request: Request) -> Response:
        key, steering = parameter(request, "id"), workspace.steering(parameter(request, "model"))
        return JSONResponse(describe(key, steering.direction(key), built_in=key in steering.built_in))

    return [
        Route("/explorer/directions", answering(built_in)),
        Route("/explorer/direction", answering(one)),
    ]


def _made(workspace: Workspace) -> list[BaseRoute]:
    def found(wish: Wish) -> dict[str, Any]:
        return describe(*workspace.find_direction(wish))

    def changed(morph: Morph) -> dict[str, Any]:
        if not morph.has_latents:
            return {"effects": None, "typical": True, "typicality": MIXED}
        data = workspace.store(morph.model).encoded
        typical, typicality = verdict(workspace.point(morph).result(), data)
        told = workspace.effects(morph)
        effects = None if told is None else [asdict(effect) for effect in told]
        return {"effects": effects, "typical": typical, "typicality": typicality}

    return [
        Route("/explorer/find-direction", posting(Wish, found), methods=["POST"]),
        Route("/explorer/effects", posting(Morph, changed), methods=["POST"]),
    ]


def _files(workspace: Workspace) -> list[BaseRoute]:
    def save(request: Request) -> Response:
        model, keys = parameter(request, "model"), parameter(request, "ids").split(",")
        steering = workspace.steering(model)
        content = to_bytes(workspace.store(model).space, {key: steering.direction(key) for key in keys})
        name = f"{model}-{keys[0] if len(keys) == 1 else 'directions'}.safetensors".replace(":", "-")
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    def take(model: str, content: bytes) -> Response:
        steering, space = workspace.steering(model), workspace.store(model).space
        loaded = from_bytes(content, space)
        return JSONResponse({"directions": [describe(steering.add(d), d) for d in loaded.values()]})

    async def load(request: Request) -> Response:
        content = await body(request, MAX_BYTES)
        return await run_dear(request, partial(take, parameter(request, "model")), content)

    return [
        Route("/explorer/directions.safetensors", working(save)),
        Route("/explorer/load-directions", speaking(load), methods=["POST"]),
    ]


def describe(key: str, direction: Direction, *, built_in: bool = False) -> dict[str, Any]:
    """A direction for the page: what it is, where it comes from, and what to beware of."""
    told = direction.provenance
    strongest = sorted(told.correlations.items(), key=lambda item: -abs(item[1]))[:MOST_CORRELATIONS]
    method = DIRECTION_METHODS.get(told.method)
    return {
        "id": key,
        "name": direction.name,
        "std": direction.std,
        "method": told.method,
        "method_title": method.title if method else told.method,
        "data": told.data,
        "count": told.count,
        "score": told.score,
        "score_name": told.score_name,
        "well_read": is_well_read(direction),
        "correlations": [{"label": label, "r": r} for label, r in strongest],
        "notes": list(told.notes),
        "built_in": built_in,
        "featured": key in FEATURED,
    }

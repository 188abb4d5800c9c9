"""The directions' routes: the built-in ones, finding new ones, files of them, and what steering changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.direction_files import MAX_BYTES, from_bytes, to_bytes
from explorer.finding import Wish
from explorer.operations.direction_methods import DIRECTION_METHODS
from explorer.operations.directions import Direction
from explorer.operations.typicality import distance_rank, is_typical, judge
from explorer.panels.answers import answering, body, error_response, parameter, posting
from explorer.workspace import Morph, Workspace

# On the rack at first, where the model has them: what a person looks for in a face.
FEATURED = (
    "smile", "mouth_open", "age", "gender", "glasses", "yaw", "skin_tone", "hair_tone", "beard",
    "light_azimuth",
)  # fmt: skip
MOST_CORRELATIONS = 6  # told to the page; a file holds all


def routes(workspace: Workspace) -> list[BaseRoute]:
    """Built-in directions and methods, one direction, finding, saving and loading."""

    def built_in(request: Request) -> Response:
        found = workspace.steering(parameter(request, "model")).built_in
        first = {key: found[key] for key in FEATURED if key in found}  # in that order
        methods = [
            {
                "name": name,
                "title": m.title,
                "wants": m.wants,
                "explanation": m.explanation,
                "source": m.source,
            }
            for name, m in DIRECTION_METHODS.items()
        ]
        directions = [describe(*item) for item in (first | found).items()]
        return JSONResponse({"directions": directions, "methods": methods})

    def one(request: Request) -> Response:
        key = parameter(request, "id")
        return JSONResponse(describe(key, workspace.steering(parameter(request, "model")).direction(key)))

    def found(wish: Wish) -> dict[str, Any]:
        return describe(*workspace.find_direction(wish))

    def changed(morph: Morph) -> dict[str, Any]:
        rank = distance_rank(workspace.point(morph).result(), workspace.store(morph.model).latents)
        return {
            "effects": [asdict(effect) for effect in workspace.effects(morph)],
            "typical": is_typical(rank),
            "typicality": judge(rank),
        }

    return [
        Route("/explorer/directions", answering(built_in)),
        Route("/explorer/direction", answering(one)),
        Route("/explorer/find-direction", posting(Wish, found), methods=["POST"]),
        Route("/explorer/effects", posting(Morph, changed), methods=["POST"]),
        *_files(workspace),
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
        try:
            content = await body(request, MAX_BYTES)
            return await run_in_threadpool(take, parameter(request, "model"), content)
        except Exception as error:
            return error_response(error)

    return [
        Route("/explorer/directions.safetensors", answering(save)),
        Route("/explorer/load-directions", load, methods=["POST"]),
    ]


def describe(key: str, direction: Direction) -> dict[str, Any]:
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
        "correlations": [{"label": label, "r": r} for label, r in strongest],
        "notes": list(told.notes),
        "built_in": not key.startswith("d") or len(key) != 33,
        "featured": key in FEATURED,
    }

"""Points that somebody made: what an operation gave, kept as if it were the latent of an upload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jaxtyping import Float
from pydantic import BaseModel, ConfigDict
from starlette.routing import BaseRoute, Route
from torch import Tensor

from explorer.routes.answers import data_url, posting
from explorer.workspace import Workspace


def keep(workspace: Workspace, model: str, latent: Float[Tensor, "*latent"]) -> dict[str, Any]:
    """Keep a latent as a point of the model; its id, its picture, and its place on the map; blocks.

    Its place is the mean of its nearest portraits' places, as for the points of a path. Raises NotReadyError,
    and ValueError for a latent of a wrong shape or with NaN.
    """
    store = workspace.store(model)
    picture = workspace.decode(model, latent[None]).result()[0]
    places = store.place(latent[None])
    position = None if places is None else places[0]
    return {
        "id": store.add(latent, position),
        "picture": data_url(picture),
        "coordinates": None if position is None else position.tolist(),
    }


class Recipe(BaseModel):
    """What a latent of a model is made from; the subclasses say how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str


R = TypeVar("R", bound=Recipe)


def routes(
    workspace: Workspace,
    name: str,
    kind: type[R],
    latent_of: Callable[[Workspace, R], Tensor],
    tell: Callable[[R, Tensor], dict[str, Any]] = lambda *_: {},
) -> list[BaseRoute]:
    """POST `name`: the picture of a recipe and what `tell` says; POST keep-`name`: the same as a point."""

    def result(recipe: R) -> dict[str, Any]:
        latent = latent_of(workspace, recipe)
        picture = workspace.decode(recipe.model, latent[None]).result()[0]
        return {"picture": data_url(picture), **tell(recipe, latent)}

    def kept(recipe: R) -> dict[str, Any]:
        return keep(workspace, recipe.model, latent_of(workspace, recipe))

    return [
        Route(f"/explorer/{name}", posting(kind, result), methods=["POST"]),
        Route(f"/explorer/keep-{name}", posting(kind, kept), methods=["POST"]),
    ]

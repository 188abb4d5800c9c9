"""The drawer “Arithmetic”: a weighted sum of points, and the real portraits that it lands near."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import BaseRoute
from torch import Tensor

from explorer.data.latent_table import LatentStore
from explorer.data.points import Point
from explorer.measures.typicality import verdict
from explorer.operations.arithmetic import MAX_WEIGHT, combine
from explorer.routes import made
from explorer.workspace import Workspace

MAX_TERMS = 16
NEIGHBOURS = 5  # real portraits beside the result


class Term(BaseModel):
    """A point and how much of it goes into the sum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    point: Point
    weight: Annotated[float, Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT, allow_inf_nan=False)]


class Sum(made.Recipe):
    """A weighted sum of points of one model."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1, max_length=MAX_TERMS)]


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The result of a sum with its neighbours, and the same kept as a point."""

    def tell(wish: Sum, latent: Tensor) -> dict[str, Any]:
        return judgement(workspace.store(wish.model), wish, latent)

    return made.routes(workspace, "arithmetic", Sum, sum_latent, tell)


def sum_latent(workspace: Workspace, wish: Sum) -> Float[Tensor, "*latent"]:
    """The latent of a sum; blocks. Raises NotReadyError and UnknownPointError."""
    store = workspace.store(wish.model)
    latents = torch.stack([store.latent(term.point) for term in wish.terms])
    return combine(latents, [term.weight for term in wish.terms])


def judgement(store: LatentStore, wish: Sum, latent: Float[Tensor, "*latent"]) -> dict[str, Any]:
    """The nearest real portraits with their distances, and whether the data have latents like this one."""
    data = store.encoded
    typical, typicality = verdict(latent, data)
    if len(data) < 2:
        return {"neighbours": [], "near": "", "typical": typical, "typicality": typicality, "sum": ""}
    rows, distances = store.nearest(latent[None], min(NEIGHBOURS, len(data)))
    apart = float((2 * data.flatten(1).var(dim=0).sum()).sqrt())  # root mean square over all pairs
    terms = {term.point for term in wish.terms}
    neighbours = zip(map(str, rows[0]), distances[0].tolist(), strict=True)
    return {
        "neighbours": [{"point": row, "distance": d, "is_term": row in terms} for row, d in neighbours],
        "near": f"Two portraits taken at random lie {apart:.1f} apart.",
        "typical": typical,
        "typicality": typicality,
        "sum": _explain(sum(term.weight for term in wish.terms), store.space.prior),
    }


def _explain(total: float, prior: str) -> str:
    """What it means that the weights add up to this."""
    if abs(total - 1) < 1e-6:
        return "The weights add up to 1, as in a mean."
    scaled = f"The weights add up to {total:.2g}, not to 1"
    if prior == "normal":
        return f"{scaled}. That is allowed, but moves the result in or out from 0, the centre of the prior."
    return f"{scaled}: this model has no prior, so nothing says what the result's new length means to it."

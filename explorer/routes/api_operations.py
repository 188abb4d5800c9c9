"""The named endpoints for operations on latents: traversal and arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradio.data_classes import FileData

from explorer.operations.traversal import VALUES
from explorer.routes.api_frames import save, wait_for
from explorer.routes.arithmetic import Sum, judgement, sum_latent
from explorer.routes.made import keep
from explorer.routes.traversal import Row, add_coordinate, row_latents
from explorer.workspace import Workspace
from models.pictures import sprite


def endpoints(workspace: Workspace) -> list[Callable[..., Any]]:
    """The endpoints traverse and arithmetic."""

    def traverse(
        point: str | int,
        direction: str | None = None,
        coordinate: int | None = None,
        strengths: list[float] | None = None,
        model: str = "face-vae",
    ) -> FileData:
        """Pictures side by side of a point moved along a direction, or along one dimension (`coordinate`).

        Of a spatial latent a coordinate is a channel. Strengths are in σ, -10 to 10; without any, -3 to 3.
        """
        if (direction is None) == (coordinate is None):
            raise ValueError("traverse: expected either a direction or a coordinate")
        wait_for(workspace, model)
        if coordinate is not None:
            direction, _ = add_coordinate(workspace, model, coordinate)
        morph = {"model": model, "a": point, "b": point, "method": "lerp", "alpha": 0.0}
        wish = {
            "morph": morph,
            "direction": direction,
            "strengths": VALUES if strengths is None else strengths,
        }
        latents = row_latents(workspace, Row.model_validate(wish))
        return save(sprite(workspace.decode(model, latents).result()))

    def arithmetic(points: list[str | int], weights: list[float], model: str = "face-vae") -> dict[str, Any]:
        """The weighted sum of points: a latent id that other endpoints take, and the portraits near it."""
        if len(points) != len(weights):
            raise ValueError(f"arithmetic: expected a weight a point, got {len(weights)} for {len(points)}")
        terms = [{"point": point, "weight": weight} for point, weight in zip(points, weights, strict=True)]
        wish = Sum.model_validate({"model": model, "terms": terms})
        wait_for(workspace, model)
        latent = sum_latent(workspace, wish)
        told = judgement(workspace.store(model), wish, latent)
        return {"point": keep(workspace, model, latent)["id"], **told}

    return [traverse, arithmetic]

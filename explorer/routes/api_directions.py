"""The named endpoints for directions: which there are, finding new ones, and steering a picture by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from gradio.data_classes import FileData
from pydantic import Field

from explorer.data import Point
from explorer.routes.answers import read
from explorer.routes.api_frames import frame, named, view_for
from explorer.routes.asking import owner
from explorer.routes.directions import describe
from explorer.steering import MAX_STEERS, DirectionId, DirectionQuery, Morph, Steer, Strength
from explorer.views import find_direction as find
from explorer.workspace import Workspace

Held = Annotated[list[DirectionId], Field(max_length=MAX_STEERS - 1)]


def endpoints(workspace: Workspace) -> list[Callable[..., Any]]:
    """The endpoints directions, find_direction and apply_direction."""
    return [*_finding(workspace), _applying(workspace)]


def _finding(workspace: Workspace) -> list[Callable[..., Any]]:
    async def directions(model: str | None = None) -> list[dict[str, Any]]:
        """The directions that ship with a model: id, name, std (one σ), method, score, what to beware of."""
        view = await view_for(workspace, model)
        return [describe(*item, built_in=True) for item in view.steering.built_in.items()]

    async def find_direction(
        method: str = "mean-difference",
        label: str | None = None,
        value: str | None = None,
        plus: list[str | int] | None = None,
        minus: list[str | int] | None = None,
        component: int | None = None,
        name: str = "",
        model: str | None = None,
    ) -> dict[str, Any]:
        """Find a direction: from a label (and one of its classes), two groups of points, or a component.

        The method is mean-difference, logistic, svm or ridge for a label or groups, pca or sefa for a
        component. Returns what `directions` tells, with the id that `apply_direction` takes.
        """
        query = DirectionQuery.model_validate({
            "model": named(workspace, model), "method": method, "label": label, "value": value,
            "plus": plus, "minus": minus, "component": component, "name": name,
        })  # fmt: skip
        plus_points, minus_points = query.groups
        view = await view_for(workspace, query.model, *plus_points, *minus_points)
        return describe(*await find(view, query, owner()))

    return [directions, find_direction]


def _applying(workspace: Workspace) -> Callable[..., Any]:
    async def apply_direction(
        point: str | int,
        direction: str,
        strength: float,
        hold: list[str] | None = None,
        model: str | None = None,
    ) -> FileData:
        """The picture of a point moved by `strength` (-10 to 10 σ) along a direction, others held still."""
        at = read("point", Point, point)
        key, far = read("direction", DirectionId, direction), read("strength", Strength, strength)
        held = [Steer(direction=other, hold=True) for other in read("hold", Held, hold or [])]
        steer = (Steer(direction=key, strength=far), *held)
        name = named(workspace, model)
        return await frame(workspace, Morph(model=name, a=at, b=at, method="lerp", alpha=0.0, steer=steer))

    return apply_direction

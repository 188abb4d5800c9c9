"""The named endpoints for directions: which there are, finding new ones, and steering a picture by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradio.data_classes import FileData

from explorer.routes.api_frames import frame, wait_for
from explorer.routes.directions import describe
from explorer.steering.direction_query import Wish
from explorer.workspace import Workspace


def endpoints(workspace: Workspace) -> list[Callable[..., Any]]:
    """The endpoints directions, find_direction and apply_direction."""

    def directions(model: str = "face-vae") -> list[dict[str, Any]]:
        """The directions that ship with a model: id, name, std (one σ), method, score, what to beware of."""
        wait_for(workspace, model)
        return [describe(*item, built_in=True) for item in workspace.steering(model).built_in.items()]

    def find_direction(
        method: str = "mean-difference",
        label: str | None = None,
        value: str | None = None,
        plus: list[str | int] | None = None,
        minus: list[str | int] | None = None,
        component: int | None = None,
        name: str = "",
        model: str = "face-vae",
    ) -> dict[str, Any]:
        """Find a direction: from a label (and one of its classes), two groups of points, or a component.

        The method is mean-difference, logistic, svm or ridge for a label or groups, pca or sefa for a
        component. Returns what `directions` tells, with the id that `apply_direction` takes.
        """
        wish = Wish.model_validate({
            "model": model, "method": method, "label": label, "value": value, "plus": plus, "minus": minus,
            "component": component, "name": name,
        })  # fmt: skip
        wait_for(workspace, wish.model)
        return describe(*workspace.find_direction(wish))

    def apply_direction(
        point: str | int,
        direction: str,
        strength: float,
        hold: list[str] | None = None,
        model: str = "face-vae",
    ) -> FileData:
        """The picture of a point moved by `strength` (-10 to 10 σ) along a direction, others held still."""
        held = [{"direction": other, "hold": True} for other in hold or []]
        steer = [{"direction": direction, "strength": strength}, *held]
        return frame(workspace, model=model, a=point, b=point, method="lerp", alpha=0.0, steer=steer)

    return [directions, find_direction, apply_direction]

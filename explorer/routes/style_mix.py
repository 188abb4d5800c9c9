"""The drawer “Style mix”: coarse of one picture with fine of another, or another inside a painted region."""

from __future__ import annotations

from typing import Annotated, Self

import torch
from jaxtyping import Float
from pydantic import Field, model_validator
from starlette.routing import BaseRoute
from torch import Tensor

from explorer.data.points import Point
from explorer.operations.style_mix import mix_frequencies, mix_region
from explorer.routes import made
from explorer.workspace import Workspace

MAX_SIDE = 256  # places of a mask

MaskRow = Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_SIDE)]


class Mix(made.Recipe):
    """Coarse of A with fine of B at a cutoff in cycles a picture, or B inside a mask painted on A."""

    a: Point
    b: Point
    cutoff: float | None = None
    mask: Annotated[tuple[MaskRow, ...], Field(min_length=1, max_length=MAX_SIDE)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.cutoff is None) == (self.mask is None):
            raise ValueError("expected either a cutoff or a mask")
        if self.mask is not None and len({len(row) for row in self.mask}) > 1:
            raise ValueError("mask: expected rows of one length")
        return self


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The picture of a mix, and the same kept as a point."""
    return made.routes(workspace, "style-mix", Mix, mix_latent)


def mix_latent(workspace: Workspace, wish: Mix) -> Float[Tensor, "c h w"]:
    """The latent of a mix; blocks.

    Raises ValueError for a model whose latents have no places, as the operations do, and UnknownPointError.
    """
    store = workspace.store(wish.model)
    if len(store.space.shape) != 3:
        raise ValueError(
            f"{wish.model}: its latent is a vector without places, so nothing in it is coarse or fine:"
            " choose a Stable Diffusion model"
        )
    a, b = store.latent(wish.a), store.latent(wish.b)
    if wish.cutoff is not None:
        return mix_frequencies(a, b, wish.cutoff)
    return mix_region(a, b, torch.tensor(wish.mask))

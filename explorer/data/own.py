"""A person's own points: pictures they brought, and latents that they made; kept while the app runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explorer.data.catalogue import MINE
from explorer.data.keep import Keep
from explorer.data.points import Point, UnknownPointError
from models.base import LatentSpace


@dataclass(frozen=True, eq=False)
class OwnPoint:
    """A latent of one model, where it lies on the map of a data set, and what the page shows of it."""

    model: str
    latent: Float[Tensor, "*latent"]
    dataset: str  # whose map the position is of
    position: Float[np.ndarray, "2"] | None
    card: dict[str, Any]

    @property
    def nbytes(self) -> int:
        """What it holds, of which the card's pictures are most."""
        return self.latent.untyped_storage().nbytes() + len(repr(self.card))


class OwnPoints:
    """Points that are no items of a data set; safe to use from any thread."""

    def __init__(self) -> None:
        self._points: Keep[OwnPoint] = Keep(lambda point: point.nbytes)

    def add(
        self,
        space: LatentSpace,
        latent: Float[Tensor, "*latent"],
        dataset: str,
        position: Float[np.ndarray, "2"] | None,
        owner: str,
        card: dict[str, Any] | None = None,
    ) -> Point:
        """Keep a latent, and return its point, which cannot be guessed: whoever knows it may use it."""
        space.check(latent[None])
        own = OwnPoint(space.name, latent, dataset, position, card or {})
        return Point(dataset=MINE, key=self._points.add(own, owner))

    def get(self, point: Point, model: str) -> OwnPoint:
        """A point of this model. Raises UnknownPointError, also for a point of another one."""
        found = self._points.get(point.key)
        if found is None:
            raise UnknownPointError(f"{point} is unknown or no longer kept: open the picture again")
        if found.model != model:
            raise UnknownPointError(f"{point} belongs to {found.model}: its latent means nothing to {model}")
        return found

    def of(self, owner: str, model: str) -> dict[Point, OwnPoint]:
        """A person's points of one model, the longest unused first."""
        points = self._points.of(owner)
        return {Point(dataset=MINE, key=key): own for key, own in points.items() if own.model == model}

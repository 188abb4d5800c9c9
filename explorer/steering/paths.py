"""The latents that a morph describes: on the way from A to B, and moved by its rack."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from explorer.data.latent_table import LatentStore
from explorer.device.futures import both, done, flatten, then
from explorer.operations.directions import Direction, unit
from explorer.operations.interpolation import lerp
from explorer.steering.morph import Morph
from explorer.steering.rack import Steer, Steering
from explorer.steering.responses import Responses
from models.base import LatentModel

Pair = tuple[Float[Tensor, "*latent"], Float[Tensor, "*latent"]]


@dataclass(frozen=True)
class Paths:
    """Latents of one model's morphs; never blocks.

    All methods raise UnknownPointError and UnknownDirectionError, and in the future ValueError where holding
    leaves nothing of a direction.
    """

    model: LatentModel
    store: LatentStore
    steering: Steering
    responses: Responses

    def latents(self, morph: Morph, t: Float[Tensor, " t"]) -> Future[Float[Tensor, "t *latent"]]:
        """The latents at `t` in [0, 1] from A to B, steered; the way is straight where it visits none.

        What the rack adds is asked for at A and at B, and mixed between them: to measure it anew for every
        frame would take longer than the frame.
        """
        path = morph.interpolation.function if morph.has_latents else lerp
        way = then(self._ends(morph), lambda ends: path(*ends, t))
        if not morph.steer:
            return way
        return then(both(way, self._displacements(morph)), lambda found: found[0] + lerp(*found[1], t))

    def direction(self, morph: Morph, key: str) -> Future[Direction]:
        """A direction as one more slider would move along it: without what the morph's rack holds."""
        found = self.steering.direction(key)
        still = (entry.model_copy(update={"strength": 0.0}) for entry in morph.steer)
        moved = morph.model_copy(update={"steer": (*still, Steer(direction=key, strength=1.0))})

        def along(steps: Pair) -> Direction:
            step = lerp(*steps, torch.tensor([morph.alpha]))[0]
            return replace(found, vector=unit(step), std=float(step.norm()))

        return then(self._displacements(moved), along)

    def _ends(self, morph: Morph) -> Future[Pair]:
        return both(self.store.request(morph.a), self.store.request(morph.b))

    def _displacements(self, morph: Morph) -> Future[Pair]:
        """What the rack adds at A and at B."""
        self.steering.directions(morph.steer)  # raises here, and not in the future
        ends = self._ends(morph)
        return flatten(
            then(ends, lambda ab: both(self._displacement(morph, ab[0]), self._displacement(morph, ab[1])))
        )

    def _displacement(self, morph: Morph, latent: Float[Tensor, "*latent"]) -> Future[Tensor]:
        """By the response measured at a latent, where something is held.

        Not for spatial latents, which come back from their picture nearly as they were.
        """
        if latent.ndim > 1 or not self.steering.holds(morph.steer):
            return done(self.steering.displacement(latent, morph.steer))
        directions = dict.fromkeys(self.steering.directions(morph.steer))
        response = self.responses.request(self.model, latent, tuple(directions))
        return then(response, lambda found: self.steering.displacement(latent, morph.steer, found))

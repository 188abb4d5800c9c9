"""The latents that a morph describes: on the way from A to B, and moved by its rack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from explorer.operations import Direction, lerp, unit
from explorer.steering.jacobians import Jacobians
from explorer.steering.morph import Morph
from explorer.steering.rack import Steer, Steering
from models.base import LatentModel

Ends = tuple[Float[Tensor, "*latent"], Float[Tensor, "*latent"]]


@dataclass(frozen=True, eq=False)
class Path:
    """From A to B, with what the rack adds at each: all frames of a drag share it."""

    way: Callable[[Tensor, Tensor, Tensor], Tensor]
    ends: Ends
    moves: Ends | None

    def latents(self, t: Float[Tensor, " t"]) -> Float[Tensor, "t *latent"]:
        """The latents at `t` in [0, 1]. Raises InputError for other t.

        What the rack adds is mixed between A and B: to measure it anew for every frame would take longer
        than the frame.
        """
        way = self.way(*self.ends, t)
        return way if self.moves is None else way + lerp(*self.moves, t)


async def find_path(
    model: LatentModel, steering: Steering, jacobians: Jacobians, ends: Ends, morph: Morph
) -> Path:
    """The path of a morph between the latents of its ends; straight where it visits none.

    Raises UnknownDirectionError, InputError where holding leaves nothing of a direction, and what the worker
    raises.
    """
    way = morph.interpolation.function if morph.has_latents else lerp
    if not morph.steer:
        return Path(way, ends, None)
    return Path(way, ends, await _moves(model, steering, jacobians, ends, morph.steer))


async def find_direction_along(
    model: LatentModel, steering: Steering, jacobians: Jacobians, ends: Ends, morph: Morph, key: str
) -> Direction:
    """A direction as one more slider would move along it: without what the morph's rack holds.

    Raises as `find_path`.
    """
    found = steering.direction(key)
    still = (entry.model_copy(update={"strength": 0.0}) for entry in morph.steer)
    rack = (*still, Steer(direction=key, strength=1.0))
    step = lerp(*await _moves(model, steering, jacobians, ends, rack), torch.tensor([morph.alpha]))[0]
    return replace(found, vector=unit(step), std=float(step.norm()))


async def _moves(
    model: LatentModel, steering: Steering, jacobians: Jacobians, ends: Ends, rack: tuple[Steer, ...]
) -> Ends:
    """What the rack adds at A and at B, by the Jacobians measured there where something is held.

    Not for spatial latents, which come back from their picture nearly as they were, nor without an encoder:
    there holding is the orthogonal projection.
    """
    directions = tuple(dict.fromkeys(steering.directions(rack)))
    if model.space.is_spatial or not model.can_encode or not steering.holds(rack):
        a, b = (steering.displacement(end, rack) for end in ends)
        return a, b
    measured = await asyncio.gather(*(jacobians.at(model, end, directions) for end in ends))
    a, b = (steering.displacement(end, rack, found) for end, found in zip(ends, measured, strict=True))
    return a, b

"""A view: one data set in one model, and what can be asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from explorer.data import FIRST, Dataset, LatentTable, OwnPoint, Point
from explorer.device import Slot
from explorer.measures import Effect, effects, is_well_read
from explorer.operations import Direction
from explorer.steering import Morph, Path, Steering, find_direction_along, find_path
from explorer.views.shared import Shared
from models.base import LatentModel
from models.errors import InputError

SLOW_MS = 250  # a frame; what takes longer is not decoded and encoded again only to tell what changed

Position = Float[np.ndarray, "2"]
Values = Shaped[np.ndarray, "n ..."]


@dataclass(frozen=True, eq=False)
class View:
    """One data set in one model; safe to use from any thread and any event loop.

    What waits for the device is awaited, also in a notebook; in a thread of its own `asyncio.run` does it.
    Points may be of any data set that is open in this model. All raise UnknownPointError and
    UnknownDirectionError, and what DecodeWorker raises.
    """

    dataset: Dataset
    model: LatentModel
    latents: LatentTable
    steering: Steering
    shared: Shared
    table_of: Callable[[str], LatentTable]  # by the name of another data set

    async def latent(self, point: Point) -> Float[Tensor, "*latent"]:
        """The latent of a point; one that is not encoded yet is encoded first."""
        if point.is_own:
            return self.own(point).latent
        table, row = self.row(point)
        requested = table.request(row)
        if requested.done():
            return requested.result()
        return await asyncio.shield(asyncio.wrap_future(requested))  # others may wait for it too

    def position(self, point: Point) -> Position | None:
        """Where a point lies on this data set's map; None where it does not.

        A person's own, whose place is of another map, lies among its nearest neighbours here.
        """
        if not point.is_own:
            table, row = self.row(point)
            return table.position(row) if table is self.latents else None
        own = self.own(point)
        if own.position is not None and own.dataset == self.dataset.name:
            return own.position
        places = self.latents.place(own.latent[None])
        return None if places is None else places[0]

    async def path(self, morph: Morph) -> Path:
        """What leads from A to B, steered.

        Raises InputError for a morph of another model, and where holding leaves nothing of a direction.
        """
        self._check(morph)
        key = (morph.model, morph.a, morph.b, morph.method, morph.steer, self.steering.version(morph.steer))
        with self.shared.lock:
            if kept := self.shared.paths.get(key):
                return kept
        found = await find_path(
            self.model, self.steering, self.shared.jacobians, await self._ends(morph), morph
        )
        with self.shared.lock:
            self.shared.paths[key] = found
        return found

    async def frames(
        self,
        morph: Morph,
        alphas: Sequence[float],
        slot: Slot | None = None,
        by: LatentModel | None = None,
    ) -> Values:
        """What is decoded at `alphas` in [0, 1] (morph.alpha is not used), as the model's media keeps it.

        `slot` as in DecodeWorker.submit; `by` is a model of the same latents that previews them.
        Raises InputError for alphas outside of [0, 1].
        """
        media, path = self.model.media, await self.path(morph)
        if morph.has_latents:
            t = torch.tensor([*alphas], dtype=torch.float32)
            return await self.decoded(path.latents(t), slot, by)
        a, b = await self.decoded(path.latents(torch.tensor([0.0, 1.0])), slot, by)
        return media.blend(a, b, check_alphas(alphas))

    async def decoded(
        self, latents: Float[Tensor, "n *latent"], slot: Slot | None = None, by: LatentModel | None = None
    ) -> Values:
        """What is decoded at latents; without a slot as one bulk request, never dropped."""
        future = self.shared.worker.submit(by or self.model, latents, slot, preview=by is not None)
        return future.result() if future.done() else await asyncio.wrap_future(future)

    async def point(self, morph: Morph) -> Float[Tensor, "*latent"]:
        """The one latent of a morph. Raises InputError for a cross-fade, which has none."""
        if not morph.has_latents:
            raise InputError("A cross-fade mixes decodes and has no latent: choose another path")
        return (await self.path(morph)).latents(torch.tensor([morph.alpha]))[0]

    async def direction(self, morph: Morph, key: str) -> Direction:
        """A direction as one more slider would move along it: without what the morph's rack holds."""
        self._check(morph)
        ends = await self._ends(morph)
        return await find_direction_along(self.model, self.steering, self.shared.jacobians, ends, morph, key)

    async def effects(self, morph: Morph) -> list[Effect] | None:
        """What a morph's steering changed, by every built-in direction and every moved one.

        None where nothing can be read: for a model without an encoder, or slow on this device.
        """
        worker, name = self.shared.worker, self.model.space.name
        if not self.model.can_encode or worker.telemetry.ms_per_frame(name) > SLOW_MS:
            return None
        before = await self.point(morph.model_copy(update={"steer": ()}))
        both = torch.stack([before, await self.point(morph)])
        own = {entry.direction: self.steering.direction(entry.direction) for entry in morph.steer}
        traits = {key: trait for key, trait in (self.steering.built_in | own).items() if is_well_read(trait)}
        if not traits:
            return []  # and no decoding, which takes some models seconds
        returned = await asyncio.wrap_future(worker.submit_reencode(self.model, both))
        return effects(returned, traits)

    def _check(self, morph: Morph) -> None:
        """Other models' latents may have this one's shape, and all paths are kept together."""
        if morph.model != self.model.space.name:
            raise InputError(f"expected a morph of {self.model.space.name}, got one of {morph.model}")

    async def _ends(self, morph: Morph) -> tuple[Tensor, Tensor]:
        a, b = await asyncio.gather(self.latent(morph.a), self.latent(morph.b))
        return a, b

    def named(self, key: str) -> str:
        """The id of what the model gives in this data set, such as a principal component of its latents."""
        return key if self.dataset.name == FIRST else f"{self.dataset.name}:{key}"

    def own(self, point: Point) -> OwnPoint:
        """What is kept of a person's point."""
        return self.shared.own_points.get(point, self.model.space.name)

    def row(self, point: Point) -> tuple[LatentTable, int]:
        """The table of a data set's point, and its row there."""
        own = point.dataset == self.dataset.name
        table = self.latents if own else self.table_of(point.dataset)
        return table, table.dataset.row(point.key)


def check_alphas(alphas: Sequence[float]) -> Float[np.ndarray, " t"]:
    """The alphas, where all are in [0, 1]; raises InputError elsewhere."""
    t = np.array(alphas, float)
    if not ((t >= 0) & (t <= 1)).all():  # NaN too
        raise InputError(f"alpha: expected numbers from 0 to 1, got {t.tolist()}")
    return t

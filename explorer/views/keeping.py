"""What a person gets to keep: directions that they find, pictures that they bring, latents that they make."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from explorer.data import LatentTable, Point, examine
from explorer.measures import mean_distances
from explorer.operations import Direction
from explorer.steering import DirectionQuery, find
from explorer.views.view import View
from models.errors import InputError
from models.pictures import data_url

FAR = 20.0  # times as far from the data's mean as the data on average: nothing is decoded beyond
MOST_MISSING = 64  # points of groups that are encoded on demand


async def find_direction(view: View, query: DirectionQuery, owner: str) -> tuple[str, Direction]:
    """Find a direction in the view's data, and keep it under an id for a person.

    Fits have threads of their own, and wait for one there. Raises InputError that says what is wrong with the
    query or the data.
    """
    plus, minus = query.groups
    latents = await _group_latents(view, [*plus, *minus]) if plus else None
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(view.shared.fits, find, query, view.model, view.latents, latents)
    if query.id is None:
        return view.steering.add(found, owner), found
    return view.steering.name(found, view.named(query.id)), found


def bring(view: View, file: bytes, owner: str) -> Point:
    """Encode a file, say how well the model knows its like, and keep it as a person's point; blocks.

    Raises CannotEncodeError for a model without an encoder, and InputError for a file of another kind.
    """
    upload = examine(view.model, view.shared.worker, view.latents, file)
    card = {
        "original": data_url(view.model.media.picture(upload.original)),
        "reconstruction": data_url(view.model.media.picture(upload.reconstruction)),
        "psnr": upload.psnr,
        "known": upload.known,
        "verdict": upload.verdict,
        "notes": upload.notes,
    }
    return _add(view, upload.latent, owner, card)


def keep(
    view: View, latent: Float[Tensor, "*latent"], owner: str, card: dict[str, Any] | None = None
) -> Point:
    """Keep a latent as a person's point, on the map among its nearest neighbours; goes through all the data.

    Raises InputError for one that lies FAR out: made from again and again, it would go ever farther.
    """
    check_distance(latent, view.latents)
    return _add(view, latent, owner, card)


def _add(view: View, latent: Float[Tensor, "*latent"], owner: str, card: dict[str, Any] | None) -> Point:
    places = view.latents.place(latent[None])
    position = None if places is None else places[0]
    return view.shared.own_points.add(view.model.space, latent, view.dataset.name, position, owner, card)


def check_distance(latent: Float[Tensor, "*latent"], table: LatentTable) -> None:
    """Raises InputError for a latent so far out that no decoder knows anything; goes through the data."""
    data = table.encoded
    if len(data) < 2:
        return
    table.space.check(latent[None])
    own, others = mean_distances(latent, data)
    distance, usual = float(own), float(others.mean())
    if usual > 0 and not distance <= FAR * usual:
        raise InputError(
            f"this lies {distance / usual:.3g} times as far from the data's mean as the data:"
            f" beyond {FAR:g} times nothing is decoded; take smaller weights or strengths"
        )


async def _group_latents(view: View, points: Sequence[Point]) -> Float[Tensor, "n *latent"]:
    """All are requested before one is waited for, so that they are encoded in batches."""
    rows = [view.row(point) for point in points if not point.is_own]
    missing = sum(not bool(table.filled[row]) for table, row in rows)
    if missing > MOST_MISSING:
        raise InputError(
            f"{missing:,} of these points are not encoded with this model yet:"
            f" wait until they are, or choose at most {MOST_MISSING} of them"
        )
    return torch.stack(await asyncio.gather(*map(view.latent, points)))

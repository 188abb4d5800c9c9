"""A person's own file: encoded, rebuilt, and judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.latent_table import LatentTable
from explorer.device import DecodeWorker
from explorer.measures import Reach, psnr, recognise, variance
from models.base import LatentModel
from models.pictures import open_picture

THUMBNAIL = 64  # pixels, at which the contrast of the data is measured
EXACT_DB = 99.0  # told of what comes back without any difference


@dataclass(frozen=True, eq=False)
class Upload:
    """What became of a person's file."""

    latent: Float[Tensor, "*latent"]
    original: np.ndarray  # the part of it that the model saw, quantised
    reconstruction: np.ndarray
    psnr: float | None  # dB, of a picture's reconstruction; None for other media
    known: bool  # False: far from what the model knows
    verdict: str
    notes: tuple[str, ...]  # on what of the file is not shown as it is


def examine(model: LatentModel, worker: DecodeWorker, table: LatentTable, file: bytes) -> Upload:
    """Take in a file; blocks. What the model knows is judged by the data set that it ships with, if it does.

    Raises CannotEncodeError, and InputError for a file of another kind.
    """
    original, notes = model.media.unpack(file)
    latent = worker.encode(model, original[None])[0]
    reconstruction = worker.decode(model, latent[None])[0]
    if model.media.name == "picture":
        reach = reach_of(table.dataset) if _ships_with(table, model) else None
        distance = float(table.nearest(latent[None], 1)[1][0, 0]) if reach else math.inf
        known, verdict = recognise(original, reconstruction, distance, reach)
        quality = min(psnr(original, reconstruction), EXACT_DB)
    else:
        apart = f"{model.media.distance(original, reconstruction):.3g} {model.media.unit}"
        quality, known, verdict = None, True, f"Rebuilt with a difference of {apart}."
    return Upload(latent, original, reconstruction, quality, known, verdict, notes)


@lru_cache(maxsize=2)
def reach_of(dataset: Dataset) -> Reach | None:
    """What the held-out data reach with the model that they ship for; None without any."""
    shipped = dataset.shipped
    held = np.flatnonzero(dataset.splits == "held-out")
    others = np.flatnonzero(dataset.splits != "held-out")
    if shipped is None or not (len(held) and len(others)):
        return None
    thumbnails = [dataset.thumbnails[row] for row in held.tolist()]
    variances = np.array([variance(open_picture(file, THUMBNAIL).pixels) for file in thumbnails])
    return Reach.of(shipped.psnr[held], variances, shipped.latents[held], shipped.latents[others])


def _ships_with(table: LatentTable, model: LatentModel) -> bool:
    """Whether the data set's own figures are of this model's weights."""
    shipped = table.dataset.shipped
    return shipped is not None and shipped.model == model.space.name and table.latents is shipped.latents

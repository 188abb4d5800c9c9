"""A person's own picture: encoded, rebuilt, placed on the map, and judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from explorer.data.dataset import Dataset
from models.pictures import fit, open_picture
from explorer.measures.metrics import psnr
from explorer.data.projection import Projection
from explorer.data.latent_table import LatentStore
from explorer.device.worker import DecodeWorker
from models.base import LatentModel

PERCENTILE = 1.0  # of the held-out portraits' PSNR: below it a picture is far from what the model knows


@dataclass(frozen=True, eq=False)
class Upload:
    """What became of an uploaded picture."""

    id: str
    original: UInt8[np.ndarray, "h w 3"]  # the part of the picture that the model saw
    reconstruction: UInt8[np.ndarray, "h w 3"]
    psnr: float  # dB, of the reconstruction
    coordinates: Float[np.ndarray, "2"] | None  # on the map; None while there is no map
    known: bool  # False: far from what the model knows
    verdict: str


def upload(
    model: LatentModel,
    worker: DecodeWorker,
    store: LatentStore,
    projection: Projection | None,
    picture: bytes | Path,
    expected: float | None,
) -> Upload:
    """Take in a picture file; blocks. `expected` is the PSNR below which the model does not know its like.

    Raises PictureError for a file that is no picture.
    """
    original = fit(open_picture(picture), model.space.image_size)
    latent = worker.encode(model, original[None])[0]
    reconstruction = worker.decode(model, latent[None])[0]
    quality = psnr(original, reconstruction)
    position = projection.transform(latent[None])[0] if projection else None
    known = expected is None or quality >= expected
    point = store.add(latent, position)
    return Upload(point, original, reconstruction, quality, position, known, _verdict(quality, expected))


def expected_psnr(dataset: Dataset) -> float | None:
    """The PSNR that 99 % of the held-out portraits reach with the bundled model; None without any."""
    held_out = dataset.psnr[dataset.splits == "held-out"]
    return float(np.percentile(held_out, PERCENTILE)) if len(held_out) else None


def _verdict(quality: float, expected: float | None) -> str:
    if expected is None:
        return f"Rebuilt at {quality:.1f} dB."
    reach = f"{100 - PERCENTILE:.0f} % of its own held-out portraits reach {expected:.1f} dB or more"
    if quality >= expected:
        return f"Rebuilt at {quality:.1f} dB, which is what the Face VAE does for its own world ({reach})."
    return (
        f"Far from what the Face VAE knows: rebuilt at {quality:.1f} dB, while {reach}; "
        "it was trained on synthetic portraits only."
    )

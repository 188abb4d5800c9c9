"""What a model's prior gives, as a data set: for models that no other data set can be encoded with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PIL import Image

from explorer.data.catalogue import SAMPLES
from explorer.data.dataset import Dataset, Presentation, Shipped
from explorer.data.projection import Arguments, fit
from explorer.device import DecodeWorker
from models.base import LatentModel
from models.errors import InputError
from models.pictures import encode_webp

COUNT, SEED = 500, 0
SIDE = 64  # pixels of a thumbnail
STEP = 16  # samples decoded at a time


def draw_samples(model: LatentModel, worker: DecodeWorker) -> Dataset:
    """COUNT samples of the prior with the distance of each from 0; blocks, as background work.

    Raises InputError for a model without a prior, and what decoding raises.
    """
    space, media = model.space, model.media
    if space.prior is None:
        raise InputError(f"{space.name} has no prior, so nothing says which of its latents to sample")
    latents = space.prior.sample(COUNT, SEED)
    values = [
        value
        for start in range(0, COUNT, STEP)
        for value in worker.decode(model, latents[start : start + STEP], background=True)
    ]
    arguments = Arguments(seed=SEED)
    return Dataset(
        name=SAMPLES,
        title="Samples of the prior",
        media=media,
        labels=pd.DataFrame({"distance_from_0": latents.flatten(1).norm(dim=1).numpy()}),
        splits=np.full(COUNT, "train"),
        thumbnails=[_thumbnail(media.picture(value)) for value in values],
        files=[media.pack(value) for value in values],
        shipped=Shipped(
            model=space.name,
            latents=latents,
            coordinates=fit(latents, arguments),
            arguments=arguments.to_json(),
            psnr=np.full(COUNT, np.nan, np.float32),
        ),
        presentation=Presentation(singular="sample", colour="distance_from_0"),
    )


def _thumbnail(picture: np.ndarray) -> bytes:
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return encode_webp(np.asarray(small))

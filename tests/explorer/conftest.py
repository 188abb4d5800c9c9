"""A small world of the toy model: its own decodes are the portraits, so that every latent is known."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from explorer.data.dataset import Dataset
from explorer.data.projection import Arguments
from models.pictures import fit, open_picture, to_tensor, to_uint8
from models.toy import ToyModel

PORTRAITS, WITH_PICTURE = 60, 40


def lossless(picture: np.ndarray, size: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).resize((size, size), Image.Resampling.NEAREST).save(
        buffer, "WEBP", lossless=True
    )
    return buffer.getvalue()


@pytest.fixture(scope="session")
def toy_dataset() -> Dataset:
    """60 portraits, 40 of them with a picture at 128 px, as if the toy were the bundled model."""
    generator = torch.Generator().manual_seed(7)
    latents = torch.randn(PORTRAITS, 8, generator=generator).clamp(-1.5, 1.5)
    pictures = to_uint8(ToyModel().decode(latents))
    pictured = [lossless(picture, 128) for picture in pictures[:WITH_PICTURE]]
    seen = np.stack([fit(open_picture(file), 16) for file in pictured])  # resampling blurs a little
    latents[:WITH_PICTURE] = ToyModel().encode(to_tensor(seen))
    return Dataset(
        labels=pd.DataFrame(
            {"age": np.linspace(18, 80, PORTRAITS), "hair": ["long", "long", "short", "short"] * 15}
        ),
        splits=np.array(["train", "held-out"] * 30),
        thumbnails=[lossless(picture, 64) for picture in pictures],
        portraits=[*pictured, *[None] * (PORTRAITS - WITH_PICTURE)],
        latents=latents,
        coordinates=latents[:, :2].numpy().copy(),
        psnr=np.linspace(40, 50, PORTRAITS, dtype=np.float32),
        metadata={"model": "toy", "map": Arguments(method="pca").to_json()},
    )

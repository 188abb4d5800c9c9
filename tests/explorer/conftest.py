"""A small world of the toy model: its own decodes are the portraits, so that every latent is known."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from explorer.data import Arguments, Dataset, Shipped
from explorer.data.dataset import Presentation
from explorer.device import DecodeWorker
from models.media import Picture
from models.pictures import to_tensor, to_uint8
from models.toys.vector import ToyModel

PORTRAITS, WITH_FILE = 60, 40


@pytest.fixture
def worker() -> Iterator[DecodeWorker]:
    """A worker of the test's own, on the CPU."""
    with DecodeWorker(torch.device("cpu")) as worker:
        yield worker


def lossless(picture: np.ndarray, size: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).resize((size, size), Image.Resampling.NEAREST).save(
        buffer, "WEBP", lossless=True
    )
    return buffer.getvalue()


@pytest.fixture(scope="session")
def toy_dataset() -> Dataset:
    """60 portraits, 40 of them with a file of 128 px, as if the toy were the bundled model."""
    latents = torch.randn(PORTRAITS, 8, generator=torch.Generator().manual_seed(7)).clamp(-1.5, 1.5)
    pictures = to_uint8(ToyModel().decode(latents))
    files = [lossless(picture, 128) for picture in pictures[:WITH_FILE]]
    seen = np.stack([Picture(16).unpack(file).value for file in files])  # resampling blurs a little
    latents[:WITH_FILE] = ToyModel().encode(to_tensor(seen))
    return Dataset(
        name="portraits",
        title="Toy portraits",
        media=Picture(128),
        labels=pd.DataFrame(
            {"age": np.linspace(18, 80, PORTRAITS), "hair": ["long", "long", "short", "short"] * 15}
        ),
        splits=np.array(["train", "held-out"] * 30),
        thumbnails=[lossless(picture, 64) for picture in pictures],
        files=[*files, *[None] * (PORTRAITS - WITH_FILE)],
        shipped=Shipped(
            model="toy",
            latents=latents,
            coordinates=latents[:, :2].numpy().copy(),
            arguments=Arguments(method="pca").to_json(),
            psnr=np.linspace(40, 50, PORTRAITS, dtype=np.float32),
        ),
        presentation=Presentation(singular="portrait", colour="age"),
    )


@pytest.fixture(scope="session")
def toy_latents(toy_dataset: Dataset) -> torch.Tensor:
    """What ships of the 60 portraits in the toy."""
    assert toy_dataset.shipped is not None
    return toy_dataset.shipped.latents

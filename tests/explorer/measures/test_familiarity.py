from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from skimage import data

import models
from explorer.data import Dataset, LatentTable, load_dataset
from explorer.data.encoding import value_of
from explorer.data.uploads import reach_of
from explorer.measures import Reach, recognise
from models.base import LatentModel
from models.pictures import to_tensor, to_uint8

SIZE = 128
Y, X = np.mgrid[:SIZE, :SIZE]
NOISE = np.random.default_rng(0).normal(0, 1, (SIZE, SIZE, 3))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="module")
def model() -> LatentModel:
    return models.load("face-vae", "cpu")


@pytest.fixture(scope="module")
def asked(model: LatentModel, dataset: Dataset) -> Callable[[np.ndarray], tuple[bool, str]]:
    """The verdict on a picture, as an upload gets it."""
    store = LatentTable(model.space, dataset, dataset.shipped.latents, dataset.shipped.coordinates)
    reach = reach_of(dataset)

    def ask(picture: np.ndarray) -> tuple[bool, str]:
        latent = model.encode(to_tensor(picture[None]))
        distance = float(store.nearest(latent, 1)[1][0, 0])
        return recognise(picture, to_uint8(model.decode(latent))[0], distance, reach)

    return ask


def photograph(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(ImageOps.fit(Image.fromarray(pixels), (SIZE, SIZE), Image.Resampling.LANCZOS))


def grey(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)


def flat(*colour: int) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), colour, np.uint8)


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (flat(128, 128, 128), "flat"),
        (flat(0, 0, 0), "flat"),
        (flat(200, 160, 140), "flat"),
        (flat(200, 30, 30), "flat"),
        ((128 + 1 * NOISE).astype(np.uint8), "flat"),
        ((128 + 5 * NOISE).astype(np.uint8), "There is little in"),
        (grey(100 + X // 4), "There is little in"),
        (grey(2 * X), "unlike the data"),
        (grey(2 * Y), "unlike the data"),
        ((128 + 80 * NOISE).clip(0, 255).astype(np.uint8), "Far from"),
        (photograph(data.astronaut()), "Far from"),
        (photograph(data.astronaut()[:150, 150:300]), "Far from"),
        (photograph(data.coffee()), "Far from"),
    ],
    ids=["grey", "black", "skin", "red", "grain", "weak noise", "soft gradient", "gradient across",
         "gradient down", "noise", "astronaut", "her face", "coffee"],
)  # fmt: skip
def test_what_is_not_of_the_data_is_not_called_known(
    asked: Callable[[np.ndarray], tuple[bool, str]], picture: np.ndarray, sentence: str
) -> None:
    known, verdict = asked(picture)
    assert not known
    assert sentence in verdict


def test_nearly_all_of_the_held_out_examples_are_known(
    asked: Callable[[np.ndarray], tuple[bool, str]], dataset: Dataset, model: LatentModel
) -> None:
    rows = np.flatnonzero(dataset.splits[:1024] == "held-out")[::5]
    verdicts = [asked(value_of(dataset, int(row), model)) for row in rows]
    assert np.mean([known for known, _ in verdicts]) > 0.96
    assert "as the data are: 99 % of the held-out examples reach" in verdicts[0][1]


def test_without_examples_the_figure_is_told_and_a_flat_picture_still() -> None:
    picture = grey(2 * X)
    assert recognise(picture, picture, np.inf, None) == (True, "It is rebuilt exactly.")
    known, verdict = recognise(flat(9, 9, 9), flat(11, 11, 11), np.inf, None)
    assert not known
    assert "flat" in verdict


def test_a_reach_is_what_99_percent_have() -> None:
    generator, noise = np.random.default_rng(1), torch.Generator().manual_seed(1)
    held, others = torch.randn(500, 4, generator=noise), torch.randn(900, 4, generator=noise)
    quality = generator.uniform(20, 30, 500).astype(np.float32)
    reach = Reach.of(quality, np.full(500, 900.0), held, others)
    assert (quality >= reach.psnr).mean() == pytest.approx(0.99, abs=0.003)
    nearest = torch.cdist(held, others).min(dim=1).values
    assert (nearest <= reach.distance).float().mean() == pytest.approx(0.99, abs=0.003)
    assert reach.explained == pytest.approx(1 - 255**2 / 10 ** (reach.psnr / 10) / 900, abs=1e-3)

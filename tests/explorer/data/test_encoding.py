"""One item: as a model takes it, and whether its latent is still the model's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import models
from explorer.data import Dataset, agrees, fits, request_latent
from explorer.data.encoding import value_of
from explorer.device import ASKING, DecodeWorker, User
from models.errors import InputError
from models.media import Sound
from models.toys.vector import ToyModel
from tests.explorer.toys import GatedToy


@pytest.fixture
def shown(toy_dataset: Dataset) -> Dataset:
    return toy_dataset.with_files()


@pytest.fixture
def expected(toy_latents: Tensor) -> Tensor:
    return toy_latents[:40]


def test_agreement_is_of_shape_and_values(worker: DecodeWorker, shown: Dataset, expected: Tensor) -> None:
    assert agrees(ToyModel(), worker, shown, expected[0], tolerance=0.05)
    assert not agrees(ToyModel(), worker, shown, expected[1], tolerance=0.05)
    assert not agrees(ToyModel(), worker, shown, torch.zeros(9), tolerance=0.05)
    assert not agrees(ToyModel(), worker, shown, torch.full((8,), float("nan")), tolerance=0.05)


def test_an_item_comes_as_the_model_takes_it(toy_dataset: Dataset) -> None:
    assert value_of(toy_dataset, 0, models.load("toy-spatial")).shape == (64, 64, 3)
    assert value_of(toy_dataset, 0, ToyModel()).shape == (16, 16, 3)
    with pytest.raises(InputError, match="portrait 50 ships as a thumbnail only"):
        value_of(toy_dataset, 50, ToyModel())


@pytest.mark.parametrize(
    ("model", "is_fit"),
    [("toy", True), ("toy-spatial", True), ("toy-generator", False), ("toy-sound", False)],
)
def test_a_model_takes_in_its_own_media_if_it_can_encode(
    toy_dataset: Dataset, model: str, is_fit: bool
) -> None:
    assert fits(toy_dataset, models.load(model)) == is_fit
    assert not fits(replace(toy_dataset, media=Sound(8000, 8000)), ToyModel())


def test_one_item_is_encoded_on_demand(
    worker: DecodeWorker, toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    latent = request_latent(ToyModel(), worker, toy_dataset, 7).result(20)
    torch.testing.assert_close(latent, toy_latents[7], atol=1e-4, rtol=0)
    with pytest.raises(InputError, match="portrait 50"):
        request_latent(ToyModel(), worker, toy_dataset, 50)


def test_what_cannot_be_encoded_reaches_who_asked(worker: DecodeWorker, toy_dataset: Dataset) -> None:
    class Failing(ToyModel):
        def _encode(self, images: Tensor) -> Tensor:
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        request_latent(Failing(), worker, toy_dataset, 7).result(20)


def test_an_item_stays_asked_for_when_the_first_who_asked_has_left(
    worker: DecodeWorker, toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    """Others wait for the same row: one who closed the page took it from all of them."""
    busy, first = GatedToy(), User()
    decode = worker.submit(busy, torch.zeros(1, 8))  # the device is at work, so that the encode waits
    assert busy.reached.wait(20)
    token = ASKING.set(first)
    asked = request_latent(ToyModel(), worker, toy_dataset, 7)
    ASKING.reset(token)
    first.leave()
    busy.gate.set()
    torch.testing.assert_close(asked.result(20), toy_latents[7], atol=1e-4, rtol=0)
    np.testing.assert_array_equal(decode.result(20).shape, (1, 16, 16, 3))

"""What a prior gives, as a data set."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

import models
from explorer.data import SAMPLES, Arguments, Dataset, draw_samples, labels_of, samples
from explorer.device import DecodeWorker
from models.errors import InputError


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "COUNT", 40)


def drawn(name: str, worker: DecodeWorker) -> Dataset:
    return draw_samples(models.load(name), worker)


@pytest.mark.parametrize(
    "name",
    ["toy", "toy-spatial", "toy-generator", "toy-tokens", "toy-layers", "toy-sound", "toy-words", "toy-pair"],
)
def test_every_prior_gives_a_data_set(worker: DecodeWorker, name: str) -> None:
    model, data = models.load(name), drawn(name, worker)
    assert (data.name, data.media, len(data)) == (SAMPLES, model.media, 40)
    assert data.shipped is not None
    assert data.shipped.model == name
    assert data.shipped.latents.shape == (40, *model.space.shape)
    assert data.shipped.coordinates.shape == (40, 2)
    assert Arguments(**json.loads(data.shipped.arguments)).method == "umap"
    assert data.row("39") == 39
    for thumbnail in (data.thumbnails[0], data.thumbnails[39]):
        with Image.open(BytesIO(thumbnail)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (64, 64))
    files = [file for file in data.files if file is not None]
    assert len(files) == 40
    value = model.media.unpack(files[3]).value
    decoded = model.media.quantise(model.decode(data.shipped.latents[3:4])).numpy()[0]
    assert model.media.distance(value, decoded) < 10, "the file holds what the latent decodes to"


def test_its_label_is_the_distance_from_0(worker: DecodeWorker) -> None:
    data = drawn("toy", worker)
    assert data.shipped is not None
    labels = labels_of(data)
    assert list(labels) == ["distance_from_0", "split"], "nobody measured how well it is rebuilt"
    expected = data.shipped.latents.norm(dim=1)
    np.testing.assert_allclose(labels["distance_from_0"].values, expected, rtol=1e-6)
    assert data.presentation.colour == "distance_from_0"
    assert set(data.splits) == {"train"}


def test_they_are_the_same_every_time(worker: DecodeWorker) -> None:
    first, second = drawn("toy", worker), drawn("toy", worker)
    assert first.shipped is not None
    assert second.shipped is not None
    assert torch.equal(first.shipped.latents, second.shipped.latents)
    assert first.thumbnails == second.thumbnails


def test_without_a_prior_there_is_nothing_to_draw(worker: DecodeWorker) -> None:
    model = models.load("toy")
    model.space = type(model.space)("bare", (8,), ("dim",))
    with pytest.raises(InputError, match="bare has no prior, so nothing says which of its latents to sample"):
        draw_samples(model, worker)

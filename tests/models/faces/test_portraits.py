from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from explorer.data import Arguments
from explorer.data.portraits import load
from explorer.measures.metrics import psnr
from models.errors import InputError
from models.face_vae import FaceVAE
from models.faces import portraits
from models.faces.portraits import MAP, build, write
from models.faces.world.factors import FACTORS, factors_at
from models.faces.world.portrait_set import Manifest, PortraitSet
from models.pictures import open_picture, to_tensor, to_uint8

WEIGHTS = Path(portraits.__file__).parents[2] / "assets" / "face-vae.safetensors"
TRAIN, HELD_OUT, SHOWN = 40, 8, 16


def portrait_set(model: FaceVAE, seed: int, count: int) -> PortraitSet:
    """Pictures that the model itself decodes, with the factors of a rendered set: rendering needs OpenGL."""
    generator = torch.Generator().manual_seed(seed)
    images = to_uint8(model.decode(torch.randn(count, *model.space.shape, generator=generator)))
    factors = pd.DataFrame([factors_at(seed, index).to_dict() for index in range(count)])
    return PortraitSet(Manifest(seed, 128, count), [images], [images[..., 0]], factors)


@pytest.fixture(scope="module")
def model() -> FaceVAE:
    return FaceVAE.load(WEIGHTS)


@pytest.fixture
def sets(model: FaceVAE, monkeypatch: pytest.MonkeyPatch) -> tuple[PortraitSet, PortraitSet]:
    """A training set and a test set, and the builder set to take few of them."""
    for name, value in (("TRAIN", TRAIN), ("HELD_OUT", HELD_OUT), ("SHOWN", SHOWN)):
        monkeypatch.setattr(portraits, name, value)
    return portrait_set(model, 1, TRAIN + 3), portrait_set(model, 3, HELD_OUT)


def test_the_file_is_what_the_app_reads_and_the_same_every_time(
    model: FaceVAE, sets: tuple[PortraitSet, PortraitSet], tmp_path: Path
) -> None:
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    build(
        *sets, model, MAP
    )  # from the first map on numba has denormals flushed, which may round a level otherwise
    for path in paths:
        write(build(*sets, model, MAP), WEIGHTS, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()

    dataset, metadata = load(paths[0]), pq.read_schema(paths[0]).metadata
    assert len(dataset) == TRAIN + HELD_OUT
    assert (dataset.splits[:SHOWN] == "held-out").sum() == (dataset.splits == "held-out").sum() == HELD_OUT
    assert len(dataset.with_files()) == SHOWN
    assert Arguments(**json.loads(dataset.shipped.arguments)) == Arguments(**MAP)
    assert metadata[b"weights_sha256"].decode() == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert [*dataset.labels] == list(FACTORS)
    assert dataset.shipped.coordinates.shape == (TRAIN + HELD_OUT, 2)


def test_every_row_tells_of_its_own_portrait(
    model: FaceVAE, sets: tuple[PortraitSet, PortraitSet], tmp_path: Path
) -> None:
    path = tmp_path / "portraits.parquet"
    write(build(*sets, model, MAP), WEIGHTS, path)
    dataset, columns = load(path), pq.read_table(path).to_pandas()
    for row in range(TRAIN + HELD_OUT):
        source = sets[0] if dataset.splits[row] == "train" else sets[1]
        index = int(columns["index"][row])
        assert columns["id"][row] == row
        assert columns["seed"][row] == source.manifest.seed
        for name, value in factors_at(source.manifest.seed, index).to_dict().items():
            found = dataset.labels[name][row]
            assert found == value if isinstance(value, str) else found == pytest.approx(value, rel=1e-6)
        picture = source.image(index)
        latent = model.encode(to_tensor(picture[None]))
        torch.testing.assert_close(dataset.shipped.latents[row], latent[0], atol=1e-3, rtol=0)
        quality = psnr(picture, to_uint8(model.decode(latent))[0])
        assert dataset.shipped.psnr[row] == pytest.approx(quality, abs=0.05)
        small = open_picture(dataset.thumbnails[row], 32).pixels.astype(float)
        assert np.abs(small - picture.reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))).mean() < 8


def test_sets_that_are_too_small_are_refused(model: FaceVAE, sets: tuple[PortraitSet, PortraitSet]) -> None:
    with pytest.raises(InputError, match="expected 40 training and 8 held-out portraits, got 8 and 8"):
        build(sets[1], sets[1], model, MAP)

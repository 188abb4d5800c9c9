"""A person's own file, judged by how the model rebuilds it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photographs
from torch import Tensor

import models
from explorer.data import Dataset, LatentTable, Upload
from explorer.data import examine as examine_in
from explorer.data.portraits import load
from explorer.data.uploads import reach_of
from explorer.device import DecodeWorker
from explorer.measures import psnr
from models.base import LatentModel
from models.errors import CannotEncodeError, InputError
from models.pictures import PictureError
from models.toys.vector import ToyModel


def examine(model: LatentModel, worker: DecodeWorker, dataset: Dataset, file: bytes) -> Upload:
    """Beside the latents that ship, or none that are known."""
    shipped = dataset.shipped
    if shipped and shipped.model == model.space.name:
        table = LatentTable(model.space, dataset, shipped.latents, None)
    else:
        nothing = torch.zeros(len(dataset), *model.space.shape)
        table = LatentTable(model.space, dataset, nothing, None, lambda _: pytest.fail("asked for a latent"))
    return examine_in(model, worker, table, file)


def png(picture: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def flat(level: int, size: int = 16) -> bytes:
    return png(np.full((size, size, 3), level, np.uint8))


def file_of(dataset: Dataset, row: int) -> bytes:
    file = dataset.files[row]
    assert file is not None
    return file


def test_a_file_is_encoded_and_rebuilt(
    worker: DecodeWorker, toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    upload = examine(ToyModel(), worker, toy_dataset, file_of(toy_dataset, 7))
    torch.testing.assert_close(upload.latent, toy_latents[7], atol=1e-4, rtol=0)
    assert upload.psnr == psnr(upload.original, upload.reconstruction)
    assert upload.original.shape == upload.reconstruction.shape == (16, 16, 3)


def test_the_verdict_compares_with_the_held_out_data(worker: DecodeWorker, toy_dataset: Dataset) -> None:
    assert toy_dataset.shipped is not None
    expected = np.percentile(toy_dataset.shipped.psnr[toy_dataset.splits == "held-out"], 1)
    reach = reach_of(toy_dataset)
    assert reach is not None
    assert reach.psnr == pytest.approx(expected)
    far = examine(ToyModel(), worker, toy_dataset, png(photographs.astronaut()))
    assert not far.known
    told = f"{far.psnr:.1f} dB, while 99 % of the held-out examples reach {expected:.1f} dB or more"
    assert told in far.verdict
    own = examine(ToyModel(), worker, toy_dataset, file_of(toy_dataset, 0))
    assert own.known
    assert "as the data are" in own.verdict


@pytest.mark.parametrize("name", ["another model", "nothing held out", "nothing shipped"])
def test_where_nothing_can_be_compared_the_figure_is_told(
    worker: DecodeWorker, toy_dataset: Dataset, name: str
) -> None:
    assert toy_dataset.shipped is not None
    foreign = {
        "another model": replace(toy_dataset, shipped=replace(toy_dataset.shipped, model="face-vae")),
        "nothing held out": replace(toy_dataset, splits=np.full(60, "train")),
        "nothing shipped": toy_dataset.with_files(),
    }[name]
    upload = examine(ToyModel(), worker, foreign, png(photographs.astronaut()))
    assert upload.known
    assert upload.verdict == f"It is rebuilt at {upload.psnr:.1f} dB."


def test_what_comes_back_without_a_difference_has_a_figure(
    worker: DecodeWorker, toy_dataset: Dataset
) -> None:
    class Remembering(ToyModel):
        """Rebuilds anything it was given, to the last bit."""

        def _encode(self, images: Tensor) -> Tensor:
            self.images = images
            return super()._encode(images)

        def _decode(self, latents: Tensor) -> Tensor:
            return self.images

    upload = examine(Remembering(), worker, toy_dataset.with_files(), png(photographs.astronaut()))
    assert upload.psnr == 99
    assert upload.verdict == "It is rebuilt exactly."
    assert upload.known


@pytest.mark.parametrize("file", [b"", b"not a picture", flat(0)[:40]])
def test_a_file_that_is_no_picture_is_refused(
    worker: DecodeWorker, toy_dataset: Dataset, file: bytes
) -> None:
    with pytest.raises(PictureError):
        examine(ToyModel(), worker, toy_dataset, file)


def test_a_model_without_an_encoder_says_so(worker: DecodeWorker, toy_dataset: Dataset) -> None:
    with pytest.raises(CannotEncodeError, match="toy-generator has no encoder"):
        examine(models.load("toy-generator"), worker, toy_dataset, file_of(toy_dataset, 0))


@pytest.mark.parametrize("name", ["toy-sound", "toy-words", "toy-pair"])
def test_what_is_no_picture_is_judged_in_its_own_unit(
    worker: DecodeWorker, toy_dataset: Dataset, name: str
) -> None:
    model = models.load(name)
    if not model.can_encode:
        pytest.skip(f"{name} has no encoder")
    value = model.media.quantise(model.decode(torch.full((1, *model.space.shape), 0.5))).numpy()[0]
    upload = examine(model, worker, toy_dataset, model.media.pack(value))
    assert upload.psnr is None
    assert upload.known
    assert upload.verdict.startswith("Rebuilt with a difference of ")
    assert upload.verdict.endswith(f" {model.media.unit}.")
    with pytest.raises(InputError):
        examine(model, worker, toy_dataset, b"not such a file")


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return load()


@pytest.fixture(scope="module")
def face_vae() -> LatentModel:
    return models.load("face-vae")


@pytest.mark.parametrize("row", [0, 100, 600, 1023])
def test_the_bundled_model_knows_its_own_world(
    worker: DecodeWorker, face_vae: LatentModel, bundled: Dataset, row: int
) -> None:
    assert examine(face_vae, worker, bundled, file_of(bundled, row)).known


def test_it_does_not_know_a_photograph(worker: DecodeWorker, face_vae: LatentModel, bundled: Dataset) -> None:
    photograph = examine(face_vae, worker, bundled, png(photographs.astronaut()))
    assert not photograph.known
    assert photograph.verdict.startswith("Far from what the model knows: rebuilt at ")


@pytest.mark.parametrize("level", [0, 60, 128, 200, 255])
def test_it_is_not_said_to_know_a_flat_picture(
    worker: DecodeWorker, face_vae: LatentModel, bundled: Dataset, level: int
) -> None:
    """Rebuilt at 29 dB and more, which is better than most of its own held-out data."""
    empty = examine(face_vae, worker, bundled, flat(level, 128))
    assert empty.psnr is not None
    assert empty.psnr > 29
    assert not empty.known
    assert empty.verdict.startswith("This picture is flat: ")

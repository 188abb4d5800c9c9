"""What every entry of MODELS owes to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut
from torch import Tensor

import models
from models import MODELS
from models.base import LatentModel, ModelUnavailableError
from models.pictures import fit, to_tensor

FACE_VAE = Path(__file__).parents[2] / "assets" / "face-vae.safetensors"


@dataclass
class Case:
    """A loaded model, two pictures and what it makes of them."""

    name: str
    model: LatentModel
    progress: list[tuple[float, str]]
    images: Tensor
    latents: Tensor
    decoded: Tensor


def source(name: str, request: pytest.FixtureRequest) -> str | None:
    """The real weights where they are here and quick, else a model in miniature.

    TAESD is real at 256 px; 512 px takes four times as long, and test_sd_vae.py sends a photograph through.
    """
    if name == "face-vae" and not FACE_VAE.exists():
        pytest.skip("assets/face-vae.safetensors is not trained yet")
    if name == "sd-vae-tiny-256" and request.getfixturevalue("taesd_or_none"):
        return None
    if name.startswith("sd-vae"):
        return str(request.getfixturevalue("tiny_folder" if "tiny" in name else "kl_folder"))
    return None


@pytest.fixture(scope="module", params=MODELS)
def case(request: pytest.FixtureRequest) -> Case:
    name, progress = request.param, []
    model = models.load(
        name,
        progress=lambda fraction, message: progress.append((fraction, message)),
        source=source(name, request),
    )
    model.speed_up()
    photograph = Image.fromarray(astronaut())
    views = [photograph, photograph.crop((120, 0, 350, 230))]
    images = to_tensor(np.stack([fit(view, MODELS[name].image_size) for view in views]))
    latents = model.encode(images)
    return Case(name, model, progress, images, latents, model.decode(latents))


def test_the_space_is_what_the_table_says(case: Case) -> None:
    assert case.model.space.name == case.name
    assert case.model.space.image_size == MODELS[case.name].image_size
    assert case.model.device == torch.device("cpu")


def test_the_first_layer_has_a_column_for_each_dimension_or_channel(case: Case) -> None:
    layer = case.model.first_layer
    if layer is not None:
        assert layer.dtype == torch.float32
        assert layer.device == torch.device("cpu")
        assert layer.shape[1] == case.model.space.shape[0]
        assert torch.isfinite(layer).all()


def test_encode_gives_finite_float32_latents_of_the_space(case: Case) -> None:
    assert case.latents.shape == (2, *case.model.space.shape)
    assert case.latents.dtype == torch.float32
    case.model.space.check(case.latents)


def test_decode_gives_finite_float32_images_in_range(case: Case) -> None:
    assert case.decoded.shape == case.images.shape
    assert case.decoded.dtype == torch.float32
    assert torch.isfinite(case.decoded).all()
    assert case.decoded.abs().max() <= 1


def test_two_pictures_have_two_latents_and_two_images(case: Case) -> None:
    assert not torch.allclose(case.latents[0], case.latents[1])
    assert not torch.allclose(case.decoded[0], case.decoded[1])


def test_a_batch_is_its_pictures_one_by_one_every_time(case: Case) -> None:
    """To 1/100 of the range: bf16 kernels differ with the size of the batch. One by one again it is exact."""
    latents, decoded = case.model.encode(case.images[1:]), case.model.decode(case.latents[1:])
    spread = float(case.latents.std())
    torch.testing.assert_close(latents, case.latents[1:], atol=0.05 * spread, rtol=0.02)
    torch.testing.assert_close(decoded, case.decoded[1:], atol=0.02, rtol=0)
    assert torch.equal(case.model.encode(case.images[1:]), latents)
    assert torch.equal(case.model.decode(case.latents[1:]), decoded)


def test_progress_rises_to_the_end_with_a_sentence_each(case: Case) -> None:
    fractions = [fraction for fraction, _ in case.progress]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert not fractions or fractions[-1] == 1
    assert all(message for _, message in case.progress)


@pytest.mark.usefixtures("unchecked")
def test_images_of_other_sizes_or_values_are_refused(case: Case) -> None:
    size = case.model.space.image_size
    for shape in [
        (1, 3, size * 2, size * 2),
        (1, 3, size, size - 8),
        (1, 1, size, size),
        (3, size, size),
        (0, 3, size, size),
    ]:
        with pytest.raises(ValueError, match=f"{case.name} images: expected shape"):
            case.model.encode(torch.zeros(shape))
    with pytest.raises(ValueError, match="uint8"):
        case.model.encode(torch.zeros(1, 3, size, size, dtype=torch.uint8))
    with pytest.raises(ValueError, match="NaN"):
        case.model.encode(torch.full((1, 3, size, size), float("nan")))


@pytest.mark.usefixtures("unchecked")
def test_latents_of_other_shapes_or_values_are_refused(case: Case) -> None:
    shape = case.model.space.shape
    for wrong in [shape, (1, *shape, 1), (1, *shape[:-1], shape[-1] + 1), (0, *shape)]:
        with pytest.raises(ValueError, match=f"{case.name} latents: expected shape"):
            case.model.decode(torch.zeros(wrong))
    with pytest.raises(ValueError, match="int64"):
        case.model.decode(torch.zeros(1, *shape, dtype=torch.int64))
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="NaN or infinity"):
            case.model.decode(torch.full((1, *shape), value))


def test_an_unknown_name_is_answered_with_the_names() -> None:
    with pytest.raises(ValueError, match=f"'stylegan'; expected one of {', '.join(MODELS)}"):
        models.load("stylegan")


def test_a_face_vae_without_weights_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"not at .*nobody.* restore assets/face-vae.safetensors"):
        models.load("face-vae", source=str(tmp_path / "nobody.safetensors"))

"""What every entry of MODELS owes to the rest of the house; a new entry is tested without a line here."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from skimage.data import astronaut
from torch import Tensor

import models
from models import MODELS
from models.base import LatentModel
from models.errors import CannotEncodeError, InputError, ModelUnavailableError
from models.media import Media, Picture
from models.toys import vector


@dataclass
class Case:
    """A loaded model, three latents and what it makes of them."""

    name: str
    model: LatentModel
    media: Media
    progress: list[tuple[float, str]]
    latents: Tensor
    values: Tensor
    kept: np.ndarray  # three things of its media, quantised: its own, or photographs where it has no prior


def source(name: str, request: pytest.FixtureRequest) -> str | None:
    """The real weights where they are here and quick, else a model in miniature.

    TAESD is real at 256 px; test_stable_diffusion.py sends a photograph through 512 px, which takes longer.
    """
    if name == "sd-vae-tiny-256" and request.getfixturevalue("taesd_or_none"):
        return None
    if name.startswith("sd-vae"):
        return str(request.getfixturevalue("tiny_folder" if "tiny" in name else "kl_folder"))
    return None


def photographs(size: int) -> np.ndarray:
    photograph = Image.fromarray(astronaut())
    views = [photograph, photograph.crop((120, 0, 350, 230)), photograph.crop((200, 200, 400, 400))]
    return np.stack([ImageOps.fit(view, (size, size), Image.Resampling.LANCZOS) for view in views])


@pytest.fixture(scope="module", params=MODELS)
def case(request: pytest.FixtureRequest) -> Case:
    name, progress = request.param, []
    model = models.load(
        name,
        progress=lambda fraction, message: progress.append((fraction, message)),
        source=source(name, request),
    )
    model.speed_up()
    media, prior = model.media, model.space.prior
    if prior is not None:
        latents = prior.sample(3, seed=0)
        values = model.decode(latents)
        return Case(name, model, media, progress, latents, values, media.quantise(values).numpy())
    kept = photographs(media.size)
    latents = model.encode(media.restore(kept))
    return Case(name, model, media, progress, latents, model.decode(latents), kept)


def wrong(shape: tuple[int, ...]) -> list[tuple[Tensor, str]]:
    """Batches that are none of this shape, and what is said of them."""
    shapes = [shape, (1, *shape, 1), (1, *shape[:-1], shape[-1] + 1), (0, *shape)]
    batch = torch.zeros(1, *shape)
    return [
        *((torch.zeros(other), "shape") for other in shapes),
        (batch.to(torch.int64), "int64"),
        (batch.bool(), "bool"),
        (batch + float("nan"), "NaN or infinity"),
        (batch + float("inf"), "NaN or infinity"),
    ]


def test_a_model_is_what_the_table_says(case: Case) -> None:
    told = MODELS[case.name].media
    assert case.model.space.name == case.name
    assert (case.media.name, case.media.shape, case.media.size) == (told.name, told.shape, told.size)
    assert case.model.device == torch.device("cpu")


@pytest.mark.parametrize("name", MODELS)
def test_another_line_of_the_table_is_a_space_of_its_own(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames, statistics and kept points go by the name: of one name they would be each other's."""
    monkeypatch.setitem(MODELS, "another", MODELS[name])
    model = models.load("another", source=source(name, request))
    assert model.space.name == "another"
    told = MODELS[name].media
    assert (model.media.name, model.media.shape) == (told.name, told.shape)


def test_a_linear_toy_of_another_size_is_one_line() -> None:
    toy = vector.load("large", Picture(24), None, torch.device("cpu"), lambda fraction, message: None)
    latents = torch.randn(2, *toy.space.shape, generator=torch.Generator().manual_seed(0))
    assert toy.decode(latents).shape == (2, 3, 24, 24)
    torch.testing.assert_close(toy.reencode(latents), latents)


def test_space_and_media_are_equal_by_value(case: Case) -> None:
    for told in (case.model.space, case.media):
        assert copy.deepcopy(told) == told
        assert hash(copy.deepcopy(told)) == hash(told)


def test_every_number_of_the_shape_has_an_axis(case: Case) -> None:
    space = case.model.space
    assert len(space.axes) == len(space.shape)
    assert space.is_spatial == ({"row", "column"} <= set(space.axes))


def test_the_first_layer_has_a_column_for_each_dimension_or_channel(case: Case) -> None:
    layer = case.model.first_layer
    if layer is not None:
        assert (layer.dtype, layer.device) == (torch.float32, torch.device("cpu"))
        assert layer.shape[1] == case.model.space.shape[case.model.space.content]
        assert torch.isfinite(layer).all()


def test_decode_gives_finite_float32_values_in_range(case: Case) -> None:
    assert case.values.shape == (3, *case.media.shape)
    assert (case.values.dtype, case.values.device) == (torch.float32, torch.device("cpu"))
    assert torch.isfinite(case.values).all()
    assert torch.equal(case.media.clamp(case.values), case.values)


def test_two_latents_make_two_values(case: Case) -> None:
    assert not torch.allclose(case.values[0], case.values[1])


def test_a_batch_is_its_rows_one_by_one_every_time(case: Case) -> None:
    """To 1/100 of the range: bf16 kernels differ with the size of the batch. One by one again it is exact."""
    values = case.model.decode(case.latents[1:2])
    torch.testing.assert_close(values, case.values[1:2], atol=0.02, rtol=0)
    assert torch.equal(case.model.decode(case.latents[1:2]), values)
    if case.model.can_encode:
        latents, batch = case.model.encode(case.values[1:2]), case.model.encode(case.values)
        torch.testing.assert_close(latents, batch[1:2], atol=0.05 * float(batch.std()), rtol=0.02)
        assert torch.equal(case.model.encode(case.values[1:2]), latents)


def test_what_can_encode_gives_latents_of_its_space_and_what_cannot_says_so(case: Case) -> None:
    if case.model.can_encode:
        latents = case.model.reencode(case.latents)
        assert latents.dtype == torch.float32
        assert latents.shape == case.latents.shape
        case.model.space.check(latents)
        assert torch.equal(latents, case.model.encode(case.values))
        assert not torch.allclose(latents[0], latents[1])
        return
    said = f"{case.name} has no encoder: it makes its own {case.media.name}, but cannot take one in"
    for ask, batch in ((case.model.encode, case.values), (case.model.reencode, case.latents)):
        with pytest.raises(CannotEncodeError, match=said):
            ask(batch)


@pytest.mark.usefixtures("unchecked")
def test_latents_of_other_shapes_or_values_are_refused(case: Case) -> None:
    for batch, said in wrong(case.model.space.shape):
        for ask in (case.model.decode, case.model.decode_on_device):
            with pytest.raises(InputError, match=rf"^{case.name} latents: expected .*{said}"):
                ask(batch)


@pytest.mark.usefixtures("unchecked")
def test_values_of_other_shapes_or_kinds_are_refused(case: Case) -> None:
    if case.model.can_encode:
        for batch, said in wrong(case.media.shape):
            with pytest.raises(InputError, match=rf"^{case.name} {case.media.name}: expected .*{said}"):
                case.model.encode(batch)


def test_a_prior_gives_the_same_latents_for_a_seed_and_their_density(case: Case) -> None:
    prior = case.model.space.prior
    if prior is not None:
        latents = prior.sample(5, seed=3)
        case.model.space.check(latents)
        assert len(latents) == 5
        assert torch.equal(prior.sample(5, seed=3), latents)
        assert not torch.allclose(prior.sample(5, seed=4), latents)
        assert prior.log_prob(latents).shape == (5,)
        assert torch.isfinite(prior.log_prob(latents)).all()
        assert (prior.log_prob(latents) > prior.log_prob(latents + 100)).all()


def test_what_is_kept_comes_back(case: Case) -> None:
    kept, restored = case.kept, case.media.restore(case.kept)
    assert (kept.dtype, kept.shape) == (case.media.quantised_dtype, (3, *case.media.quantised_shape))
    assert restored.dtype == torch.float32
    assert restored.shape == case.values.shape
    np.testing.assert_array_equal(case.media.quantise(restored).numpy(), kept)


def test_a_file_brings_back_what_was_packed(case: Case) -> None:
    """Nearer than to any other: JPEG is not exact, and tests of each medium are stricter."""
    first, second = case.kept[:2]
    file = case.media.pack(first)
    found = case.media.unpack(file).value
    assert (found.dtype, found.shape) == (first.dtype, first.shape)
    assert case.media.distance(found, first) < case.media.distance(first, second) / 2
    assert case.media.mime.count("/") == 1


@pytest.mark.parametrize("file", [b"", b"\xff\xd8\x00 half a file", b"RIFF", b"\x00" * 100, b'{"parts": 1}'])
def test_a_file_of_something_else_is_refused_in_a_sentence(case: Case, file: bytes) -> None:
    with pytest.raises(InputError, match=r"^\S.+\.$"):
        case.media.unpack(file)


def test_every_value_has_a_square_picture_of_its_own(case: Case) -> None:
    drawn = [case.media.picture(value) for value in case.kept[:2]]
    for picture in drawn:
        assert (picture.dtype, picture.shape) == (np.uint8, (case.media.size, case.media.size, 3))
    assert not np.array_equal(*drawn)


def test_distance_is_zero_to_itself_and_the_same_both_ways(case: Case) -> None:
    first, second = case.kept[:2]
    assert case.media.distance(first, first) == 0
    there, back = case.media.distance(first, second), case.media.distance(second, first)
    assert there == pytest.approx(back)
    assert there > 0
    assert case.media.unit


def test_a_blend_begins_and_ends_with_what_it_blends(case: Case) -> None:
    first, second = case.kept[:2]
    blended = case.media.blend(first, second, np.array([0, 0.4, 1], np.float32))
    assert (blended.dtype, blended.shape) == (first.dtype, case.kept.shape)
    np.testing.assert_array_equal(blended[0], first)
    np.testing.assert_array_equal(blended[2], second)


@pytest.mark.usefixtures("unchecked")
def test_tokens_stand_for_latents_or_there_are_none(case: Case) -> None:
    model, size = case.model, case.model.codebook_size
    assert model.has_tokens == (size is not None)
    if size is None:
        for ask, batch in ((model.tokens, case.latents), (model.embed, torch.zeros(1, 2, 2).long())):
            with pytest.raises(InputError, match=f"{case.name} has no tokens"):
                ask(batch)
        return
    tokens = model.tokens(case.latents)
    assert tokens.shape == (3, *model.space.grid)
    assert 0 <= tokens.min() <= tokens.max() < size
    assert torch.equal(model.tokens(model.embed(tokens)), tokens)
    assert torch.equal(model.decode(model.embed(tokens)), case.values)
    for other in (tokens - size, tokens + size, tokens.float(), tokens[:, :-1], tokens[:0]):
        with pytest.raises(InputError, match=f"{case.name} tokens: expected"):
            model.embed(other)


def test_progress_rises_to_the_end_with_a_sentence_each(case: Case) -> None:
    fractions = [fraction for fraction, _ in case.progress]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert not fractions or fractions[-1] == 1
    assert all(message for _, message in case.progress)


def test_an_unknown_name_is_answered_with_the_names() -> None:
    with pytest.raises(InputError, match=f"'stylegan'; expected one of {', '.join(MODELS)}"):
        models.load("stylegan")


def test_a_face_vae_without_weights_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"not at .*nobody.* restore assets/face-vae.safetensors"):
        models.load("face-vae", source=str(tmp_path / "nobody.safetensors"))

"""Stable Diffusion's autoencoders: scaling, dtype, and every way in which their files can be bad."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file
from skimage import data
from torch import Tensor

import models
from explorer.measures.metrics import psnr
from models import stable_diffusion as sd_vae
from models.base import LatentModel
from models.errors import InputError, ModelUnavailableError
from models.hub import CONFIG, WEIGHTS, cached
from models.media import Picture
from models.pictures import to_tensor, to_uint8
from models.runtimes.judging import CLOSE, EXACT, closeness

CPU = torch.device("cpu")


def photograph(size: int, name: str = "astronaut") -> Tensor:
    whole = Image.fromarray(getattr(data, name)())
    return to_tensor(np.asarray(ImageOps.fit(whole, (size, size), Image.Resampling.LANCZOS))[None])


def small(source: str | Path) -> LatentModel:
    return sd_vae.load("small", Picture(64), str(source), CPU, lambda fraction, message: None)


@pytest.mark.usefixtures("taesd")
def test_the_astronaut_comes_back_through_taesd_at_25_db() -> None:
    model = models.load("sd-vae-tiny")
    image = photograph(512)
    assert psnr(to_uint8(model.decode(model.encode(image))), to_uint8(image)) >= 25


@pytest.mark.usefixtures("taesd")
def test_taesd_latents_have_about_unit_variance() -> None:
    assert 0.7 < models.load("sd-vae-tiny-256").encode(photograph(256)).std() < 1.3


PHOTOGRAPHS = ["astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field"]


def test_taesd_is_exact_at_rest_and_close_in_passing(taesd: str, tmp_path: Path) -> None:
    model = sd_vae.load("tiny", Picture(256), taesd, CPU, lambda *_: None)
    model.speed_up(tmp_path)
    assert model.precision == "fp32"
    assert model.preview_precision == "int8"
    found = []
    for name in PHOTOGRAPHS:
        latents, exact = photograph_by_diffusers(taesd, 256, name)
        assert closeness(model.decode(latents), exact).reaches(EXACT), name
        found.append(closeness(model.preview_on_device(latents), exact).worst)
    assert min(found) >= CLOSE.worst
    assert np.median(found) >= CLOSE.median
    assert max(found) < EXACT.worst, "it is in bytes"


def test_a_model_that_nobody_holds_goes_at_once(tiny_folder: Path) -> None:
    """On a GPU nothing tells the garbage collector that memory is short."""
    model = small(tiny_folder)
    model.speed_up()
    left = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert left() is None
    finally:
        gc.enable()


@cache
def photograph_by_diffusers(taesd: str, size: int, name: str) -> tuple[Tensor, Tensor]:
    """A photograph's latents, and what diffusers itself decodes them to."""
    vae = AutoencoderTiny.from_pretrained(cached(taesd), low_cpu_mem_usage=False).eval()
    with torch.no_grad():
        latents = vae.encode(photograph(size, name)).latents
        return latents, vae.decode(latents).sample.clamp(-1, 1)


@pytest.mark.parametrize("architecture", ["AutoencoderKL", "AutoencoderTiny"])
def test_the_first_layer_amplifies_a_channel_as_the_decoder_does(
    architecture: str, kl_folder: Path, tiny_folder: Path
) -> None:
    kl = architecture == "AutoencoderKL"
    folder = kl_folder if kl else tiny_folder
    vae = (AutoencoderKL if kl else AutoencoderTiny).from_pretrained(folder, low_cpu_mem_usage=False).eval()
    point = torch.zeros(4, 4, 8, 8)
    point[torch.arange(4), torch.arange(4), 4, 4] = 1  # one place, one channel each
    with torch.no_grad():
        if kl:
            change = vae.decoder.conv_in(vae.post_quant_conv(point))
            change = change - vae.decoder.conv_in(vae.post_quant_conv(torch.zeros(1, 4, 8, 8)))
        else:
            change = vae.decoder.layers[0](point) - vae.decoder.layers[0](torch.zeros(1, 4, 8, 8))
    torch.testing.assert_close(small(folder).first_layer.norm(dim=0), change.flatten(1).norm(dim=1))


def test_kl_latents_are_shifted_and_scaled_posterior_means(kl_folder: Path) -> None:
    vae = AutoencoderKL.from_pretrained(kl_folder, low_cpu_mem_usage=False).eval()
    image, model = photograph(64), small(kl_folder)
    latents = model.encode(image)
    with torch.no_grad():
        mean = vae.encode(image).latent_dist.mean
        decoded = vae.decode(mean).sample.clamp(-1, 1)
    torch.testing.assert_close(latents, (mean - 0.5) * 0.25, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.decode(latents), decoded, atol=1e-4, rtol=1e-4)


def test_tiny_latents_are_the_raw_ones(tiny_folder: Path) -> None:
    vae = AutoencoderTiny.from_pretrained(tiny_folder, low_cpu_mem_usage=False).eval()
    image, model = photograph(64), small(tiny_folder)
    with torch.no_grad():
        latents = vae.encode(image).latents
        decoded = vae.decode(latents).sample.clamp(-1, 1)
    torch.testing.assert_close(model.encode(image), latents, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.decode(latents), decoded, atol=1e-4, rtol=1e-4)


def test_weights_with_the_old_names_of_attention_are_read(kl_folder: Path, tmp_path: Path) -> None:
    """As stabilityai/sd-vae-ft-mse stores them."""
    folder = Path(shutil.copytree(kl_folder, tmp_path / "old"))
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    weights = load_file(folder / WEIGHTS)
    for new, name in old.items():
        weights = {
            key.replace(f"attentions.0.{new}.", f"attentions.0.{name}."): value
            for key, value in weights.items()
        }
    assert any("proj_attn" in key for key in weights)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    image = photograph(64)
    assert torch.equal(small(folder).encode(image), small(kl_folder).encode(image))


@pytest.mark.parametrize("source", ["nobody/has-this", "no/such/folder/at all", "../nowhere"])
def test_weights_that_cannot_be_reached_name_the_way_out(source: str) -> None:
    with pytest.raises(ModelUnavailableError, match=r"set HF_HOME to .* local folder") as error:
        models.load("sd-vae", source=source)
    assert str(error.value).startswith(source)


@pytest.mark.parametrize("file", [CONFIG, WEIGHTS])
def test_a_folder_without_a_file_names_the_file(file: str, kl_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(kl_folder, tmp_path / "vae"))
    (folder / file).rename(folder / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelUnavailableError, match=f"has no {file} in .*HF_HOME"):
        small(folder)


def truncate(folder: Path) -> None:
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[: len(data) // 2])


def empty(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"")


def drop_a_tensor(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    del weights["decoder.conv_in.weight"]
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def reshape_a_tensor(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    weights["decoder.conv_in.weight"] = weights["decoder.conv_in.weight"][:-1].clone()
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def rename_the_class(folder: Path) -> None:
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"_class_name": "UNet2DModel"}))


def scribble(folder: Path) -> None:
    (folder / CONFIG).write_text("{half a file")


def list_instead(folder: Path) -> None:
    (folder / CONFIG).write_text("[1, 2]")


def binary(folder: Path) -> None:
    (folder / CONFIG).write_bytes(b"\xff\xfe\x00\x80")


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (truncate, "weights of the AutoencoderKL .*got a damaged file"),
        (empty, "weights of the AutoencoderKL .*got a damaged file"),
        (drop_a_tensor, "got none for 1 tensors, such as decoder.conv_in.weight"),
        (reshape_a_tensor, "weights of the AutoencoderKL .*got "),
        (rename_the_class, "expected a diffusers AutoencoderKL or AutoencoderTiny, got UNet2DModel"),
        (scribble, "expected a diffusers AutoencoderKL or AutoencoderTiny, got a damaged file"),
        (list_instead, "expected a diffusers AutoencoderKL or AutoencoderTiny, got a damaged file"),
        (binary, "expected a diffusers AutoencoderKL or AutoencoderTiny, got a damaged file"),
    ],
)
def test_bad_files_are_named(
    damage: Callable[[Path], None], found: str, kl_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(kl_folder, tmp_path / "vae"))
    damage(folder)
    with pytest.raises(InputError, match=found):
        small(folder)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from models.errors import InputError
from models.face_network import FaceVAEConfig, FaceVAENetwork
from models.face_vae import FORMAT, FaceVAE

ASSETS = Path(__file__).parents[2] / "assets"
TINY = FaceVAEConfig(latent_dim=6, encoder=(4, 5, 6), decoder=(4, 5, 6), bottleneck=(2, 3))


@pytest.fixture
def model() -> FaceVAE:
    network = FaceVAENetwork(TINY)
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():  # the layers that start at zero too
        torch.nn.init.normal_(parameter, std=0.05, generator=generator)
    return FaceVAE(network)


@pytest.fixture
def weights(model: FaceVAE, tmp_path: Path) -> Path:
    model.save(tmp_path / "face.safetensors", {"steps": 3})
    return tmp_path / "face.safetensors"


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(3, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1


def metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())


def test_a_saved_model_comes_back(model: FaceVAE, weights: Path, images: torch.Tensor) -> None:
    loaded = FaceVAE.load(weights)
    assert loaded.space == model.space
    assert loaded.space.shape == (6,)
    assert loaded.media.size == 128
    latents = model.encode(images)
    torch.testing.assert_close(loaded.encode(images), latents, rtol=0, atol=2e-3)  # half precision on disk
    torch.testing.assert_close(loaded.decode(latents), model.decode(latents), rtol=0, atol=2e-2)
    assert metadata(weights)["training"] == '{"steps": 3}'
    assert {tensor.dtype for tensor in load_file(weights).values()} == {torch.float16}


def test_encode_is_the_posterior_mean(model: FaceVAE, images: torch.Tensor) -> None:
    mean, log_variance = model.posterior(images)
    torch.testing.assert_close(model.encode(images), mean)
    assert mean.shape == log_variance.shape == (3, 6)
    assert log_variance.std() > 0


def test_an_image_decodes_the_same_alone_and_in_a_batch(model: FaceVAE) -> None:
    latents = torch.randn(5, 6, generator=torch.Generator().manual_seed(2))
    together = model.decode(latents)
    alone = torch.cat([model.decode(latent[None]) for latent in latents])
    assert together.std() > 0.01
    torch.testing.assert_close(alone, together, rtol=0, atol=2e-2)


def test_a_fresh_network_is_its_linear_path() -> None:
    network = FaceVAENetwork(TINY)
    latents = torch.randn(2, 6, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        thumbnails = network.decoder.linear(latents).unflatten(1, (3, 32, 32))
        expected = torch.nn.functional.interpolate(thumbnails, size=128, mode="bilinear")
        torch.testing.assert_close(network.decoder(latents), expected)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def replace_by_text(path: Path) -> None:
    path.write_text("not a safetensors file")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def reshape(path: Path) -> None:
    tensors = load_file(path)
    save_file(tensors | {"decoder.linear.bias": torch.zeros(7)}, path, metadata(path))


def drop(path: Path) -> None:
    tensors = load_file(path)
    del tensors["encoder.stem.weight"]
    save_file(tensors, path, metadata(path))


def rewrite(**changes: str) -> Callable[[Path], None]:
    return lambda path: save_file(load_file(path), path, metadata(path) | changes)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (truncate, "expected a whole safetensors file"),
        (replace_by_text, "expected a whole safetensors file"),
        (empty, "expected a whole safetensors file"),
        (Path.unlink, "expected a whole safetensors file"),
        (reshape, r"expected decoder.linear.bias of shape \(3072,\), found \(7,\)"),
        (drop, r"expected encoder.stem.weight of shape \(4, 48, 3, 3\), found None"),
        (rewrite(format="another/1"), f"expected format '{FORMAT}', found 'another/1'"),
        (rewrite(config="{"), "expected a face VAE configuration"),
        (rewrite(config="[1]"), "expected a face VAE configuration"),
        (rewrite(config='{"layers": 3}'), "expected a face VAE configuration"),
        (rewrite(config='{"latent_dim": "6"}'), "expected 1 positive integers for latent_dim, got"),
        (rewrite(config='{"encoder": [4, 4]}'), "expected 3 positive integers for encoder, got"),
        (
            rewrite(config='{"latent_dim": 9}'),
            r"expected decoder.coarse.0.first.bias of shape \(160,\), found \(6,\)",
        ),
    ],
)
def test_damaged_weights_are_named(weights: Path, damage: Callable[[Path], None], problem: str) -> None:
    damage(weights)
    with pytest.raises(InputError, match=problem):
        FaceVAE.load(weights)


@pytest.mark.usefixtures("unchecked")
def test_wrong_batches_are_refused(model: FaceVAE) -> None:
    with pytest.raises(InputError, match=r"expected shape \(n, 6\), got \(1, 7\)"):
        model.decode(torch.zeros(1, 7))
    with pytest.raises(InputError, match="NaN"):
        model.decode(torch.full((1, 6), torch.nan))
    with pytest.raises(InputError, match=r"expected shape \(n, 3, 128, 128\), got \(1, 3, 64, 64\)"):
        model.encode(torch.zeros(1, 3, 64, 64))

"""The bundled face VAE in bytes, against float32."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from explorer.data.dataset import Dataset
from models import face_vae
from models.face_network import Decoder, FaceVAEConfig, FaceVAENetwork
from models.face_vae import FaceVAE, read_network
from models.runtimes.face_int8 import FaceInt8Decoder
from models.runtimes.policy import CLOSE, closeness, policy

pytestmark = pytest.mark.skipif(
    not policy(torch.device("cpu")).bytes, reason="this processor does not multiply bytes"
)
ASSETS = Path(__file__).parents[3] / "assets"


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return read_network(ASSETS / "face-vae.safetensors").requires_grad_(False).decoder


@pytest.fixture(scope="module")
def fast(decoder: Decoder) -> FaceInt8Decoder:
    return FaceInt8Decoder(decoder)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_the_portraits_decode_at_40_db_of_float32(decoder: Decoder, fast: FaceInt8Decoder) -> None:
    latents = Dataset.load(ASSETS / "portraits.parquet").latents[:200]
    assert closeness(fast(latents), decoder(latents)) >= CLOSE


def test_so_do_latents_that_sliders_have_led_away(decoder: Decoder, fast: FaceInt8Decoder) -> None:
    latents = 1.5 * random(50, 128)  # of length 17, where a portrait has 11: ten sliders at 4 σ each
    assert closeness(fast(latents), decoder(latents)) >= CLOSE


def test_no_frame_depends_on_the_others_of_its_batch(fast: FaceInt8Decoder) -> None:
    latents = random(9, 128)
    together = fast(latents)
    assert together.shape == (9, 3, 128, 128)
    for start, stop in ((0, 1), (4, 6), (1, 9)):
        torch.testing.assert_close(fast(latents[start:stop]), together[start:stop], rtol=0, atol=0.03)
        assert closeness(fast(latents[start:stop]), together[start:stop]) > 55


def test_the_maps_of_the_latent_are_exact() -> None:
    network = FaceVAENetwork(FaceVAEConfig()).requires_grad_(False)  # its convolutions add nothing yet
    for parameter in network.decoder.to_coarse.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(2))
    decoder, latents = network.decoder, random(3, 128)
    fast = FaceInt8Decoder(decoder)
    torch.testing.assert_close(fast(latents), decoder(latents), rtol=0, atol=1e-5)
    features = decoder.to_coarse(decoder.project(latents).unflatten(1, (-1, 8, 8)))
    torch.testing.assert_close(fast._enter(latents), features, rtol=0, atol=1e-4)


def test_the_model_decodes_in_bytes_and_without_them_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    network = read_network(ASSETS / "face-vae.safetensors")
    assert FaceVAE(network).precision == "int8"

    def missing(decoder: Decoder) -> FaceInt8Decoder:
        raise AttributeError("no operation qconv2d_pointwise")

    monkeypatch.setattr(face_vae, "FaceInt8Decoder", missing)
    model = FaceVAE(network)
    assert model.precision == f"{policy(model.device).name}; int8 does not run here"
    latents = random(2, 128)
    assert closeness(model.decode(latents), network.decoder(latents)) >= CLOSE

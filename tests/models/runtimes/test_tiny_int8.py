from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderTiny

from models.hub import cached
from models.runtimes.policy import closeness, policy
from models.runtimes.tiny_int8 import TinyInt8Decoder

pytestmark = pytest.mark.skipif(
    not policy(torch.device("cpu")).bytes, reason="this processor does not multiply bytes"
)


@pytest.fixture(scope="module")
def vae(taesd: str) -> AutoencoderTiny:
    return AutoencoderTiny.from_pretrained(cached(taesd), low_cpu_mem_usage=False).requires_grad_(False)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shape", [(8, 8), (8, 24)])
@pytest.mark.parametrize("lean", [False, True])
def test_any_shape_decodes_to_about_what_float32_does(
    shape: tuple[int, int], lean: bool, vae: AutoencoderTiny
) -> None:
    latents = random(2, 4, *shape)
    decoder = TinyInt8Decoder(vae.decoder.layers, torch.float32, lean)
    images, exact = decoder(latents), vae.decode(latents).sample
    assert images.shape == exact.shape
    assert (
        closeness(images, exact) > 30
    )  # noise, which is harder than pictures: test_stable_diffusion.py has those


def test_no_frame_depends_on_the_others_of_its_batch(vae: AutoencoderTiny) -> None:
    decoder, latents = TinyInt8Decoder(vae.decoder.layers, torch.float32), random(3, 4, 16, 16)
    together = decoder(latents)
    assert together.shape == (3, 3, 128, 128)
    for index in range(3):
        assert torch.equal(decoder(latents[index : index + 1]), together[index : index + 1])


def test_the_float32_decoder_stays_as_it_was(vae: AutoencoderTiny) -> None:
    before = [weight.clone() for weight in vae.decoder.parameters()]
    TinyInt8Decoder(vae.decoder.layers, torch.bfloat16, lean=True)
    after = list(vae.decoder.parameters())
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))

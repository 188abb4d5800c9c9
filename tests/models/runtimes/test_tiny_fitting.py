"""The decoder before it becomes bytes, on the real class of it with random weights."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers import AutoencoderTiny
from torch import nn

from models.runtimes.tiny_fitting import balance, draws, thin


@pytest.fixture
def layers() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderTiny(
            encoder_block_out_channels=(64, 64),
            decoder_block_out_channels=(64, 64),
            num_encoder_blocks=(1, 1),
            num_decoder_blocks=(2, 1),
        )
    return vae.decoder.layers.requires_grad_(False)


def reaches(layers: nn.Sequential, x: torch.Tensor) -> torch.Tensor:
    """Of the channels before and after the last block."""
    before, after = layers[:-2](x), layers[:-1](x)
    return torch.maximum(before.abs(), after.abs()).amax((0, 2, 3))


def test_draws_go_from_rough_to_smooth() -> None:
    latents = draws(16)
    torch.testing.assert_close(latents.std((2, 3)), torch.ones(4, 16))
    steps = latents.diff(dim=-1).square().mean((1, 2, 3))
    assert (steps.diff() < -0.1).all()
    assert torch.equal(latents, draws(16))


def test_balanced_channels_reach_alike_and_the_pictures_stay_the_same(layers: nn.Sequential) -> None:
    x = draws(4)
    layers[-2].conv[4].weight[:8] *= 30  # the last block adds to some channels far more than to others
    balanced = copy.deepcopy(layers)
    balance(balanced, x)
    torch.testing.assert_close(balanced(x), layers(x), atol=1e-4, rtol=1e-4)
    before, after = (reaches(found, x).log().std() for found in (layers, balanced))
    assert 0.4 * before < after < 0.6 * before  # the root of it


def test_a_quarter_of_the_channels_is_left_out_where_it_costs_most(layers: nn.Sequential) -> None:
    x, whole = draws(4), copy.deepcopy(layers)
    thin(layers, x)
    _, second, third = layers[-2].conv[::2]
    assert (second.out_channels, third.in_channels) == (48, 48)
    shapes = [weight.shape for weight in whole[:-2].parameters()]
    assert [weight.shape for weight in layers[:-2].parameters()] == shapes
    error, spread = (layers(x) - whole(x)).square().mean(), whole(x).var()
    assert error < 1e-3 * spread


def test_too_few_channels_are_left_alone() -> None:
    vae = AutoencoderTiny(
        encoder_block_out_channels=(16, 16),
        decoder_block_out_channels=(16, 16),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).requires_grad_(False)
    layers, x = vae.decoder.layers, draws(4)
    before = layers(x)
    thin(layers, x)
    torch.testing.assert_close(layers(x), before)

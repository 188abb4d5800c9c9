import math

import pytest
import torch
from diffusers import AutoencoderTiny
from hypothesis import given
from hypothesis import strategies as st

from explorer.operations.style_mix import feather, mix_frequencies, mix_region
from models.errors import InputError

SHAPES = st.sampled_from([(4, 8, 8), (4, 16, 16), (2, 5, 7), (1, 1, 1)])


def pair(shape=(4, 16, 16), seed=0):
    return torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed)).unbind()


@given(shape=SHAPES, seed=st.integers(0, 2**32), share=st.floats(0.01, 1))
def test_a_latent_mixed_with_itself_stays_exactly_what_it_is(shape, seed, share):
    a, _ = pair(shape, seed)
    assert torch.equal(mix_frequencies(a, a, share * max(shape[1:]) / 2), a)
    assert torch.equal(mix_region(a, a, torch.rand(shape[1:])), a)


@given(shape=SHAPES, seed=st.integers(0, 2**32), share=st.floats(0.01, 1))
def test_what_one_mix_takes_the_other_leaves(shape, seed, share):
    """Low of a with high of b, and low of b with high of a, hold a and b between them."""
    a, b = pair(shape, seed)
    cutoff = share * max(shape[1:]) / 2
    torch.testing.assert_close(
        mix_frequencies(a, b, cutoff) + mix_frequencies(b, a, cutoff), a + b, atol=1e-5, rtol=0
    )


def test_a_low_cutoff_takes_the_mean_of_coarse_and_a_high_one_nearly_all():
    a, b = pair()
    means = mix_frequencies(a, b, 0.01).mean(dim=(1, 2))
    torch.testing.assert_close(means, a.mean(dim=(1, 2)), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        mix_frequencies(a, b, 0.01) - means[:, None, None],
        b - b.mean(dim=(1, 2), keepdim=True),
        atol=1e-5,
        rtol=0,
    )
    distances = [float((mix_frequencies(a, b, cutoff) - a).norm()) for cutoff in (0.5, 1, 2, 4, 8)]
    assert distances == sorted(distances, reverse=True)


def test_slow_waves_come_from_coarse_and_fast_ones_from_fine():
    """Cosines of a mirrored picture pass with the Gaussian's gain at their frequency."""
    places = (torch.arange(16) + 0.5) / 16
    slow, fast = (torch.cos(2 * math.pi * f * places).expand(1, 16, 16) for f in (0.5, 6.0))
    mixed = mix_frequencies(slow + fast, torch.zeros(1, 16, 16), 2.0)
    gains = [math.exp(-(f**2) / (2 * 2.0**2)) for f in (0.5, 6.0)]
    torch.testing.assert_close(mixed, gains[0] * slow + gains[1] * fast, atol=1e-5, rtol=0)


def test_left_does_not_leak_into_right():
    step = torch.zeros(1, 16, 16)
    step[:, :, :8] = 1
    mixed = mix_frequencies(step, torch.zeros(1, 16, 16), 2.0)
    assert mixed[0, :, 0].min() > 0.9
    assert mixed[0, :, -1].max() < 0.1


def test_a_region_is_the_others_inside_and_ones_own_outside():
    a, b = pair()
    mask = torch.zeros(16, 16)
    mask[:, :8] = 1
    mixed = mix_region(a, b, mask)
    torch.testing.assert_close(mixed[..., :4], b[..., :4])
    torch.testing.assert_close(mixed[..., 12:], a[..., 12:])
    edge = feather(mask)[0]
    assert edge.tolist() == sorted(edge.tolist(), reverse=True)
    assert 0.5 < edge[7] < 1
    torch.testing.assert_close(mix_region(a, b, torch.ones(16, 16)), b)
    assert torch.equal(mix_region(a, b, torch.zeros(16, 16)), a)


def test_mixed_latents_decode():
    vae = AutoencoderTiny(
        encoder_block_out_channels=(4, 4),
        decoder_block_out_channels=(4, 4),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).eval()
    a, b = pair((4, 8, 8))
    with torch.no_grad():
        pictures = vae.decode(torch.stack([a, b, mix_frequencies(a, b, 1.5)])).sample
    assert torch.isfinite(pictures).all()
    assert not torch.equal(pictures[2], pictures[0])


@pytest.mark.parametrize("cutoff", [0.0, -1.0, 8.01, math.nan, math.inf])
def test_a_cutoff_that_is_none_is_refused(cutoff):
    with pytest.raises(InputError, match="cutoff: expected a number above 0 and up to 8 cycles a picture"):
        mix_frequencies(*pair(), cutoff)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.zeros(8, 16), "one value a place"),
        (torch.full((16, 16), 1.1), "from 0 to 1"),
        (torch.full((16, 16), math.nan), "from 0 to 1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_mask_that_does_not_fit_is_refused(mask, message):
    with pytest.raises(InputError, match=message):
        mix_region(*pair(), mask)


@pytest.mark.usefixtures("unchecked")
def test_latents_without_places_are_refused():
    with pytest.raises(InputError, match="expected spatial latents"):
        mix_frequencies(torch.zeros(8), torch.zeros(8), 1.0)
    with pytest.raises(InputError, match="two latents of one shape"):
        mix_region(torch.zeros(4, 8, 8), torch.zeros(4, 16, 16), torch.zeros(8, 8))
    with pytest.raises(InputError, match="finite"):
        mix_frequencies(torch.zeros(4, 8, 8), torch.full((4, 8, 8), math.nan), 1.0)

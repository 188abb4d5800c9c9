from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from explorer.operations.directions import (
    MAX_STRENGTH,
    Direction,
    Provenance,
    check_strength,
    steer,
    unit,
)
from models.errors import InputError

TOLD = Provenance("mean-difference", "invented", 2)
SHAPES = [(8,), (4, 8, 8)]

shapes = st.sampled_from(SHAPES)
seeds = st.integers(0, 10_000)
strengths = st.floats(-MAX_STRENGTH, MAX_STRENGTH)


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def direction(vector: Tensor, name: str = "one", std: float = 1.5) -> Direction:
    return Direction(name, unit(vector), std, TOLD)


@given(shapes, seeds, st.floats(1e-6, 1e6))
def test_unit_keeps_the_way_and_drops_the_length(shape, seed, scale):
    vector = noise(seed, *shape)
    torch.testing.assert_close(unit(vector * scale), vector / vector.norm(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("value", "message"), [(0.0, "no difference at all"), (float("nan"), "NaN"), (float("inf"), "infinity")]
)
def test_nothing_has_no_unit(value, message):
    with pytest.raises(InputError, match=f"smile: .*{message}"):
        unit(torch.full((4, 8, 8), value), "smile")


@pytest.mark.parametrize("vector", [torch.ones(8), torch.zeros(8), torch.full((8,), float("nan"))])
def test_a_direction_is_of_unit_length(vector):
    with pytest.raises(InputError, match="'smile': expected a vector of unit length"):
        Direction("smile", vector, 1.0, TOLD)


@pytest.mark.parametrize("std", [0.0, -1.0, float("nan"), float("inf")])
def test_a_direction_has_a_spread(std):
    with pytest.raises(InputError, match="'smile': expected a standard deviation above 0"):
        Direction("smile", unit(torch.ones(8)), std, TOLD)


@given(shapes, seeds, strengths, strengths)
def test_strengths_add_up(shape, seed, s, t):
    assume(abs(s + t) <= MAX_STRENGTH)
    z, one = noise(seed, 3, *shape), direction(noise(seed + 1, *shape))
    twice = steer(steer(z, [one], [s]), [one], [t])
    torch.testing.assert_close(steer(z, [one], [s + t]), twice, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(steer(z, [one, one], [s, t]), twice, rtol=1e-4, atol=1e-4)


@given(shapes, seeds, strengths)
def test_a_latent_moves_by_its_strength_in_sigma(shape, seed, s):
    z, one = noise(seed, 2, *shape), direction(noise(seed + 1, *shape), std=0.7)
    moved = ((steer(z, [one], [s]) - z) * one.vector).flatten(1).sum(1)
    torch.testing.assert_close(moved, torch.full((2,), 0.7 * s), rtol=1e-4, atol=1e-4)


@given(shapes, seeds)
def test_no_strength_changes_no_bit(shape, seed):
    z = noise(seed, 2, *shape)
    assert torch.equal(steer(z, [direction(noise(seed + 1, *shape))], [0.0]), z)
    assert torch.equal(steer(z, [], []), z)


@pytest.mark.parametrize("strength", [10.1, -10.1, float("nan"), float("inf"), -float("inf")])
def test_a_strength_out_of_range_is_refused(strength):
    message = r"expected a strength from -10 to 10 σ, got"
    with pytest.raises(InputError, match=f"smile: {message}"):
        steer(torch.zeros(1, 8), [direction(torch.ones(8), "smile")], [strength])
    with pytest.raises(InputError, match=f"strength: {message}"):
        check_strength(strength)


def test_a_direction_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"'one': expected shape \(8,\), got \(4, 8, 8\)"):
        steer(torch.zeros(1, 8), [direction(noise(0, 4, 8, 8))], [1.0])

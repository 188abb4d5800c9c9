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
    hold,
    hold_apart,
    steer,
    unit,
)

TOLD = Provenance("mean-difference", "invented", 2)
SHAPES = [(8,), (4, 8, 8)]

shapes = st.sampled_from(SHAPES)
seeds = st.integers(0, 10_000)
strengths = st.floats(-MAX_STRENGTH, MAX_STRENGTH)


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def direction(vector: Tensor, name: str = "one", std: float = 1.5) -> Direction:
    return Direction(name, unit(vector), std, TOLD)


def dot(a: Direction, b: Direction) -> float:
    return float((a.vector * b.vector).sum())


@given(shapes, seeds, st.floats(1e-6, 1e6))
def test_unit_keeps_the_way_and_drops_the_length(shape, seed, scale):
    vector = noise(seed, *shape)
    torch.testing.assert_close(unit(vector * scale), vector / vector.norm(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("value", "message"), [(0.0, "no difference at all"), (float("nan"), "NaN"), (float("inf"), "infinity")]
)
def test_nothing_has_no_unit(value, message):
    with pytest.raises(ValueError, match=f"smile: .*{message}"):
        unit(torch.full((4, 8, 8), value), "smile")


@pytest.mark.parametrize("vector", [torch.ones(8), torch.zeros(8), torch.full((8,), float("nan"))])
def test_a_direction_is_of_unit_length(vector):
    with pytest.raises(ValueError, match="'smile': expected a vector of unit length"):
        Direction("smile", vector, 1.0, TOLD)


@pytest.mark.parametrize("std", [0.0, -1.0, float("nan"), float("inf")])
def test_a_direction_has_a_spread(std):
    with pytest.raises(ValueError, match="'smile': expected a standard deviation above 0"):
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
    with pytest.raises(ValueError, match=f"smile: {message}"):
        steer(torch.zeros(1, 8), [direction(torch.ones(8), "smile")], [strength])
    with pytest.raises(ValueError, match=f"strength: {message}"):
        check_strength(strength)


def test_a_direction_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"'one': expected shape \(8,\), got \(4, 8, 8\)"):
        steer(torch.zeros(1, 8), [direction(noise(0, 4, 8, 8))], [1.0])
    with pytest.raises(ValueError, match=r"hold: expected directions of shape \(8,\), got 'age'"):
        hold(direction(noise(0, 8)), [direction(noise(0, 4, 8, 8), "age")])


@given(shapes, seeds, st.integers(1, 5))
def test_held_readings_stay_as_they_are(shape, seed, count):
    one = direction(noise(seed, *shape))
    held = [direction(noise(seed + 1 + i, *shape), f"held {i}") for i in range(count)]
    rest = hold(one, held)
    assert (rest.name, rest.std) == (one.name, one.std)
    for other in held:
        assert abs(dot(rest, other)) < 1e-5
    assert dot(rest, one) > 0, "it still leads the same way"
    again = hold(rest, held)
    torch.testing.assert_close(again.vector, rest.vector, rtol=0, atol=1e-5)


@given(shapes, seeds)
def test_directions_are_held_apart_as_one_by_one(shape, seed):
    held = [direction(noise(seed + i, *shape), f"held {i}") for i in range(4)]
    free = direction(noise(seed + 9, *shape), "free")
    apart = hold_apart([*held[:2], free], held)
    for found, one in zip(apart, (*held[:2], free), strict=True):
        alone = hold(one, [other for other in held if other is not one])
        torch.testing.assert_close(found.vector, alone.vector, rtol=0, atol=1e-6)
        assert found.provenance == alone.provenance
    assert hold_apart(held, []) == tuple(held)
    assert hold_apart(held[:1], held[:1]) == (held[0],), "what is held may move itself"


@pytest.mark.parametrize("apart", [1e-2, 1e-4, 3e-6])
def test_nearly_the_same_directions_are_both_left_alone(apart):
    """As a projection by singular values does, which takes far longer."""
    smile, step, one = (noise(seed, 4, 8, 8) for seed in range(3))
    held = [direction(smile), direction(unit(smile) + apart * unit(step))]
    others = torch.stack([other.vector.double().flatten() for other in held])
    _, _, basis = torch.linalg.svd(others, full_matrices=False)
    flat = unit(one).double().flatten()
    expected = unit(flat - basis.T @ (basis @ flat)).reshape(4, 8, 8)
    torch.testing.assert_close(hold(direction(one), held).vector, expected, rtol=0, atol=1e-5)


def test_what_is_left_has_no_score_of_the_whole():
    told = Provenance("ridge", "invented", 2, 0.9, "R²", {"age": 0.5}, ("a note",))
    whole = Direction("smile", unit(noise(0, 8)), 1.5, told)
    names = ("age", "yaw", "pitch", "roll", "beard")
    held = [direction(noise(1 + i, 8), name) for i, name in enumerate(names)]
    rest = hold(whole, held[:2])
    assert rest.std == whole.std
    assert rest.provenance == Provenance("ridge", "invented", 2, notes=("a note", "held: age, yaw"))
    assert hold(whole, held).provenance.notes[-1] == "held: age, yaw, pitch and 2 more"


def test_holding_nothing_changes_nothing():
    one = direction(noise(0, 8))
    assert hold(one, []) is one


@pytest.mark.parametrize("shape", SHAPES)
def test_two_held_directions_may_be_the_same(shape):
    one, other = direction(noise(0, *shape)), direction(noise(1, *shape))
    nearly = direction(other.vector + 1e-9 * one.vector)
    alone = hold(one, [other])
    torch.testing.assert_close(hold(one, [other, other, nearly]).vector, alone.vector, rtol=0, atol=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_direction_of_which_nothing_is_left_is_refused(sign):
    age = direction(noise(0, 8), "age")
    with pytest.raises(ValueError, match="nothing of smile is left while age, yaw is held: release one"):
        hold(direction(sign * age.vector, "smile"), [age, direction(noise(1, 8), "yaw")])


def test_all_directions_of_a_space_leave_nothing():
    axes = [direction(axis) for axis in torch.eye(8)]
    with pytest.raises(ValueError, match="nothing of one is left"):
        hold(direction(noise(0, 8)), axes)
    torch.testing.assert_close(hold(direction(noise(0, 8)), axes[1:]).vector.abs(), torch.eye(8)[0])

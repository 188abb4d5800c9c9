from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from explorer.operations.directions import Direction, Provenance, unit
from explorer.operations.holding import Jacobian, around, hold, hold_apart
from models.errors import InputError

TOLD = Provenance("mean-difference", "invented", 2)
SHAPES = [(8,), (4, 8, 8)]

shapes = st.sampled_from(SHAPES)
seeds = st.integers(0, 10_000)


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def direction(vector: Tensor, name: str = "one", std: float = 1.5) -> Direction:
    return Direction(name, unit(vector), std, TOLD)


def dot(a: Direction, b: Direction) -> float:
    return float((a.vector * b.vector).sum())


def test_a_direction_of_another_shape_is_not_held():
    with pytest.raises(InputError, match=r"hold: expected directions of shape \(8,\), got 'age'"):
        hold(direction(noise(0, 8)), [direction(noise(0, 4, 8, 8), "age")])


@given(shapes, seeds, st.integers(1, 5))
def test_held_readings_stay_as_they_are(shape, seed, count):
    one = direction(noise(seed, *shape))
    held = [direction(noise(seed + 1 + i, *shape), f"held {i}") for i in range(count)]
    rest = hold(one, held)
    assert rest.name == one.name
    for other in held:
        assert abs(dot(rest, other)) < 1e-5
    assert rest.std == pytest.approx(dot(rest, one) * one.std, rel=1e-4), "it still leads the same way"
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
    with pytest.raises(InputError, match="nothing of smile is left while age, yaw is held: release one"):
        hold(direction(sign * age.vector, "smile"), [age, direction(noise(1, 8), "yaw")])


def test_all_directions_of_a_space_leave_nothing():
    axes = [direction(axis) for axis in torch.eye(8)]
    with pytest.raises(InputError, match="nothing of one is left"):
        hold(direction(noise(0, 8)), axes)
    torch.testing.assert_close(hold(direction(noise(0, 8)), axes[1:]).vector.abs(), torch.eye(8)[0])


@given(shapes, seeds, st.integers(1, 5))
def test_what_comes_back_from_the_picture_is_held(shape, seed, count):
    """J is near the identity, as decoder and encoder would have it, but turns every step a little."""
    size = noise(0, *shape).numel()
    basis, _ = torch.linalg.qr(noise(seed + 20, size, count))
    matrix = 0.6 * torch.eye(size) + 0.2 / size**0.5 * noise(seed + 50, size, size)

    def back(vector):
        return (matrix @ vector.flatten()).reshape(shape)

    one = direction(noise(seed, *shape))
    held = [direction(axis.reshape(shape), f"held {i}") for i, axis in enumerate(basis.T)]
    jacobian = Jacobian({way: back(way.vector) for way in (one, *held)})
    rest = hold(one, held, jacobian)
    taken = rest.std / one.std * rest.vector - one.vector  # steps along the held ones only
    others = torch.stack([other.vector.flatten() for other in held])
    torch.testing.assert_close((taken.flatten() @ others.T) @ others, taken.flatten(), rtol=0, atol=1e-4)
    changes = [float((back(rest.vector) * other.vector).sum()) for other in held]
    unheld = [float((back(hold(one, held).vector) * other.vector).sum()) for other in held]
    assert max(map(abs, changes)) < 1e-4 < max(map(abs, unheld))


def test_a_faithful_picture_needs_no_other_hold():
    one, held = direction(noise(0, 8)), [direction(noise(1 + i, 8)) for i in range(3)]
    jacobian = Jacobian({way: way.vector for way in (one, *held)})
    torch.testing.assert_close(hold(one, held, jacobian).vector, hold(one, held).vector, rtol=0, atol=1e-5)


def test_what_the_picture_does_not_answer_to_is_left_alone():
    """Steps along it change nothing that is read, so none are taken, however many would be asked for."""
    one, seen, unseen = (direction(axis) for axis in torch.eye(3)[[0, 1, 2]])
    jacobian = Jacobian({
        one: torch.tensor([1.0, 0.5, 0.5]), seen: torch.tensor([0.0, 1.0, 0.0]), unseen: 1e-3 * torch.ones(3),
    })  # fmt: skip
    rest = hold(one, [seen, unseen], jacobian)
    torch.testing.assert_close(rest.vector, unit(torch.tensor([1.0, -0.5, 0.0])), rtol=0, atol=2e-3)


@given(shapes, seeds, st.integers(1, 4))
def test_a_linear_answer_is_measured_as_its_matrix_says(shape, seed, count):
    latent, found = noise(seed, *shape), [direction(noise(seed + 1 + i, *shape)) for i in range(count)]
    matrix = noise(seed + 9, latent.numel(), latent.numel()) / latent.numel() ** 0.5
    returned = (around(latent, found).flatten(1) @ matrix.T).reshape(-1, *shape)
    measured = Jacobian.measured(found, returned)
    for one in found:
        expected = (matrix @ one.vector.flatten()).reshape(shape)
        torch.testing.assert_close(measured.of[one], expected, rtol=0, atol=1e-3)

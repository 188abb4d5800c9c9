import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.operations.directions import Direction, Provenance, unit
from explorer.operations.traversal import STRENGTHS, traverse
from models.errors import InputError
from models.toys.vector import ToyModel


def direction(shape=(8,), std=2.0, seed=0):
    vector = unit(torch.randn(shape, generator=torch.Generator().manual_seed(seed)))
    return Direction("smile", vector, std, Provenance("pca", "component 1", 10))


@given(
    seed=st.integers(0, 2**32),
    std=st.floats(0.1, 5),
    shape=st.sampled_from([(8,), (4, 8, 8)]),
    strengths=st.lists(st.floats(-10, 10), min_size=1, max_size=9),
)
def test_a_row_is_a_straight_line_in_steps_of_sigma(seed, std, shape, strengths):
    start, one = (
        torch.randn(shape, generator=torch.Generator().manual_seed(seed)),
        direction(shape, std, seed),
    )
    row = traverse(start, one, strengths)
    assert row.shape == (len(strengths), *shape)
    along = ((row - start).double() * one.vector.double()).flatten(1).sum(1) / std
    torch.testing.assert_close(along, torch.tensor(strengths, dtype=torch.float64), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        row, start + torch.tensor(strengths).reshape(-1, *[1] * len(shape)) * std * one.vector
    )


def test_the_middle_of_a_row_is_its_start_and_pictures_differ_as_the_decoder_says():
    model, one = ToyModel(), direction()
    start = 0.2 * torch.ones(8)
    row = traverse(start, one)
    assert len(row) == len(STRENGTHS)
    assert torch.equal(row[3], start)
    step = model.decode(
        0.1 * one.std * one.vector[None]
    )  # linear: so far does a tenth of a step move the picture
    pictures = model.decode(traverse(start, one, [0, 0.1, 0.2]))
    torch.testing.assert_close(pictures[1:] - pictures[:-1], step.expand(2, -1, -1, -1), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("strengths", [[], [float("nan")], [0.0, 10.5], [float("-inf")]])
def test_strengths_that_are_none_are_refused(strengths):
    with pytest.raises(InputError, match="strength"):
        traverse(torch.zeros(8), direction(), strengths)


def test_a_direction_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"expected shape \(6,\), got \(8,\)"):
        traverse(torch.zeros(6), direction(), [1.0])

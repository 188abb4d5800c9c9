import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.operations.directions import Direction, Provenance, unit
from explorer.operations.traversal import VALUES, coordinates, traverse
from explorer.steering.fitting import projected_std
from models.toy import ToyModel

N = 400
VECTORS = torch.randn(N, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 3, 0, 2, 0.5, 1.5])
SPATIAL = torch.randn(N, 4, 8, 8, generator=torch.Generator().manual_seed(1))


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
    assert len(row) == len(VALUES)
    assert torch.equal(row[3], start)
    step = model.decode(
        0.1 * one.std * one.vector[None]
    )  # linear: so far does a tenth of a step move the picture
    pictures = model.decode(traverse(start, one, [0, 0.1, 0.2]))
    torch.testing.assert_close(pictures[1:] - pictures[:-1], step.expand(2, -1, -1, -1), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("strengths", [[], [float("nan")], [0.0, 10.5], [float("-inf")]])
def test_strengths_that_are_none_are_refused(strengths):
    with pytest.raises(ValueError, match="strength"):
        traverse(torch.zeros(8), direction(), strengths)


def test_a_direction_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"expected shape \(6,\), got \(8,\)"):
        traverse(torch.zeros(6), direction(), [1.0])


def test_dimensions_come_by_variance_and_one_that_never_varies_is_left_out():
    found = coordinates(VECTORS, {})
    assert list(found) == [1, 3, 5, 0, 4]
    for index, one in found.items():
        assert torch.equal(one.vector, torch.eye(6)[index])
        assert one.std == pytest.approx(float(VECTORS[:, index].std(correction=0)), rel=1e-5)
        assert one.name == str(index)


def test_a_channel_moves_at_all_places_together():
    found = coordinates(SPATIAL * torch.tensor([1, 4, 2, 3])[:, None, None], {})
    assert list(found) == [1, 3, 2, 0]
    for index, one in found.items():
        assert one.vector[index].unique().tolist() == [1 / 8]
        assert torch.count_nonzero(one.vector) == 64
        assert one.provenance.data == f"channel {index}"
    scaled = SPATIAL * 2
    assert coordinates(scaled, {})[0].std == pytest.approx(projected_std(found[0].vector, scaled), rel=1e-5)


def test_each_is_named_by_the_label_it_follows_best():
    noise = np.random.default_rng(0).normal(size=N)
    own = VECTORS.double().numpy()
    partly = own[:, 3].copy()
    partly[::2] = np.nan  # half of the labels are not known
    labels = {
        "hair_tone": own[:, 1] + 3 * noise,
        "age": -2 * partly,
        "none": np.full(N, np.nan),
        "one": np.ones(N),
    }
    found = coordinates(VECTORS, labels)
    expected = np.corrcoef(own[:, 1], labels["hair_tone"])[0, 1]
    assert found[1].name == f"1 · hair tone r {expected:.2f}"
    assert found[1].provenance.correlations["hair_tone"] == pytest.approx(expected)
    assert found[3].name == "3 · age r −1.00"
    assert found[3].provenance.correlations["none"] == found[3].provenance.correlations["one"] == 0

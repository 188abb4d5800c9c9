"""Single dimensions and channels: in order, in σ, and by the name of what they follow."""

import numpy as np
import pytest
import torch

from explorer.steering import dimensions
from explorer.steering.fitting import projected_std
from models.base import LatentSpace

N = 400
VECTORS = torch.randn(N, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 3, 0, 2, 0.5, 1.5])
SPATIAL = torch.randn(N, 4, 8, 8, generator=torch.Generator().manual_seed(1))
VECTOR_SPACE = LatentSpace("a", (6,), ("dim",))
GRID_SPACE = LatentSpace("b", (4, 8, 8), ("channel", "row", "column"))
LAYERS_SPACE = LatentSpace("c", (3, 6), ("layer", "dim"))


def test_dimensions_come_by_variance_and_one_that_never_varies_is_left_out():
    found = dimensions(VECTOR_SPACE, VECTORS, {})
    assert list(found) == [1, 3, 5, 0, 4]
    for index, one in found.items():
        assert torch.equal(one.vector, torch.eye(6)[index])
        assert one.std == pytest.approx(float(VECTORS[:, index].std(correction=0)), rel=1e-5)
        assert one.name == str(index)


def test_a_channel_moves_at_all_places_together():
    found = dimensions(GRID_SPACE, SPATIAL * torch.tensor([1, 4, 2, 3])[:, None, None], {})
    assert list(found) == [1, 3, 2, 0]
    for index, one in found.items():
        assert one.vector[index].unique().tolist() == [1 / 8]
        assert torch.count_nonzero(one.vector) == 64
        assert one.provenance.data == f"channel {index}"
    scaled = SPATIAL * 2
    assert dimensions(GRID_SPACE, scaled, {})[0].std == pytest.approx(
        projected_std(found[0].vector, scaled), rel=1e-5
    )


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
    found = dimensions(VECTOR_SPACE, VECTORS, labels)
    expected = np.corrcoef(own[:, 1], labels["hair_tone"])[0, 1]
    assert found[1].name == f"1 · hair tone r {expected:.2f}"
    assert found[1].provenance.correlations["hair_tone"] == pytest.approx(expected)
    assert found[3].name == "3 · age r −1.00"
    assert found[3].provenance.correlations["none"] == found[3].provenance.correlations["one"] == 0


def test_a_dimension_of_layers_moves_in_all_of_them():
    layered = VECTORS[:, None] * torch.tensor([1.0, 2.0, 3.0])[:, None]
    found = dimensions(LAYERS_SPACE, layered, {"age": VECTORS[:, 3].double().numpy()})
    assert list(found) == [1, 3, 5, 0, 4]
    assert found[1].vector.shape == (3, 6)
    torch.testing.assert_close(found[1].vector[:, 1], torch.full((3,), 3**-0.5))
    assert torch.count_nonzero(found[1].vector) == 3
    assert found[3].provenance.data == "dimension 3"
    assert found[3].name == "3 · age r 1.00"
    assert found[1].std == pytest.approx(projected_std(found[1].vector, layered), rel=1e-5)


def test_where_nothing_varies_there_is_none():
    assert dimensions(VECTOR_SPACE, torch.ones(N, 6), {"age": np.arange(float(N))}) == {}

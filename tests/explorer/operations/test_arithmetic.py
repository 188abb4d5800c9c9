import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.operations.arithmetic import MAX_WEIGHT, combine
from models.errors import InputError

WEIGHTS = st.floats(-MAX_WEIGHT, MAX_WEIGHT)


def latents(n, shape=(8,), seed=0):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed))


@given(
    seed=st.integers(0, 2**32),
    shape=st.sampled_from([(1,), (8,), (4, 8, 8)]),
    weights=st.lists(WEIGHTS, min_size=1, max_size=6),
)
def test_the_result_is_the_weighted_sum(seed, shape, weights):
    terms = latents(len(weights), shape, seed)
    expected = sum(weight * term.double() for weight, term in zip(weights, terms, strict=True))
    torch.testing.assert_close(combine(terms, weights), expected.float(), atol=1e-6, rtol=1e-6)


@given(seed=st.integers(0, 2**32))
def test_one_term_is_itself_and_a_minus_a_is_nothing(seed):
    (one,) = latents(1, seed=seed)
    assert torch.equal(combine(one[None], [1.0]), one)
    assert torch.equal(combine(torch.stack([one, one]), [1.0, -1.0]), torch.zeros(8))
    a, b = latents(2, seed=seed + 1)
    assert torch.equal(combine(torch.stack([a, b, b]), [1.0, -1.0, 1.0]), a)


@given(weights=st.lists(WEIGHTS, min_size=2, max_size=5), order=st.randoms())
def test_the_order_of_the_terms_does_not_matter(weights, order):
    terms, shuffled = latents(len(weights)), list(range(len(weights)))
    order.shuffle(shuffled)
    torch.testing.assert_close(
        combine(terms[shuffled], [weights[i] for i in shuffled]),
        combine(terms, weights),
        atol=1e-6,
        rtol=1e-6,
    )


@pytest.mark.parametrize("weight", [math.nan, math.inf, 10.01, -11])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(InputError, match="weight: expected a number from -10 to 10"):
        combine(latents(2), [1.0, weight])


@pytest.mark.parametrize(("terms", "weights"), [(0, []), (2, [1.0]), (1, [1.0, 1.0])])
def test_no_terms_and_too_few_weights_are_refused(terms, weights):
    with pytest.raises(InputError, match="at least one term, and a weight for each"):
        combine(latents(terms), weights)


def test_nan_latents_are_refused():
    with pytest.raises(InputError, match="expected finite latents"):
        combine(torch.tensor([[math.nan]]), [1.0])

"""How close two batches are, and the pictures by which that is asked."""

from __future__ import annotations

import math

import pytest
import torch

from models.runtimes.judging import CLOSE, COLOURS, PHOTOGRAPHS, Closeness, closeness, pictures


def test_the_median_and_the_worst_are_told_in_decibels() -> None:
    exact = torch.zeros(3, 1, 2, 2)
    shifts = torch.tensor([0.02, 0.002, 0.2]).view(3, 1, 1, 1)  # of a reach of 2: 40, 60 and 20 dB
    found = closeness(exact + shifts, exact)
    assert (found.median, found.worst) == pytest.approx((40, 20), abs=1e-4)


def test_what_is_equal_is_close_and_nan_is_not() -> None:
    values = torch.rand(2, 3)
    assert closeness(values, values).worst > 100
    assert closeness(values * math.nan, values).worst == -math.inf
    assert not closeness(values * math.nan, values).reaches(CLOSE)


@pytest.mark.parametrize(
    ("found", "reaches"),
    [((40, 34), True), ((39.9, 34), False), ((40, 33.9), False), ((50, 20), False), ((90, 90), True)],
)
def test_both_have_to_reach_the_bar(found: tuple[float, float], reaches: bool) -> None:
    assert Closeness(*found).reaches(CLOSE) == reaches


def test_judged_are_photographs_and_pure_colours() -> None:
    found = pictures(32)
    assert found.shape == (len(PHOTOGRAPHS) + len(COLOURS), 3, 32, 32)
    assert found.min() == -1
    assert found.max() == 1
    red, white = found[len(PHOTOGRAPHS)], found[len(PHOTOGRAPHS) + COLOURS.index("white")]
    assert red.mean((1, 2)).tolist() == [1, -1, -1]
    assert (white == 1).all()
    assert (found[: len(PHOTOGRAPHS)].std((1, 2, 3)) > 0.05).all()


def test_the_first_of_them_are_the_same() -> None:
    torch.testing.assert_close(pictures(32, 2), pictures(32)[:2])

from __future__ import annotations

import pytest
import torch

from models.runtimes.int8 import Convolution, Grid
from models.runtimes.policy import policy

pytestmark = pytest.mark.skipif(
    not policy(torch.device("cpu")).bytes, reason="this processor does not multiply bytes"
)
SIGNED, POSITIVE = Grid(0.02, 100), Grid(0.01, 0)


def back(steps: torch.Tensor, grid: Grid) -> torch.Tensor:
    return (steps.float() - grid.zero) * grid.scale


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_grid_holds_zero_exactly_and_all_values_that_were_seen() -> None:
    values = random(1, 4, 128, 128)
    grid = Grid.over(values)
    steps = grid.bytes(values)
    assert steps.dtype == torch.uint8
    assert (back(steps, grid) - values).abs().max() <= grid.scale * 0.51
    assert grid.scale < 1.3 * float(values.max() - values.min()) / 255
    assert float(back(grid.bytes(torch.zeros(1, 1, 1, 1)), grid)) == 0
    assert Grid.over(values.abs()).zero == 0
    assert Grid.over(torch.zeros(1, 1, 8, 8)).scale > 0
    assert Grid.over(values, rare=0.01).scale < 0.7 * grid.scale  # of a normal distribution


@pytest.mark.parametrize("source", [SIGNED, POSITIVE])
@pytest.mark.parametrize("padding", [0, 1])
def test_a_convolution_of_bytes_is_that_of_their_values(source: Grid, padding: int) -> None:
    x = source.bytes(random(1, 16, 9, 9))
    seen = back(x, source)
    weight, bias = random(16, 16, 3, 3, seed=1) / 12, random(16, seed=2)
    expected = torch.nn.functional.conv2d(seen, weight, bias, padding=padding)
    exact = Convolution(weight, bias, seen, source, None, padding=padding)(x)
    assert exact.dtype == torch.float32
    assert (exact - expected).std() < 0.02 * expected.std()
    target = Grid.over(expected)
    steps = Convolution(weight, bias, seen, source, target, padding=padding)(x)
    assert (back(steps, target) - expected).abs().quantile(0.99) < 2 * target.scale
    relu = Convolution(weight, bias, seen, source, target, "relu", padding)(x)
    assert (back(relu, target) - expected.relu()).abs().quantile(0.99) < 2 * target.scale


def test_strides_and_groups_are_those_of_the_weights() -> None:
    x = SIGNED.bytes(random(1, 16, 10, 10))
    seen = back(x, SIGNED)
    weight = random(12, 16, 4, 4, seed=1) / 16
    expected = torch.nn.functional.conv2d(seen, weight, stride=2, padding=1)
    found = Convolution(weight, None, seen, SIGNED, None, stride=2)(x)
    assert (found - expected).std() < 0.02 * expected.std()
    weight = random(16, 1, 3, 3, seed=2) / 3
    expected = torch.nn.functional.conv2d(seen, weight, padding=1, groups=16)
    found = Convolution(weight, None, seen, SIGNED, None)(x)
    assert (found - expected).std() < 0.02 * expected.std()


@pytest.mark.parametrize("grid", [SIGNED, POSITIVE])
@pytest.mark.parametrize("activation", ["none", "relu"])
def test_a_residual_is_added_before_the_activation(grid: Grid, activation: str) -> None:
    x, residual = POSITIVE.bytes(random(1, 16, 9, 9).abs()), grid.bytes(random(1, 16, 9, 9, seed=3))
    seen, weight = back(x, POSITIVE), random(16, 16, 3, 3, seed=1) / 12
    expected = back(residual, grid) + torch.nn.functional.conv2d(seen, weight, padding=1)
    expected = expected.relu() if activation == "relu" else expected
    target = Grid.over(expected)
    convolution = Convolution(weight, torch.zeros(16), seen, POSITIVE, target, activation)
    steps = convolution.add(x, residual, grid)
    assert (back(steps, target) - expected).abs().quantile(0.99) < 2 * target.scale


def test_what_rounding_the_weights_does_to_the_mean_is_taken_out() -> None:
    x = POSITIVE.bytes(random(1, 16, 32, 32).abs() + 1)
    seen, weight = back(x, POSITIVE), random(16, 16, 1, 1, seed=1)
    expected = torch.nn.functional.conv2d(seen, weight)
    found = Convolution(weight, None, seen, POSITIVE, None, padding=0)(x)
    assert (found - expected).mean((0, 2, 3)).abs().max() < 1e-4 * float(expected.std())

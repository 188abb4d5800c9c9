import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from explorer.operations.interpolation import INTERPOLATIONS, MIN_ANGLE, lerp, slerp
from models.errors import InputError

METHODS = pytest.mark.parametrize("method", [lerp, slerp])
FINE = torch.linspace(0, 1, 33)
SHAPES = st.sampled_from([(1,), (2,), (128,), (4, 8, 8)])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Two latents of one shape, of lengths between 1e-3 and 1e3."""
    shape, seed = draw(SHAPES), draw(st.integers(0, 2**32))
    a, b = torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed)).unbind()
    assume(min(a.norm(), b.norm()) > 1e-3)
    scale = st.floats(1e-3, 1e3)
    return a / a.norm() * draw(scale), b / b.norm() * draw(scale)


def angle(a: Tensor, b: Tensor) -> float:
    a, b = a.double().flatten(), b.double().flatten()
    return (
        math.atan2(float((a * b.norm() - b * a.norm()).norm()), float((a * b.norm() + b * a.norm()).norm()))
        * 2
    )


@METHODS
@given(pair=pairs())
def test_both_ends_are_hit_exactly(method, pair: tuple[Tensor, Tensor]) -> None:
    a, b = pair
    assert torch.equal(method(a, b, torch.tensor([0.0, 1.0])), torch.stack([a, b]))


@METHODS
@given(pair=pairs())
def test_the_way_back_is_the_same_way(method, pair: tuple[Tensor, Tensor]) -> None:
    a, b = pair
    size = float(max(a.norm(), b.norm()))
    torch.testing.assert_close(
        method(a, b, FINE), method(b, a, 1 - FINE).clone(), atol=1e-6 * size, rtol=1e-5
    )


@METHODS
@given(pair=pairs())
def test_no_step_is_longer_than_the_path_allows(method, pair: tuple[Tensor, Tensor]) -> None:
    """Continuity: a step turns by at most π/32 and grows by at most 1/32 of the difference of the lengths."""
    a, b = pair
    steps = method(a, b, FINE).diff(dim=0).flatten(1).norm(dim=1)
    longest = max(float(a.norm()), float(b.norm()))
    assert steps.max() <= (math.pi * longest + abs(float(a.norm() - b.norm()))) / 32 * 1.001


@given(pair=pairs())
def test_slerp_keeps_to_a_length_between_its_ends(pair: tuple[Tensor, Tensor]) -> None:
    a, b = pair
    assume(angle(a, b) < math.pi - 1e-3)
    lengths = slerp(a, b, FINE).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, lerp(a.norm(), b.norm(), FINE), rtol=1e-4, atol=0)


@given(pair=pairs(), t=st.floats(0, 1))
def test_slerp_turns_at_constant_speed_in_the_plane_of_its_ends(
    pair: tuple[Tensor, Tensor], t: float
) -> None:
    a, b = pair
    whole = angle(a, b)
    assume(1e-2 < whole < math.pi - 1e-2)
    (point,) = slerp(a, b, torch.tensor([t], dtype=torch.float64))
    assert angle(a, point) == pytest.approx(t * whole, abs=1e-4)
    assert angle(point, b) == pytest.approx((1 - t) * whole, abs=1e-4)


def test_slerp_of_two_unit_quaternions_is_the_rotation_halfway() -> None:
    """Shoemake's own case: half of a turn by 90° about z is a turn by 45° about z."""
    still, quarter = torch.tensor([1.0, 0, 0, 0]), torch.tensor([math.sqrt(0.5), 0, 0, math.sqrt(0.5)])
    eighth = torch.tensor([[math.cos(math.pi / 8), 0, 0, math.sin(math.pi / 8)]])
    torch.testing.assert_close(slerp(still, quarter, torch.tensor([0.5])), eighth)


def test_lerp_is_the_straight_line() -> None:
    a, b = torch.zeros(4, 2, 2), torch.ones(4, 2, 2)
    assert torch.equal(lerp(a, b, torch.tensor([0.25])), torch.full((1, 4, 2, 2), 0.25))


@METHODS
def test_a_path_from_a_point_to_itself_stays_there(method) -> None:
    a = torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(method(a, a, FINE), a.expand(33, 4, 8, 8))


@pytest.mark.parametrize("factor", [-1, -0.3, 0, 2.5])
def test_slerp_is_lerp_where_no_great_circle_is_determined(factor: float) -> None:
    """Opposite latents, a zero latent and parallel ones, on either side."""
    a = torch.randn(16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(slerp(a, factor * a, FINE), lerp(a, factor * a, FINE))
    assert torch.equal(slerp(factor * a, a, FINE), lerp(factor * a, a, FINE))


def test_slerp_between_two_zero_latents_stays_at_zero() -> None:
    assert not slerp(torch.zeros(4, 2, 2), torch.zeros(4, 2, 2), FINE).any()


@pytest.mark.parametrize("length", [1.0, 100.0])
def test_slerp_meets_lerp_at_the_smallest_angle(length: float) -> None:
    a = torch.tensor([1.0, 0.0], dtype=torch.float64)
    for theta in (MIN_ANGLE * 0.99, MIN_ANGLE * 1.01):
        b = length * torch.tensor([math.cos(theta), math.sin(theta)], dtype=torch.float64)
        torch.testing.assert_close(slerp(a, b, FINE), lerp(a, b, FINE), rtol=0, atol=1e-6 * length)


def test_slerp_of_almost_opposite_latents_keeps_its_length() -> None:
    theta = math.pi - MIN_ANGLE * 1.01
    a = torch.tensor([1.0, 0.0], dtype=torch.float64)
    b = torch.tensor([math.cos(theta), math.sin(theta)], dtype=torch.float64)
    torch.testing.assert_close(slerp(a, b, FINE).norm(dim=1), torch.ones(33, dtype=torch.float64))


@METHODS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_latents_keep_their_dtype(method, dtype: torch.dtype) -> None:
    assert method(torch.ones(3, dtype=dtype), torch.zeros(3, dtype=dtype), FINE).dtype == dtype


@METHODS
def test_no_step_gives_no_latent(method) -> None:
    assert method(torch.ones(4, 2, 2), torch.ones(4, 2, 2), torch.zeros(0)).shape == (0, 4, 2, 2)


@METHODS
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("a", "b", "t", "found"),
    [
        (torch.ones(3), torch.ones(4), FINE, r"\(3,\) and \(4,\)"),
        (torch.ones(2, 2), torch.ones(4), FINE, r"\(2, 2\) and \(4,\)"),
        (torch.tensor([math.nan]), torch.ones(1), FINE, "NaN"),
        (torch.ones(1), torch.tensor([math.inf]), FINE, "infinity"),
        (torch.ones(1), torch.ones(1), torch.tensor([1.25]), "1.25"),
        (torch.ones(1), torch.ones(1), torch.tensor([-0.5]), "-0.5"),
        (torch.ones(1), torch.ones(1), torch.tensor([0.5, math.nan]), "nan"),
        (torch.ones(1), torch.ones(1), torch.tensor(0.5), "0.5"),
    ],
)
def test_bad_input_is_named(method, a: Tensor, b: Tensor, t: Tensor, found: str) -> None:
    with pytest.raises(InputError, match=f"expected .*got .*{found}"):
        method(a, b, t)


def test_the_table_says_which_paths_run_through_the_latent_space() -> None:
    assert {name: entry.domain for name, entry in INTERPOLATIONS.items()} == {
        "slerp": "latent",
        "lerp": "latent",
        "cross-fade": "pixel",
    }
    assert INTERPOLATIONS["cross-fade"].function is lerp

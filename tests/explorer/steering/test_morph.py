from __future__ import annotations

import pytest
from pydantic import ValidationError

from explorer.data import Point
from explorer.steering import MAX_STEERS, Morph, Steer


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "gan"},
        {"method": "fly"},
        {"alpha": 1.01},
        {"alpha": float("nan")},
        {"a": -1},
        {"a": True},
        {"a": 1.5},
        {"a": ""},
        {"a": "a/b/c"},
        {"b": "../etc"},
        {"b": "1\n"},
        {"steer": [{"direction": "smile", "strength": 11}]},
        {"steer": [{"direction": "smile", "strength": float("nan")}]},
        {"steer": [{"direction": "no such name"}]},
        {"steer": [{"direction": "smile"}] * (MAX_STEERS + 1)},
    ],
    ids=str,
)
def test_a_bad_morph_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Morph.model_validate({"model": "toy", "a": 1, "b": 2, **wrong})


def test_a_morph_is_a_value() -> None:
    morph = Morph(model="toy", a=1, b="2")
    same = Morph(model="toy", a="1", b=Point.of("portraits/2"), method="slerp", alpha=0.5)
    assert morph == same
    assert hash(morph) == hash(same)
    with pytest.raises(ValidationError):
        morph.alpha = 0.1  # type: ignore[misc]


def test_what_a_link_of_before_says_is_read() -> None:
    """A bare number is an item of the first data set, as it was when there was no other."""
    before = '{"model":"face-vae","a":"17","b":4,"method":"lerp","alpha":0.25,"steer":[{"direction":"age"}]}'
    morph = Morph.model_validate_json(before)
    assert (morph.a, morph.b) == (Point(dataset="portraits", key="17"), Point(dataset="portraits", key="4"))
    assert morph.steer == (Steer(direction="age", strength=0, hold=False),)
    assert Morph.model_validate_json(morph.model_dump_json()) == morph


def test_points_of_any_data_set_may_be_its_ends() -> None:
    morph = Morph(model="toy", a="samples/5", b="mine/" + "3f" * 16)
    assert morph.a.dataset == "samples"
    assert morph.b.is_own
    assert Morph.model_validate_json(morph.model_dump_json()) == morph


@pytest.mark.parametrize(("method", "has_latents"), [("slerp", True), ("lerp", True), ("cross-fade", False)])
def test_a_cross_fade_visits_no_latents(method: str, has_latents: bool) -> None:
    assert Morph(model="toy", a=1, b=2, method=method).has_latents == has_latents

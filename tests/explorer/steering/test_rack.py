from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from explorer.data.keep import AROUND
from explorer.operations import Direction, Jacobian, Provenance, hold, steer, unit
from explorer.steering import Own, Steer, Steering, UnknownDirectionError
from explorer.steering.rack import NAMED
from models.errors import InputError

TOLD = Provenance("mean-difference", "invented", 2)


def direction(seed: int, name: str = "one") -> Direction:
    vector = torch.randn(8, generator=torch.Generator().manual_seed(seed))
    return Direction(name, unit(vector), 1.5, TOLD)


SMILE, AGE, YAW = (direction(seed, name) for seed, name in enumerate(("smile", "age", "yaw")))


@pytest.fixture
def steering() -> Steering:
    return Steering("toy", {"smile": SMILE, "age": AGE, "yaw": YAW}, Own())


@pytest.fixture
def latents() -> Tensor:
    return torch.randn(3, 8, generator=torch.Generator().manual_seed(9))


def moved_by(steering, latents, rack):
    return latents + steering.displacement(latents[0], rack)


def test_sliders_add_up(steering, latents):
    rack = [Steer(direction="smile", strength=2), Steer(direction="age", strength=-1.5)]
    moved = moved_by(steering, latents, rack)
    torch.testing.assert_close(moved, steer(latents, [SMILE, AGE], [2, -1.5]))
    torch.testing.assert_close(moved, moved_by(steering, latents, rack[::-1]))


def test_a_rack_at_rest_changes_no_bit(steering, latents):
    rack = [Steer(direction="smile"), Steer(direction="age", hold=True), Steer(direction="yaw", strength=0.0)]
    assert torch.equal(moved_by(steering, latents, rack), latents)
    assert torch.equal(moved_by(steering, latents, []), latents)


def test_a_held_trait_is_left_alone_by_the_others(steering, latents):
    rack = [Steer(direction="smile", strength=3), Steer(direction="age", hold=True), Steer(direction="yaw")]
    moved = moved_by(steering, latents, rack)
    torch.testing.assert_close(moved, steer(latents, [hold(SMILE, [AGE])], [3]))
    torch.testing.assert_close(moved @ AGE.vector, latents @ AGE.vector, rtol=0, atol=1e-5)
    assert not torch.allclose(moved @ YAW.vector, latents @ YAW.vector)


def test_it_is_left_alone_as_the_picture_answers(steering, latents):
    answers = torch.randn(3, 8, generator=torch.Generator().manual_seed(30))
    jacobian = Jacobian(dict(zip((SMILE, AGE, YAW), answers, strict=True)))
    rack = [Steer(direction="smile", strength=3), Steer(direction="age", hold=True)]
    moved = steering.displacement(latents[0], rack, jacobian)
    torch.testing.assert_close(moved, steer(torch.zeros(1, 8), [hold(SMILE, [AGE], jacobian)], [3])[0])
    assert not torch.allclose(moved, steering.displacement(latents[0], rack))


def test_something_is_held_where_another_one_moves(steering):
    smile, age = Steer(direction="smile", strength=3), Steer(direction="age", hold=True)
    assert steering.holds([smile, age])
    assert steering.holds(
        [Steer(direction="smile", strength=3, hold=True), Steer(direction="age", strength=1)]
    )
    assert not steering.holds([smile, Steer(direction="age", strength=1)])
    assert not steering.holds([Steer(direction="smile"), age])
    assert not steering.holds([Steer(direction="smile", strength=3, hold=True)])


def test_a_held_slider_still_moves_itself(steering, latents):
    alone = moved_by(steering, latents, [Steer(direction="smile", strength=3)])
    held = moved_by(steering, latents, [Steer(direction="smile", strength=3, hold=True)])
    torch.testing.assert_close(held, alone)


def test_two_held_sliders_leave_each_other_alone(steering, latents):
    rack = [Steer(direction="smile", strength=3, hold=True), Steer(direction="age", strength=2, hold=True)]
    moved = moved_by(steering, latents, rack)
    torch.testing.assert_close(moved, steer(latents, [hold(SMILE, [AGE]), hold(AGE, [SMILE])], [3, 2]))


def test_a_direction_that_is_replaced_is_not_remembered(steering, latents):
    """Two under one name: of the few items that are encoded, then of all."""
    rack = [Steer(direction="pca:0", strength=1), Steer(direction="age", hold=True)]
    versions = [steering.version(rack)]
    for seed in (20, 21):
        assert steering.name(direction(seed), "pca:0") == "pca:0"
        moved = moved_by(steering, latents, rack)
        torch.testing.assert_close(moved, steer(latents, [hold(direction(seed), [AGE])], [1]))
        versions.append(steering.version(rack))
    assert len(set(versions)) == 3, "what was made with the one before is told apart"
    assert steering.version(rack[1:]) == versions[0] == b"", "what nobody can replace has one version"


def test_nothing_left_is_a_sentence_and_not_a_jump(latents):
    steering = Steering("toy", {"smile": SMILE, "grin": direction(0, "grin")}, Own())
    rack = [Steer(direction="smile", strength=1), Steer(direction="grin", hold=True)]
    with pytest.raises(InputError, match="nothing of smile is left while grin is held"):
        moved_by(steering, latents, rack)


def test_found_directions_are_kept_under_ids_that_cannot_be_guessed(steering, latents):
    ids = [steering.add(direction(10 + n), "ann") for n in range(5)]
    assert len(set(ids)) == 5
    assert all(re.fullmatch("d[0-9a-f]{32}", key) for key in ids)
    assert steering.direction(ids[3]).name == "one"
    moved = moved_by(steering, latents, [Steer(direction=ids[3], strength=1)])
    torch.testing.assert_close(moved, steer(latents, [direction(13)], [1]))
    assert list(steering.built_in) == ["smile", "age", "yaw"]


@pytest.mark.parametrize("key", ["nobody", "d" + "0" * 32, ""])
def test_an_unknown_direction_is_named(steering, latents, key):
    with pytest.raises(UnknownDirectionError, match=f"direction '{key}' is unknown or no longer kept"):
        steering.direction(key)
    if key:
        for entry in (Steer(direction=key, strength=1), Steer(direction=key, hold=True)):
            with pytest.raises(UnknownDirectionError):
                moved_by(steering, latents, [entry])


def test_one_persons_many_directions_drop_their_own_only(steering, monkeypatch):
    bens = steering.add(direction(1), "ben")
    monkeypatch.setattr(steering._own, "_each", 256 * (direction(2).nbytes + AROUND))
    anns = [steering.add(direction(2), "ann") for _ in range(256)]
    steering.direction(anns[0])
    steering.add(direction(3), "ann")
    assert steering.direction(anns[0]) is steering.direction(anns[0])
    with pytest.raises(UnknownDirectionError, match="no longer kept: find it or load it again"):
        steering.direction(anns[1])
    assert steering.direction(bens).std == 1.5
    assert steering.direction("smile") is SMILE, "the built-in ones stay"


def test_of_what_the_model_itself_gives_the_longest_unused_is_dropped(steering):
    for number in range(NAMED + 1):
        steering.name(SMILE, f"dimension:{number}")
        assert steering.direction("dimension:0" if number < NAMED else f"dimension:{NAMED}") is SMILE
    with pytest.raises(UnknownDirectionError):
        steering.direction("dimension:1")


def test_a_direction_of_another_model_says_of_which():
    """Both keep in one place, and their latents may be of one shape."""
    own = Own()
    one, other = Steering("toy", {}, own), Steering("other", {}, own)
    key = one.add(direction(1), "ann")
    assert one.direction(key).std == 1.5
    with pytest.raises(UnknownDirectionError, match=f"direction '{key}' belongs to toy, not to other"):
        other.direction(key)


def test_directions_from_many_threads_are_all_kept(steering):
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: steering.add(direction(n, f"number {n}"), "ann"), range(100)))
    assert [steering.direction(key).name for key in ids] == [f"number {n}" for n in range(100)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": 10.001},
        {"strength": -11},
        {"strength": float("nan")},
        {"strength": float("inf")},
        {"strength": "much"},
        {"strength": None},
        {"direction": ""},
        {"direction": "../etc"},
        {"direction": "smile\n"},
        {"direction": "Smile"},
        {"direction": "s" * 81},
        {"direction": 7},
        {"hold": "perhaps"},
    ],
)
def test_a_bad_slider_is_refused(wrong):
    with pytest.raises(ValidationError):
        Steer(**{"direction": "smile", "strength": 1, **wrong})


def test_a_slider_is_a_value():
    assert Steer(direction="smile") == Steer(direction="smile", strength=0, hold=False)
    assert hash(Steer(direction="hair_style:bob_fringe", strength=-10)) is not None

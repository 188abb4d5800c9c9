"""Paths: held by what comes back from the pictures of A and of B."""

import asyncio

import pytest
import torch

import models
from explorer.device import DecodeWorker
from explorer.operations import Direction, Jacobian, Provenance, around, hold, lerp, slerp, unit
from explorer.steering import (
    Jacobians,
    Morph,
    Own,
    Steer,
    Steering,
    UnknownDirectionError,
    find_direction_along,
    find_path,
)
from models.errors import InputError
from models.toys.vector import ToyModel

T = torch.tensor([0.0, 0.3, 1.0])


class Bent(ToyModel):
    """A toy that reads from a picture more of one dimension the more there is of another."""

    def _encode(self, images):
        found = super()._encode(images)
        return found + 4 * torch.outer(found[:, 0] * found[:, 1], torch.eye(8)[2])


def direction(seed, shape=(8,)):
    vector = unit(torch.randn(shape, generator=torch.Generator().manual_seed(seed)))
    return Direction(f"number {seed}", vector, 0.3, Provenance("ridge", "a test", 100))


SMILE, AGE, YAW = (direction(seed) for seed in range(3))
RACK = (Steer(direction="smile", strength=1.5), Steer(direction="age", hold=True))
MODEL, STEERING = Bent(), Steering("toy", {"smile": SMILE, "age": AGE, "yaw": YAW}, Own())


@pytest.fixture
def ends(toy_latents):
    return toy_latents[3], toy_latents[4]


@pytest.fixture
def jacobians():
    with DecodeWorker(torch.device("cpu")) as worker:
        yield Jacobians(worker)


def morph(steer=(), **fields) -> Morph:
    return Morph(**{"model": "toy", "a": 3, "b": 4, "steer": steer, **fields})


def latents(jacobians, ends, asked, t=T, model=MODEL, steering=STEERING):
    return asyncio.run(find_path(model, steering, jacobians, ends, asked)).latents(t)


def step_at(latent, moving=SMILE):
    """What one σ of a direction is beside AGE, at a latent."""
    jacobian = Jacobian.measured([moving, AGE], MODEL.reencode(around(latent, [moving, AGE])))
    apart = hold(moving, [AGE], jacobian)
    return apart.std * apart.vector


@pytest.mark.parametrize(("method", "way"), [("slerp", slerp), ("lerp", lerp), ("cross-fade", lerp)])
def test_an_empty_rack_leaves_the_way_as_it_is(jacobians, ends, method, way):
    assert torch.equal(latents(jacobians, ends, morph(method=method)), way(*ends, T))


def test_each_end_is_held_by_its_own_picture_and_the_way_between_mixes(jacobians, ends):
    steps = 1.5 * step_at(ends[0]), 1.5 * step_at(ends[1])
    assert not torch.allclose(*steps, atol=1e-3)
    found = latents(jacobians, ends, morph(RACK))
    torch.testing.assert_close(found, slerp(*ends, T) + lerp(*steps, T), rtol=0, atol=1e-5)


def test_what_is_held_reads_the_same_from_the_picture(jacobians, ends):
    rack, unsteered = (Steer(direction="smile", strength=0.5), RACK[1]), ends[0][None]
    held = latents(jacobians, (ends[0], ends[0]), morph(rack, b=3), torch.zeros(1))
    free = unsteered + 0.5 * SMILE.std * SMILE.vector
    before, after, without = (MODEL.reencode(each) @ AGE.vector for each in (unsteered, held, free))
    assert abs(after - before) < 0.2 * abs(without - before)


@pytest.mark.parametrize(
    "rack", [(), RACK[:1], RACK[1:], (Steer(direction="smile", strength=1, hold=True),)], ids=len
)
def test_where_nothing_is_held_nothing_is_measured(jacobians, ends, monkeypatch, rack):
    monkeypatch.setattr(jacobians, "at", lambda *_: pytest.fail("measured"))
    moved = rack[0].strength * SMILE.std * SMILE.vector if rack else torch.zeros(8)
    torch.testing.assert_close(latents(jacobians, ends, morph(rack)), slerp(*ends, T) + moved)


@pytest.mark.parametrize("name", ["toy-generator", "toy-spatial"])
def test_without_an_encoder_or_with_places_the_projection_holds(jacobians, monkeypatch, name):
    monkeypatch.setattr(jacobians, "at", lambda *_: pytest.fail("measured"))
    model = models.load(name)
    smile, age = (direction(seed, model.space.shape) for seed in range(2))
    steering = Steering(name, {"smile": smile, "age": age}, Own())
    ends = tuple(torch.randn(2, *model.space.shape, generator=torch.Generator().manual_seed(4)))
    apart = hold(smile, [age])
    found = latents(jacobians, ends, morph(RACK, model=name), model=model, steering=steering)
    expected = slerp(*ends, T) + 1.5 * apart.std * apart.vector
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_one_more_slider_goes_as_far_as_its_direction_says(jacobians, ends):
    asked = morph(RACK, alpha=0.3)
    found = asyncio.run(find_direction_along(MODEL, STEERING, jacobians, ends, asked, "yaw"))
    steps = step_at(ends[0], YAW), step_at(ends[1], YAW)
    torch.testing.assert_close(found.std * found.vector, lerp(*steps, T[1:2])[0], rtol=0, atol=1e-5)
    assert float(found.vector.norm()) == pytest.approx(1)
    assert found.name == YAW.name


def test_what_the_rack_does_not_know_is_named(jacobians, ends):
    for entry in (Steer(direction="nobody", strength=1), Steer(direction="nobody", hold=True)):
        with pytest.raises(UnknownDirectionError, match="direction 'nobody' is unknown"):
            latents(jacobians, ends, morph((entry,)))
    with pytest.raises(UnknownDirectionError):
        asyncio.run(find_direction_along(MODEL, STEERING, jacobians, ends, morph(), "nobody"))


def test_a_step_outside_of_the_way_is_refused(jacobians, ends):
    for t in (1.5, -0.1, float("nan")):
        with pytest.raises(InputError, match=r"expected a vector t within \[0, 1\]"):
            latents(jacobians, ends, morph(RACK), torch.tensor([t]))

"""Paths: held by what comes back from the pictures of A and of B."""

import numpy as np
import pytest
import torch

from explorer.data.latent_table import LatentStore
from explorer.device.worker import DecodeWorker
from explorer.operations.directions import Direction, Provenance, unit
from explorer.operations.holding import Response, around, hold
from explorer.operations.interpolation import lerp, slerp
from explorer.steering.morph import Morph
from explorer.steering.paths import Paths
from explorer.steering.rack import Steer, Steering
from explorer.steering.responses import Responses
from models.toy import ToyModel

T = torch.tensor([0.0, 0.3, 1.0])


class Bent(ToyModel):
    """A toy that reads from a picture more of one dimension the more there is of another."""

    def _encode(self, images):
        found = super()._encode(images)
        return found + 4 * torch.outer(found[:, 0] * found[:, 1], torch.eye(8)[2])


def direction(seed):
    vector = unit(torch.randn(8, generator=torch.Generator().manual_seed(seed)))
    return Direction(f"number {seed}", vector, 0.3, Provenance("ridge", "a test", 100))


SMILE, AGE, YAW = (direction(seed) for seed in range(3))
RACK = (Steer(direction="smile", strength=1.5), Steer(direction="age", hold=True))


@pytest.fixture
def paths(toy_dataset):
    model = Bent()
    store = LatentStore(model.space, toy_dataset, toy_dataset.latents, toy_dataset.coordinates)
    steering = Steering({"smile": SMILE, "age": AGE, "yaw": YAW})
    with DecodeWorker(torch.device("cpu")) as worker:
        yield Paths(model, store, steering, Responses(worker))


def step_at(paths, row, moving=SMILE):
    """What one σ of a direction is beside AGE, in one of the portraits."""
    latent = paths.store.latents[row]
    response = Response.measured([moving, AGE], paths.model.reencode(around(latent, [moving, AGE])))
    apart = hold(moving, [AGE], response)
    return apart.std * apart.vector


def test_each_end_is_held_by_its_own_picture_and_the_way_between_mixes(paths):
    a, b = paths.store.latents[3], paths.store.latents[4]
    found = paths.latents(Morph(model="toy", a=3, b=4, steer=RACK), T).result(20)
    steps = 1.5 * step_at(paths, 3), 1.5 * step_at(paths, 4)
    assert not torch.allclose(*steps, atol=1e-3)
    torch.testing.assert_close(found, slerp(a, b, T) + lerp(*steps, T), rtol=0, atol=1e-5)


def test_what_is_held_reads_the_same_from_the_picture(paths):
    morph = Morph(model="toy", a=3, b=3, steer=(Steer(direction="smile", strength=0.5), RACK[1]))
    unsteered = paths.store.latents[3][None]
    held = paths.latents(morph, torch.zeros(1)).result(20)
    free = unsteered + 0.5 * SMILE.std * SMILE.vector
    before, after, without = (
        paths.model.reencode(latents) @ AGE.vector for latents in (unsteered, held, free)
    )
    assert abs(after - before) < 0.2 * abs(without - before)


def test_where_nothing_is_held_nothing_is_measured(paths, monkeypatch):
    monkeypatch.setattr(paths.responses, "request", lambda *_: pytest.fail("measured"))
    racks = [(), RACK[:1], RACK[1:], (Steer(direction="smile", strength=1, hold=True),)]
    for rack in racks:
        found = paths.latents(Morph(model="toy", a=3, b=4, steer=rack), T).result(20)
        moved = rack[0].strength * SMILE.std * SMILE.vector if rack else torch.zeros(8)
        expected = slerp(paths.store.latents[3], paths.store.latents[4], T) + moved
        torch.testing.assert_close(found, expected)


def test_one_more_slider_goes_as_far_as_its_direction_says(paths):
    morph = Morph(model="toy", a=3, b=4, alpha=0.3, steer=RACK)
    found = paths.direction(morph, "yaw").result(20)
    steps = step_at(paths, 3, YAW), step_at(paths, 4, YAW)
    torch.testing.assert_close(found.std * found.vector, lerp(*steps, T[1:2])[0], rtol=0, atol=1e-5)
    assert np.isclose(float(found.vector.norm()), 1)

"""Jacobians: measured by the worker, at the pictures, once for all who ask."""

import asyncio

import pytest
import torch

from explorer.operations import Direction, Jacobian, Provenance, unit
from explorer.steering import Jacobians
from explorer.steering.jacobians import KEPT
from models.toys.vector import ToyModel


class Turning(ToyModel):
    """A toy that reads from a picture another latent than the one it was decoded from: halved and turned."""

    def __init__(self):
        super().__init__()
        self.encoded = 0

    def _encode(self, images):
        self.encoded += len(images)
        return 0.5 * super()._encode(images).roll(1, dims=1)


def direction(seed, std=0.3):
    vector = unit(torch.randn(8, generator=torch.Generator().manual_seed(seed)))
    return Direction(f"number {seed}", vector, std, Provenance("ridge", "a test", 100))


def measured(jacobians, model, latent, directions) -> Jacobian:
    return asyncio.run(jacobians.at(model, latent, directions))


def test_a_linear_model_answers_as_its_matrix_says(worker):
    found = [direction(seed) for seed in range(3)]
    jacobian = measured(Jacobians(worker), Turning(), torch.zeros(8), found)
    for one in found:
        torch.testing.assert_close(jacobian.of[one], 0.5 * one.vector.roll(1), rtol=0, atol=1e-4)


def test_all_frames_of_a_drag_share_one(worker):
    model, jacobians, found = Turning(), Jacobians(worker), [direction(0), direction(1)]
    asked = [measured(jacobians, model, torch.zeros(8), found) for _ in range(5)]
    assert model.encoded == 4, "two a direction"
    for one in found:
        assert all(torch.equal(jacobian.of[one], asked[0].of[one]) for jacobian in asked)
    measured(jacobians, model, torch.ones(8) / 9, found)
    assert model.encoded == 8, "elsewhere it is another"
    measured(jacobians, model, torch.zeros(8), found[:1])
    assert model.encoded == 10, "and so it is along others"


def test_who_ask_at_the_same_time_share_one(worker):
    model, jacobians, found = Turning(), Jacobians(worker), [direction(0)]

    async def both():
        return await asyncio.gather(*(jacobians.at(model, torch.zeros(8), found) for _ in range(5)))

    assert len(asyncio.run(both())) == 5
    assert model.encoded == 2


def test_who_gives_up_takes_it_from_nobody(worker):
    model, jacobians, found = Turning(), Jacobians(worker), [direction(0)]

    async def one_leaves():
        first, second = (asyncio.ensure_future(jacobians.at(model, torch.zeros(8), found)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert found[0] in asyncio.run(one_leaves()).of


def test_models_are_told_apart(worker):
    class Other(Turning):
        def __init__(self):
            super().__init__()
            self.space = type(self.space)("other", (8,), ("dim",))

    jacobians, found, models = Jacobians(worker), [direction(0)], (Turning(), Other())
    for model in models:
        measured(jacobians, model, torch.zeros(8), found)
    assert [model.encoded for model in models] == [2, 2]


def test_the_longest_unused_are_forgotten(worker):
    model, jacobians, found = Turning(), Jacobians(worker), [direction(0)]
    measured(jacobians, model, torch.zeros(8), found)
    for step in range(KEPT):
        measured(jacobians, model, torch.full((8,), 0.01 * (step + 1)), found)
    before = model.encoded
    measured(jacobians, model, torch.zeros(8), found)
    assert model.encoded == before + 2


def test_a_failure_reaches_who_asked_and_is_tried_again(worker):
    class Failing(Turning):
        fails = True

        def _decode(self, latents):
            if self.fails:
                raise RuntimeError("broken")
            return super()._decode(latents)

    model, jacobians, found = Failing(), Jacobians(worker), [direction(0)]
    with pytest.raises(RuntimeError, match="broken"):
        measured(jacobians, model, torch.zeros(8), found)
    model.fails = False
    assert found[0] in measured(jacobians, model, torch.zeros(8), found).of

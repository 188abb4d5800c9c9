"""Responses: measured by the worker, at the pictures, once for all who ask."""

import pytest
import torch

from explorer.device.worker import DecodeWorker
from explorer.operations.directions import Direction, Provenance, unit
from explorer.steering.responses import KEPT, Responses
from models.toy import ToyModel


class Turning(ToyModel):
    """A toy that reads from a picture another latent than the one it was decoded from: halved and turned."""

    def __init__(self):
        super().__init__()
        self.encoded = 0

    def _encode(self, images):
        self.encoded += len(images)
        return 0.5 * super()._encode(images).roll(1, dims=1)


@pytest.fixture
def worker():
    with DecodeWorker(torch.device("cpu")) as worker:
        yield worker


def direction(seed, std=0.3):
    vector = unit(torch.randn(8, generator=torch.Generator().manual_seed(seed)))
    return Direction(f"number {seed}", vector, std, Provenance("ridge", "a test", 100))


def test_a_linear_model_answers_as_its_matrix_says(worker):
    found = [direction(seed) for seed in range(3)]
    response = Responses(worker).request(Turning(), torch.zeros(8), found).result(20)
    for one in found:
        torch.testing.assert_close(response.of[one], 0.5 * one.vector.roll(1), rtol=0, atol=1e-4)


def test_all_frames_of_a_drag_share_one(worker):
    model, responses, found = Turning(), Responses(worker), [direction(0), direction(1)]
    asked = [responses.request(model, torch.zeros(8), found).result(20) for _ in range(5)]
    assert all(response is asked[0] for response in asked)
    assert model.encoded == 4, "two a direction"
    elsewhere = responses.request(model, torch.ones(8) / 9, found).result(20)
    assert elsewhere is not asked[0]
    assert responses.request(model, torch.zeros(8), found[:1]).result(20) is not asked[0]


def test_the_longest_unused_are_forgotten(worker):
    model, responses, found = Turning(), Responses(worker), [direction(0)]
    first = responses.request(model, torch.zeros(8), found).result(20)
    for step in range(KEPT):
        responses.request(model, torch.full((8,), 0.01 * (step + 1)), found).result(20)
    assert responses.request(model, torch.zeros(8), found).result(20) is not first


def test_a_failure_reaches_who_asked_and_is_tried_again(worker):
    class Failing(Turning):
        fails = True

        def _decode(self, latents):
            if self.fails:
                raise RuntimeError("broken")
            return super()._decode(latents)

    model, responses, found = Failing(), Responses(worker), [direction(0)]
    with pytest.raises(RuntimeError, match="broken"):
        responses.request(model, torch.zeros(8), found).result(20)
    model.fails = False
    assert found[0] in responses.request(model, torch.zeros(8), found).result(20).of

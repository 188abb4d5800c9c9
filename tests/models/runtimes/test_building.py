"""What is built in a process of its own, and what is said when that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.runtimes import building
from models.runtimes.building import Plan, build, built
from models.runtimes.compiled import convert, read
from models.runtimes.judging import CLOSE, EXACT, closeness, pictures

SHAPE = (3, 16, 16)


class Smooth(nn.Module):
    """Blurs a picture, by two convolutions with a ReLU between; `scale` is by how much it is brighter."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 32, 3, padding=1), nn.Conv2d(32, 3, 3, padding=1)
        self.register_buffer("scale", torch.tensor(scale))
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.second(torch.relu(self.first(x))) * self.get_buffer("scale")
        return answer


class Ends(nn.Module):
    """Ends the process that runs it."""

    def forward(self, x: Tensor) -> Tensor:
        import os

        os._exit(9)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(Smooth(), Smooth(2.0), SHAPE, SHAPE, pictures(16), pictures(16)[::2], threads=1)


@pytest.mark.parametrize(("way", "scale"), [("decode", 1.0), ("encode", 2.0)])
def test_both_networks_are_exact_in_float32(plan: Plan, way: Any, scale: float) -> None:
    made = read(plan.target(way), build(plan, way))
    assert closeness(made(pictures(16)), Smooth(scale)(pictures(16))).reaches(EXACT)


@pytest.mark.parametrize("known", [True, False], ids=["latents", "pictures"])
def test_bytes_are_close(plan: Plan, known: bool) -> None:
    """The judges are the plan's latents, or what the encoder makes of pictures."""
    judges = pictures(16) if known else Smooth(2.0)(pictures(16))
    if not known:
        plan = replace(plan, judges=None, fitted=None)
    made = read(plan.target("int8"), build(plan, "int8"))
    found = closeness(made(judges), Smooth()(judges))
    assert found.reaches(CLOSE)
    assert found.worst < 90, "it is not float32"


def test_the_next_attempt_is_taken_where_the_first_is_too_far(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempts(model: Any, values: Tensor) -> list[Any]:
        return [convert(Smooth(scale), SHAPE) for scale in (1.5, 1.001)]

    monkeypatch.setattr(building, "quantised", attempts)
    made = read(plan.target("int8"), build(plan, "int8"))
    torch.testing.assert_close(made(pictures(16)), Smooth(1.001)(pictures(16)))


@pytest.mark.parametrize("way", ["bf16", "int8"])
def test_nothing_comes_of_what_is_too_far(plan: Plan, way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "convert", lambda network, shape: convert(Smooth(1.5), shape))
    monkeypatch.setattr(building, "quantised", lambda model, values: [model])
    assert build(plan, way) == b""


def test_a_process_of_its_own_gives_back_piece_by_piece(plan: Plan) -> None:
    found = dict(built(plan, ["decode", "encode"]))
    assert list(found) == ["decode", "encode"]
    for way, blob in found.items():
        network, _ = plan.network(way)
        made = read(plan.target(way), blob)
        torch.testing.assert_close(made(pictures(16)), network(pictures(16)))


def test_no_process_is_made_for_nothing(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "subprocess", None)
    assert list(built(plan, [])) == []


def test_what_the_library_cannot_convert_is_said(plan: Plan) -> None:
    with pytest.raises(RuntimeError, match="4 channels"):
        list(built(replace(plan, latent_shape=(4, 16, 16)), ["decode"]))


def test_a_process_that_ends_is_said(plan: Plan) -> None:
    """As when the system ends it for want of memory."""
    with pytest.raises(RuntimeError, match="ended with 9"):
        list(built(replace(plan, decoder=Ends()), ["decode"]))

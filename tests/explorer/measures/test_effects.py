from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from explorer.device.worker import DecodeWorker
from explorer.measures.effects import effects, is_well_read
from explorer.operations.directions import Direction, Provenance
from models.toy import ToyModel


def along(index: int, score: float | None = 0.9, std: float = 0.5) -> Direction:
    """The direction of one of the toy's coordinates."""
    name = "R²" if score is not None else None
    told = Provenance("ridge", "made up", 10, score=score, score_name=name)
    return Direction(f"coordinate {index}", torch.eye(8)[index], std, told)


@pytest.fixture
def worker() -> Iterator[DecodeWorker]:
    with DecodeWorker(torch.device("cpu")) as worker:
        yield worker


def test_effects_are_read_at_the_picture_in_sigma_of_each_trait(worker: DecodeWorker) -> None:
    before = torch.zeros(8)
    after = before + 1.0 * torch.eye(8)[2] - 0.25 * torch.eye(8)[5]
    traits = {f"t{index}": along(index) for index in range(8)}
    told = effects(ToyModel(), worker, before, after, traits)
    assert [effect.direction for effect in told[:2]] == ["t2", "t5"]
    # The toy's encode undoes its decode but for the 256 levels of a picture.
    assert told[0].change == pytest.approx(2.0, abs=0.05)
    assert told[1].change == pytest.approx(-0.5, abs=0.05)
    assert all(abs(effect.change) < 0.1 for effect in told[2:])


def test_only_traits_that_are_read_well_are_told(worker: DecodeWorker) -> None:
    traits = {"well": along(1), "badly": along(2, score=0.1), "unscored": along(3, score=None)}
    assert [is_well_read(trait) for trait in traits.values()] == [True, False, False]
    told = effects(ToyModel(), worker, torch.zeros(8), torch.ones(8) / 4, traits)
    assert [effect.direction for effect in told] == ["well"]


def test_nothing_is_decoded_where_nothing_is_read_well(worker: DecodeWorker) -> None:
    worker.close()
    assert effects(ToyModel(), worker, torch.zeros(8), torch.ones(8) / 4, {"badly": along(2, 0.1)}) == []

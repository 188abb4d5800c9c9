"""Networks compiled by OpenVINO give what PyTorch gives."""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.runtimes import compiled
from models.runtimes.compiled import (
    Compiled,
    RuntimeMissingError,
    Target,
    compiled_for,
    convert,
    fingerprint,
    openvino,
    read,
)

TARGET = Target("f32", 1)
SHAPE = (3, 8, 8)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(320, 7)).eval()


def batch(n: int, seed: int = 0) -> Tensor:
    return torch.randn(n, *SHAPE, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def made() -> Compiled:
    return compiled_for(TARGET, convert(network(), SHAPE))


@pytest.mark.parametrize("n", [2, 7, 1])
def test_a_batch_of_any_length_is_what_pytorch_makes_of_it(made: Compiled, n: int) -> None:
    with torch.no_grad():
        torch.testing.assert_close(made(batch(n)), network()(batch(n)))


def test_an_answer_stays_as_it_was(made: Compiled) -> None:
    """Memory is shared with the library: the next call must not write into what was answered."""
    first = made(batch(2))
    before = first.clone()
    made(batch(2, seed=1))
    assert torch.equal(first, before)


def test_any_layout_goes_in(made: Compiled) -> None:
    values = batch(2)
    torch.testing.assert_close(made(values.to(memory_format=torch.channels_last)), made(values))
    torch.testing.assert_close(made(torch.cat([values, values])[1:3]), made(values.flip(0)))


def test_threads_take_turns(made: Compiled) -> None:
    answers: dict[int, Tensor] = {}

    def ask(seed: int) -> None:
        for _ in range(20):
            answers[seed] = made(batch(3, seed))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, answer in answers.items():
        assert torch.equal(answer, made(batch(3, seed)))


def test_it_comes_back_from_its_bytes(made: Compiled) -> None:
    assert torch.equal(read(TARGET, made.blob)(batch(2)), made(batch(2)))


def test_bytes_of_something_else_are_refused() -> None:
    with pytest.raises(RuntimeError):
        read(TARGET, b"not a compiled network")


def test_a_fingerprint_tells_all_that_matters() -> None:
    other = network()
    with torch.no_grad():
        other[0].weight[0, 0, 0, 0] += 1e-3
    deeper = nn.Sequential(network(), nn.ReLU())
    told = [
        fingerprint(network(), SHAPE, TARGET, "fp32"),
        fingerprint(other, SHAPE, TARGET, "fp32"),
        fingerprint(deeper, SHAPE, TARGET, "fp32"),
        fingerprint(network(), (3, 16, 16), TARGET, "fp32"),
        fingerprint(network(), SHAPE, Target("bf16", 1), "fp32"),
        fingerprint(network(), SHAPE, Target("f32", 2), "fp32"),
        fingerprint(network(), SHAPE, TARGET, "int8"),
    ]
    assert len(set(told)) == len(told)
    assert fingerprint(network(), SHAPE, TARGET, "fp32") == told[0]
    assert openvino().__version__ in told[0]


def test_its_telemetry_is_not_there() -> None:
    openvino()
    assert sys.modules["openvino_telemetry"] is None


@pytest.fixture
def again() -> Iterator[None]:
    """OpenVINO looked for anew, before and after."""
    compiled.openvino.cache_clear()
    yield
    compiled.openvino.cache_clear()


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("error", [ImportError("no wheel"), OSError("a library is missing")])
def test_one_that_cannot_be_imported_is_missing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "openvino":
            raise error
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(RuntimeMissingError, match=str(error)):
        openvino()

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

import models
from explorer.device import shelf as shelf_module
from explorer.device.jobs import WorkerClosedError
from explorer.device.shelf import Shelf
from explorer.device.worker import DecodeWorker
from models.base import LatentModel
from models.errors import ModelUnavailableError
from models.toys.vector import ToyModel

SIZES = {name: models.load(name).nbytes for name in ("toy", "toy-spatial", "toy-tokens")}
LARGE, SMALL, MIDDLE = SIZES  # names: of 24,576, 4,096 and 12,480 bytes


def quiet(fraction: float, message: str) -> None:
    """Nobody waits in front of a progress bar."""


def filled(worker: DecodeWorker, budget: float, *names: str) -> Shelf:
    """A shelf on which these models were put in this order."""
    shelf = Shelf(worker, {}, budget)
    for name in names:
        shelf.load(name, quiet)
    return shelf


def on(shelf: Shelf) -> set[str]:
    return {name for name in models.MODELS if shelf.loaded(name)}


@pytest.fixture
def _unused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "UNUSED", 0.0)


def test_a_model_is_loaded_once_for_all_who_ask(worker: DecodeWorker) -> None:
    shelf, told = Shelf(worker, {}, 1e9), list[str]()
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: shelf.load("face-vae", lambda _, message: told.append(message)), range(8))
        )
    assert all(model is found[0] for model in found)
    assert found[0] is shelf.loaded("face-vae") is shelf.use("face-vae")
    assert told == ["Reading the face VAE's weights", "The face VAE is ready"]


def test_a_model_that_cannot_be_had_takes_no_room_and_can_be_tried_again(worker: DecodeWorker) -> None:
    shelf = Shelf(worker, {"face-vae": "absent.safetensors"}, SIZES[SMALL])
    shelf.load(SMALL, quiet)
    for _ in range(2):
        with pytest.raises(ModelUnavailableError, match=r"not at absent\.safetensors"):
            shelf.load("face-vae", quiet)
    assert on(shelf) == {SMALL}
    assert (shelf.source("face-vae"), shelf.source(SMALL)) == ("absent.safetensors", None)


@pytest.mark.usefixtures("_unused_at_once")
def test_the_longest_unused_go_until_the_rest_fits(worker: DecodeWorker) -> None:
    assert on(filled(worker, SIZES[MIDDLE], LARGE, SMALL, MIDDLE)) == {MIDDLE}
    assert on(filled(worker, SIZES[SMALL] + SIZES[MIDDLE], LARGE, SMALL, MIDDLE)) == {SMALL, MIDDLE}
    shelf = filled(worker, SIZES[LARGE] + SIZES[SMALL], LARGE, SMALL)
    shelf.use(LARGE)
    shelf.load(MIDDLE, quiet)
    assert on(shelf) == {MIDDLE}, "the small one went first, which was not enough"


@pytest.mark.usefixtures("_unused_at_once")
def test_what_fits_stays_and_so_does_one_that_is_alone(worker: DecodeWorker) -> None:
    shelf = filled(worker, sum(SIZES.values()), *SIZES)
    shelf.tidy()
    assert on(shelf) == set(SIZES)
    alone = filled(worker, 1, LARGE)
    alone.tidy()
    assert on(alone) == {LARGE}


def test_what_was_used_just_now_stays_whatever_it_takes(
    worker: DecodeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = filled(worker, 1, *SIZES)
    assert on(shelf) == set(SIZES)
    monkeypatch.setattr(shelf_module, "UNUSED", 0.0)
    shelf.tidy()
    assert on(shelf) == set(), "a budget of one byte, and nothing is used any more"


@pytest.mark.usefixtures("_unused_at_once")
def test_what_is_held_stays_and_does_not_count_as_room_that_was_made(worker: DecodeWorker) -> None:
    shelf = Shelf(worker, {}, SIZES[LARGE])
    with shelf.holding(LARGE), shelf.holding(LARGE):
        shelf.load(LARGE, quiet)
        shelf.load(SMALL, quiet)
        assert on(shelf) == {LARGE}, "the small one is over the budget, though it was used last"


class GrowingToy(ToyModel):
    """It gets faster by a copy of its weights, where that does not fail."""

    def __init__(self, error: type[Exception] | None = None) -> None:
        super().__init__()
        self.error = error

    def speed_up(self, cache: Path | None = None) -> None:
        if self.error:
            raise self.error("no faster")
        self.cache = cache
        self.thread, self.faster = threading.current_thread().name, self._basis.clone()


@pytest.mark.usefixtures("_unused_at_once")
def test_what_a_model_holds_once_it_is_faster_counts(worker: DecodeWorker) -> None:
    shelf, toy = filled(worker, SIZES[LARGE] + SIZES[SMALL], LARGE, SMALL), GrowingToy()
    with shelf.holding(LARGE):
        shelf.speed_up(LARGE, toy).result()
    assert toy.nbytes == 2 * SIZES[LARGE]
    assert on(shelf) == {LARGE}


def test_a_model_that_cannot_be_made_faster_stays_as_it_is(
    worker: DecodeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = filled(worker, 1e9, LARGE)
    shelf.speed_up(LARGE, GrowingToy(RuntimeError)).result()
    assert "toy stays as fast as it is: no faster" in caplog.text
    assert on(shelf) == {LARGE}
    with pytest.raises(WorkerClosedError):
        shelf.speed_up(LARGE, GrowingToy(WorkerClosedError)).result()


def test_another_device_gets_its_copy_on_its_own_thread(
    worker: DecodeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meta device stands for it: it computes nothing, but every machine has it."""
    threads = []

    def load(*given: object, **named: object) -> LatentModel:
        threads.append(threading.current_thread().name)
        return real("toy")

    real = models.load
    monkeypatch.setattr(models, "load", load)
    worker.device = torch.device("meta")
    shelf, toy = filled(worker, 1e9, LARGE), GrowingToy()
    shelf.speed_up(LARGE, toy).result()
    assert threads[0] != "decode-worker", "a download must not hold up the worker"
    assert threads[1] == toy.thread == "decode-worker"


def test_a_model_that_helps_out_is_loaded_by_one_thread_however_many_ask(
    worker: DecodeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request to prepare a model began another, while the one that helps it out was not to be had."""
    asked, go_on, load = list[str](), threading.Event(), models.load

    def slowly(name: str, *more: Any) -> LatentModel:
        asked.append(threading.current_thread().name)
        assert go_on.wait(20)
        if len(asked) == 1:
            raise ModelUnavailableError("offline")
        return load(name, *more)

    monkeypatch.setattr("models.load", slowly)
    shelf = Shelf(worker, {}, 1e9)
    for _ in range(3):
        shelf.lend("toy")
    lending = [thread for thread in threading.enumerate() if thread.name == "load-toy"]
    go_on.set()
    for thread in lending:
        thread.join(20)
    assert len(lending) == len(asked) == 1
    shelf.lend("toy")
    shelf._lenders["toy"].join(20)
    assert shelf.loaded("toy"), "after a failure it is tried again"

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from explorer.device.jobs import Job, Priority, Request, WorkerClosedError
from explorer.device.users import User
from explorer.device.worker import SLOW_MODEL_MS, DecodeWorker
from models.base import LatentModel
from models.errors import InputError
from models.media import Picture
from models.pictures import to_uint8
from models.toys.vector import ToyModel
from tests.explorer.toys import GatedToy, latents, picture

CPU = torch.device("cpu")
CANVAS = Priority.CANVAS
SLICE = Priority.BULK.frames(3 * 16**2)  # the toy's frames that one bulk batch holds


@pytest.fixture
def busy(worker: DecodeWorker) -> Iterator[GatedToy]:
    """A model that the worker is busy with: what is queued now waits until the gate opens."""
    model = GatedToy()
    worker.submit(model, latents(0))
    assert model.reached.wait(20)
    yield model
    model.gate.set()


def test_decodes_and_encodes_as_the_model_does(worker: DecodeWorker) -> None:
    toy, batch = ToyModel(), torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    pictures = worker.decode(toy, batch)
    np.testing.assert_array_equal(pictures, to_uint8(toy.decode(batch)))
    torch.testing.assert_close(worker.encode(toy, pictures), batch, atol=0.05, rtol=0)


def test_every_thread_gets_its_own_frames_in_order(worker: DecodeWorker) -> None:
    toy = ToyModel()

    def ask(seed: int) -> bool:
        generator = torch.Generator().manual_seed(seed)
        batch = torch.randn(1 + seed * 37 % 50, 8, generator=generator)
        return bool((worker.decode(toy, batch) == to_uint8(toy.decode(batch))).all())

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(200)))


def test_waiting_requests_share_a_batch(worker: DecodeWorker, busy: GatedToy) -> None:
    futures = [worker.submit(busy, latents(n), User().ask("canvas", CANVAS)) for n in (1, 2, 3)]
    busy.gate.set()
    for n, future in zip((1, 2, 3), futures, strict=True):
        np.testing.assert_array_equal(future.result(20), picture(n))
    assert [len(batch) for batch in busy.batches] == [1, 3]


def test_batches_are_bounded_and_put_together_again(worker: DecodeWorker, busy: GatedToy) -> None:
    values = torch.linspace(-1, 1, SLICE + 1).tolist()
    future = worker.submit(busy, latents(*values))
    busy.gate.set()
    np.testing.assert_array_equal(future.result(20), picture(*values))
    assert [len(batch) for batch in busy.batches] == [1, SLICE, 1]


def test_a_drag_overtakes_bulk_work(worker: DecodeWorker, busy: GatedToy) -> None:
    bulk = [worker.submit(busy, torch.zeros(2 * SLICE, 8)) for _ in range(3)]
    live = worker.submit(busy, latents(1), User().ask("canvas", CANVAS))
    busy.gate.set()
    live.result(20)
    for future in bulk:
        future.result(20)
    assert [len(batch) for batch in busy.batches][:2] == [1, 1], "only the batch in progress goes first"
    assert sum(map(len, busy.batches)) == 6 * SLICE + 2


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=30))
def test_the_newest_of_a_slot_wins_and_the_rest_is_never_dropped(slots: list[str | None]) -> None:
    model = GatedToy()
    with DecodeWorker(CPU) as worker:
        worker.submit(model, latents(0))
        assert model.reached.wait(20)
        user = User()
        futures = [
            worker.submit(model, latents(n / 10), user.ask(slot, CANVAS) if slot else None)
            for n, slot in enumerate(slots)
        ]
        newest = {slot: n for n, slot in enumerate(slots)}
        model.gate.set()
        for n, (slot, future) in enumerate(zip(slots, futures, strict=True)):
            if slot is None or newest[slot] == n:
                np.testing.assert_array_equal(future.result(20), picture(n / 10))
            else:
                with pytest.raises(CancelledError):
                    future.result(20)


def test_an_exception_reaches_its_own_caller_and_the_worker_lives_on(
    worker: DecodeWorker, busy: GatedToy
) -> None:
    futures = [worker.submit(busy, latents(n), User().ask("canvas", CANVAS)) for n in (1, 99, 2)]
    busy.gate.set()
    with pytest.raises(RuntimeError, match="99"):
        futures[1].result(20)
    np.testing.assert_array_equal(futures[0].result(20), picture(1))
    np.testing.assert_array_equal(futures[2].result(20), picture(2))
    np.testing.assert_array_equal(worker.decode(busy, latents(3)), picture(3))


def test_a_request_that_fails_in_its_first_slice_is_not_run_further(
    worker: DecodeWorker, busy: GatedToy
) -> None:
    future = worker.submit(busy, latents(99).expand(2 * SLICE, 8))
    busy.gate.set()
    with pytest.raises(RuntimeError, match="99"):
        future.result(20)
    worker.decode(busy, latents(1))
    assert [len(batch) for batch in busy.batches] == [1, SLICE, 1]


def test_what_a_caller_cancels_is_not_decoded(worker: DecodeWorker, busy: GatedToy) -> None:
    cancelled, kept = (worker.submit(busy, latents(n), User().ask("canvas", CANVAS)) for n in (5, 6))
    assert cancelled.cancel()
    busy.gate.set()
    np.testing.assert_array_equal(kept.result(20), picture(6))
    assert not any((batch[:, 0] == 5).any() for batch in busy.batches)


def test_call_runs_on_the_device_thread_and_raises_what_the_function_raises(worker: DecodeWorker) -> None:
    assert worker.call(lambda: threading.current_thread().name) == "decode-worker"
    with pytest.raises(KeyError):
        worker.call(lambda: {}["absent"])


def test_the_device_thread_must_not_wait_for_itself(worker: DecodeWorker) -> None:
    with pytest.raises(RuntimeError, match="cannot wait for itself"):
        worker.call(lambda: worker.decode(ToyModel(), latents(1)))


def test_after_close_waiting_and_later_callers_raise(worker: DecodeWorker, busy: GatedToy) -> None:
    begun = worker.submit(busy, torch.zeros(2, 8))
    live = worker.submit(busy, latents(1), User().ask("canvas", CANVAS))
    waiting = [live, worker.submit(busy, torch.zeros(2 * SLICE, 8)), begun]
    closing = threading.Thread(target=worker.close)
    closing.start()
    for future in waiting:
        with pytest.raises(WorkerClosedError):
            future.result(20)
    with pytest.raises(WorkerClosedError):
        worker.decode(busy, latents(1))
    with pytest.raises(WorkerClosedError):
        worker.call(int)
    busy.gate.set()
    closing.join(20)
    assert not closing.is_alive()


def test_the_time_of_a_frame_is_measured_on_decodes(worker: DecodeWorker) -> None:
    toy = ToyModel()
    worker.encode(toy, picture(1))
    assert worker.telemetry.ms_per_frame("toy") == 0
    worker.decode(toy, latents(1))
    assert worker.telemetry.ms_per_frame("toy") > 0
    worker.submit(toy, latents(2), User().ask("canvas", CANVAS)).result(20)
    assert worker.telemetry.ms_per_frame("toy") > 0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (torch.zeros(2, 7), r"expected shape \(n, 8\), got \(2, 7\)"),
        (torch.zeros(0, 8), r"got \(0, 8\)"),
        (torch.full((1, 8), float("nan")), "NaN"),
        (torch.zeros(1, 8, dtype=torch.int64), "floating-point"),
        (torch.zeros(10_000, 8), "expected at most 1,024 values at once, got 10,000"),
    ],
)
def test_bad_latents_are_refused_before_they_reach_the_device(
    worker: DecodeWorker, wrong: Tensor, message: str
) -> None:
    model = GatedToy()
    with pytest.raises(InputError, match=message):
        worker.submit(model, wrong)
    assert not model.batches


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "wrong",
    [np.zeros((1, 16, 16, 3)), np.zeros((1, 8, 8, 3), np.uint8), np.zeros((16, 16, 3), np.uint8)],
)
def test_bad_pictures_are_refused(worker: DecodeWorker, wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"expected picture as uint8 of shape \(n, 16, 16, 3\), got"):
        worker.encode(ToyModel(), wrong)


def test_a_picture_decoded_before_needs_no_device(worker: DecodeWorker) -> None:
    model, user = GatedToy(), User()
    model.gate.set()
    first = worker.decode(model, latents(1, 2))
    again = worker.submit(model, latents(2), user.ask("canvas", CANVAS))
    assert again.done()
    assert np.array_equal(again.result()[0], first[1])
    mixed = worker.decode(model, latents(3, 1, 4, 2))
    assert np.array_equal(mixed[[1, 3]], first)
    assert [batch[:, 0].tolist() for batch in model.batches] == [[1, 2], [3, 4]]


def test_a_kept_picture_drops_the_older_request_of_its_lane(worker: DecodeWorker) -> None:
    model, user = GatedToy(), User()
    model.gate.set()
    worker.decode(model, latents(1))
    model.gate.clear()
    model.reached.clear()
    worker.submit(model, latents(5))
    assert model.reached.wait(20)
    older, other = (worker.submit(model, latents(6), user.ask(lane, CANVAS)) for lane in ("canvas", "film"))
    assert worker.submit(model, latents(1), user.ask("canvas", CANVAS)).done()
    model.gate.set()
    with pytest.raises(CancelledError):
        older.result()
    other.result()


def test_an_answer_from_elsewhere_drops_the_older_request_of_its_lane(
    worker: DecodeWorker, busy: GatedToy
) -> None:
    user = User()
    older, other = (worker.submit(busy, latents(6), user.ask(lane, CANVAS)) for lane in ("canvas", "film"))
    worker.answered(user.ask("canvas", CANVAS))
    busy.gate.set()
    with pytest.raises(CancelledError):
        older.result(20)
    other.result(20)


class SlowToy(GatedToy):
    """Its pictures are too big to be quick."""

    def __init__(self) -> None:
        super().__init__(name="slow", media=Picture(256))

    def _decode(self, latents: Tensor) -> Tensor:
        return super()._decode(latents)


def test_while_a_slow_model_decodes_the_others_go_on() -> None:
    slow, user = SlowToy(), User()
    with DecodeWorker(CPU) as worker:
        waiting = [worker.submit(slow, latents(n), User().ask("canvas", CANVAS)) for n in (1, 2)]
        assert slow.reached.wait(20)
        waiting.append(worker.submit(slow, latents(3), User().ask("canvas", CANVAS)))
        for n in range(3):
            quick = worker.submit(ToyModel(), latents(n), user.ask("canvas", CANVAS))
            np.testing.assert_array_equal(quick.result(20), picture(n))
        assert len(slow.batches) == 1
        assert not any(future.done() for future in waiting)
        slow.gate.set()
        for future in waiting:
            assert future.result(20).shape == (1, 256, 256, 3)


def test_a_newer_request_drops_one_that_waits_for_a_slow_model() -> None:
    slow, user, gone = SlowToy(), User(), User()
    with DecodeWorker(CPU) as worker:
        running = worker.submit(slow, latents(1), User().ask("canvas", CANVAS))
        assert slow.reached.wait(20)
        older, left = (worker.submit(slow, latents(2), who.ask("canvas", CANVAS)) for who in (user, gone))
        worker.submit(ToyModel(), latents(3), user.ask("canvas", CANVAS)).result(20)
        gone.leave()
        for future in (older, left):
            with pytest.raises(CancelledError):
                future.result(0)
        slow.gate.set()
        running.result(20)
        assert len(slow.batches) == 1


def is_slow(worker: DecodeWorker, model: LatentModel) -> bool:
    return worker._is_slow(Request(Job(model.space.name, "decode", latents(0)), model))


def test_a_model_is_slow_or_quick_by_what_its_frames_take() -> None:
    slow = SlowToy()
    with DecodeWorker(CPU) as worker:
        first = worker.submit(slow, latents(1))
        assert slow.reached.wait(20)
        time.sleep(SLOW_MODEL_MS / 1000)
        slow.gate.set()
        first.result(20)
        assert is_slow(worker, slow)
        for n in range(40):
            worker.decode(slow, latents(2 + n / 50))
        assert not is_slow(worker, slow)
        assert not is_slow(worker, ToyModel())

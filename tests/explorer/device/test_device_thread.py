"""The worker survives its models: the real worker and the toy, which raises, hangs, or runs out of memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.device import device_thread, heap
from explorer.device.jobs import DeviceError, Priority
from explorer.device.memory import is_out_of_memory
from explorer.device.users import User
from explorer.device.worker import DecodeWorker
from models.toys.vector import ToyModel
from tests.explorer.toys import latents, picture

TOO_MUCH = 2**50  # bytes, more than any machine has


class HangingToy(ToyModel):
    """Hangs at latents of 99 until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go, self.returned = threading.Event(), threading.Event()

    def _decode(self, latents: Tensor) -> Tensor:
        if (latents[:, 0] == 99).any():
            assert self.let_go.wait(60)
            self.returned.set()
        return super()._decode(latents)


class SmallMemoryToy(ToyModel):
    """Has memory for so many pictures at once."""

    def __init__(self, fits: int, error: type[BaseException] | None = torch.OutOfMemoryError) -> None:
        super().__init__()
        self.fits, self.error = fits, error
        self.batches: list[int] = []

    def _decode(self, latents: Tensor) -> Tensor:
        self.batches.append(len(latents))
        if len(latents) > self.fits:
            if self.error is None:
                torch.empty(TOO_MUCH)  # the CPU's own allocator refuses
            else:
                raise self.error("out of memory")
        return super()._decode(latents)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecodeWorker]:
    monkeypatch.setattr(device_thread, "HANG_SECONDS", 2.0)  # a busy machine is no hang
    with DecodeWorker(torch.device("cpu")) as worker:
        yield worker


@pytest.fixture
def hanging() -> Iterator[HangingToy]:
    model = HangingToy()
    yield model
    model.let_go.set()


def test_a_call_that_hangs_fails_and_the_others_go_on(worker: DecodeWorker, hanging: HangingToy) -> None:
    hung = worker.submit(hanging, latents(99), User().ask("canvas", Priority.CANVAS))
    others = [
        worker.submit(model, latents(1), User().ask("canvas", Priority.CANVAS))
        for model in (ToyModel(), hanging)
    ]
    slices = worker.submit(ToyModel(), torch.zeros(1000, 8))
    with pytest.raises(DeviceError, match="toy has not answered for 2 s and was given up"):
        hung.result(20)
    for other in others:
        np.testing.assert_array_equal(other.result(20), picture(1))
    assert len(slices.result(20)) == 1000


def test_what_a_hung_call_answers_in_the_end_is_dropped(worker: DecodeWorker, hanging: HangingToy) -> None:
    hung = worker.submit(hanging, latents(99))
    with pytest.raises(DeviceError):
        hung.result(20)
    hanging.let_go.set()
    assert hanging.returned.wait(20)
    np.testing.assert_array_equal(worker.decode(hanging, latents(2)), picture(2))
    assert isinstance(hung.exception(0), DeviceError)
    assert [thread.name for thread in threading.enumerate()].count("decode-worker") == len(worker._threads)


def test_a_model_that_hangs_again_is_given_up_until_it_returns(
    worker: DecodeWorker, hanging: HangingToy
) -> None:
    for _ in range(device_thread.MOST_STUCK):
        with pytest.raises(DeviceError):
            worker.decode(hanging, latents(99))
    with pytest.raises(DeviceError, match="toy has not answered"):
        worker.decode(hanging, latents(1))  # at once
    np.testing.assert_array_equal(worker.decode(ToyModel(), latents(1)), picture(1))
    hanging.let_go.set()
    assert hanging.returned.wait(20)
    for thread in threading.enumerate():
        if thread.name == "decode-worker" and thread not in [
            thread._shift.thread for thread in worker._threads
        ]:
            thread.join(20)
    np.testing.assert_array_equal(worker.decode(hanging, latents(1)), picture(1))


def test_a_function_that_hangs_is_given_up_too(worker: DecodeWorker) -> None:
    let_go = threading.Event()
    for _ in range(device_thread.MOST_STUCK + 1):  # one call's fault is not another's
        with pytest.raises(DeviceError, match="A call to the device has not answered"):
            worker.call(let_go.wait)
    assert worker.call(lambda: 6) == 6
    let_go.set()
    assert worker.call(lambda: 7) == 7


def test_the_worker_closes_while_a_call_hangs(worker: DecodeWorker, hanging: HangingToy) -> None:
    with pytest.raises(DeviceError):
        worker.decode(hanging, latents(99))
    worker.close()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, None])
def test_a_batch_without_memory_is_halved_and_the_size_remembered(
    worker: DecodeWorker, error: type[BaseException] | None
) -> None:
    model, values = SmallMemoryToy(3, error), torch.linspace(-1, 1, 9).tolist()
    np.testing.assert_array_equal(worker.decode(model, latents(*values)), picture(*values))
    assert model.batches == [9, 4, 2, 2, 2, 2, 1]
    values = [value / 2 for value in values]
    np.testing.assert_array_equal(worker.decode(model, latents(*values)), picture(*values))
    assert max(model.batches[7:]) == 2


def test_requests_that_share_a_batch_share_what_fits(worker: DecodeWorker) -> None:
    model, gate = SmallMemoryToy(2), threading.Event()
    blocked = threading.Thread(target=worker.call, args=(lambda: gate.wait(20),))
    blocked.start()
    futures = [worker.submit(model, latents(n, -n), User().ask("canvas", Priority.CANVAS)) for n in (1, 2, 3)]
    gate.set()
    for n, future in zip((1, 2, 3), futures, strict=True):
        np.testing.assert_array_equal(future.result(20), picture(n, -n))
    blocked.join(20)


def test_a_picture_that_fits_nowhere_fails_with_a_sentence(worker: DecodeWorker) -> None:
    model = SmallMemoryToy(0)
    message = "toy: there is not enough memory on cpu for one picture of 3 × 16 × 16 numbers"
    with pytest.raises(DeviceError, match=message):
        worker.decode(model, latents(1, 2, 3))
    assert model.batches == [3, 1], "after its first row the request has failed as a whole"
    with pytest.raises(DeviceError, match="not enough memory for this"):
        worker.call(lambda: torch.empty(TOO_MUCH))
    np.testing.assert_array_equal(worker.decode(ToyModel(), latents(1)), picture(1))


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_real_memory_runs_out_on_cuda() -> None:
    """Each picture wants a third of the device's memory."""

    class BigToy(ToyModel):
        def _decode(self, latents: Tensor) -> Tensor:
            total = torch.cuda.get_device_properties(0).total_memory
            ballast = torch.empty(len(latents), total // 3, dtype=torch.uint8, device=self.device)
            return super()._decode(latents) + 0 * ballast[0, 0]

    model, values = BigToy("cuda"), torch.linspace(-1, 1, 8).tolist()
    with DecodeWorker(torch.device("cuda")) as worker:
        np.testing.assert_allclose(worker.decode(model, latents(*values)), picture(*values), atol=1)


def test_after_a_while_without_calls_memory_is_given_back_once(
    worker: DecodeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back = []
    monkeypatch.setattr(device_thread, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(heap, "give_back", lambda: given_back.append(time.monotonic()))
    for count in (1, 2):
        worker.decode(ToyModel(), latents(count))
        ended = time.monotonic()
        until = ended + 10
        while len(given_back) < count and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.3)
        assert len(given_back) == count
        assert given_back[-1] - ended > 0.05

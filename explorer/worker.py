"""The decode worker: the one thread that runs models on the device, for every user of the app."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Literal, Self, TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from explorer.images import to_tensor, to_uint8
from explorer.requests import Batch, Priority, Request, RequestQueue
from models.base import LatentModel

T = TypeVar("T")

SMALL = 128  # pixels a side up to which a frame takes milliseconds, so that threads cost more than they give


class WorkerClosedError(RuntimeError):
    """The worker was closed before it could answer."""


def choose_device(setting: Literal["auto", "cpu", "cuda", "mps"] = "auto") -> torch.device:
    """The device to run on; `auto` prefers CUDA, then MPS. Raises ValueError for one that is not there."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if setting == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    if not available.get(setting, False):
        there = ", ".join(name for name, there in available.items() if there)
        raise ValueError(f"device: expected auto or one of those this machine has ({there}); got {setting!r}")
    return torch.device(setting)


class DecodeWorker:
    """Runs the decode and encode requests of all users on one thread, in shared batches.

    A batch that fails is run again request by request, so that an exception reaches only the caller whose
    request raises, and the worker goes on with the next.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.ms_per_frame = 0.0  # moving average of the device time per live frame; 0 before the first
        self._timed: Callable[[Tensor], Tensor] | None = None
        self._cores = torch.get_num_threads()
        self._queue = RequestQueue()
        self._thread = threading.Thread(target=self._serve, name="decode-worker", daemon=True)
        self._thread.start()

    @property
    def idle_seconds(self) -> float:
        """Time since the last live request; infinite before the first."""
        return time.monotonic() - self._queue.last_live

    def decode(self, model: LatentModel, latents: Float[Tensor, "n *latent"]) -> UInt8[np.ndarray, "n h w 3"]:
        """Pictures of the latents, sRGB 0 to 255; blocks. Raises as `submit` and `model.decode` do."""
        return self._result(self.submit(model, latents))

    def submit(
        self, model: LatentModel, latents: Float[Tensor, "n *latent"], slot: Hashable | None = None
    ) -> Future[UInt8[np.ndarray, "n h w 3"]]:
        """Queue a decode. A request with a slot is live, and cancels the one still waiting in the same slot.

        Without a slot it is never dropped. Raises ValueError for latents of a wrong shape or with NaN, and
        WorkerClosedError.
        """
        model.space.check(latents)
        priority = Priority.BULK if slot is None else Priority.LIVE
        size = model.space.image_size
        frames, threads = priority.frames(size), self._threads(size)
        return self._enqueue(Request(priority, model.decode, latents, to_uint8, frames, threads, slot))

    def encode(
        self, model: LatentModel, images: UInt8[np.ndarray, "n h w 3"], background: bool = False
    ) -> Float[Tensor, "n *latent"]:
        """Latents of pictures, sRGB 0 to 255; blocks. Raises as `submit_encode` and `model.encode` do."""
        return self._result(self.submit_encode(model, images, background))

    def submit_encode(
        self, model: LatentModel, images: UInt8[np.ndarray, "n h w 3"], background: bool = False
    ) -> Future[Float[Tensor, "n *latent"]]:
        """Queue an encode; `background` work steps back while anybody drags.

        Raises ValueError unless `images` is uint8 (n, size, size, 3) at the model's size, and
        WorkerClosedError.
        """
        size = model.space.image_size
        if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3) or len(images) == 0:
            expected = f"{model.space.name}: expected uint8 pictures of shape (n, {size}, {size}, 3)"
            raise ValueError(f"{expected}, got {images.dtype} {images.shape}")
        priority = Priority.BACKGROUND if background else Priority.BULK
        frames, threads = priority.frames(size), self._threads(size)
        return self._enqueue(Request(priority, model.encode, to_tensor(images), _unchanged, frames, threads))

    def submit_reencode(
        self, model: LatentModel, latents: Float[Tensor, "n *latent"]
    ) -> Future[Float[Tensor, "n *latent"]]:
        """Queue what `model.reencode` does. Raises as `submit`."""
        model.space.check(latents)
        size = model.space.image_size
        frames, threads = Priority.BULK.frames(size), self._threads(size)
        return self._enqueue(Request(Priority.BULK, model.reencode, latents, _unchanged, frames, threads))

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the device's thread as background work; blocks, and raises what it raises."""
        answer: list[T] = []

        def run(rows: Tensor) -> Tensor:
            answer.append(function())
            return rows

        one_row = torch.zeros(1)  # a request must have a row; this one carries nothing
        request = Request(Priority.BACKGROUND, run, one_row, lambda _: answer[0])
        future: Future[T] = self._enqueue(request)
        return self._result(future)

    def close(self) -> None:
        """Stop after the batch in progress; waiting and later requests raise WorkerClosedError."""
        for request in self._queue.close():
            request.fail(WorkerClosedError("the decode worker is closed"))
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enqueue(self, request: Request) -> Future[Any]:
        if not self._queue.put(request):
            raise WorkerClosedError("the decode worker is closed")
        return request.future

    def _result(self, future: Future[T]) -> T:
        if threading.current_thread() is self._thread:
            raise RuntimeError("the decode worker cannot wait for itself: use submit")
        return future.result()

    def _serve(self) -> None:
        while batch := self._queue.next_batch():
            self._run(batch)

    def _run(self, batch: Batch) -> None:
        head, started = batch[0][0], time.perf_counter()
        torch.set_num_threads(head.threads)
        try:
            answers = head.function(torch.cat([rows for _, rows in batch]))
        except BaseException as error:  # the worker outlives whatever a model raises
            if len(batch) == 1:
                self._fail(head, error)
            else:
                for part in batch:
                    self._run([part])
            return
        if head.priority is Priority.LIVE:
            self._measure(head.function, (time.perf_counter() - started) / len(answers))
        for (request, _), part in zip(batch, answers.split([len(rows) for _, rows in batch]), strict=True):
            try:
                request.answer(part)
            except BaseException as error:
                self._fail(request, error)

    def _threads(self, image_size: int) -> int:
        """CPU threads for one batch: all cores for big pictures, one less for small ones.

        A thread that waits for a core which the server or a browser is using holds up all others. Measured on
        two cores at 128 px, Chromium beside it: one thread 45 frames a second, two 36.
        """
        return self._cores if image_size > SMALL else max(1, self._cores - 1)

    def _fail(self, request: Request, error: BaseException) -> None:
        self._queue.discard(request)
        request.fail(error)

    def _measure(self, function: Callable[[Tensor], Tensor], seconds: float) -> None:
        fresh = self._timed != function  # another model has its own average
        self.ms_per_frame = 1e3 * seconds if fresh else 0.9 * self.ms_per_frame + 0.1 * 1e3 * seconds
        self._timed = function


def _unchanged(latents: Tensor) -> Tensor:
    return latents

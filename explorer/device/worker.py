"""The decode worker: the few threads that run models on the device, for every user of the app."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from explorer.device import heap
from explorer.device.device_thread import Server
from explorer.device.frame_cache import FrameCache
from explorer.device.futures import done
from explorer.device.job_queue import RequestQueue
from explorer.device.jobs import BusyError, Priority, Request, Slot, WorkerClosedError
from explorer.device.telemetry import Telemetry
from models.base import LatentModel
from models.pictures import to_tensor, to_uint8

__all__ = ["DecodeWorker", "WorkerClosedError"]

T = TypeVar("T")

SMALL = 128  # pixels a side up to which a frame takes milliseconds, so that threads cost more than they give
SLOW_MS = 500  # a frame
MOST_FRAMES, MOST_PIXELS = 1024, 64 * 512**2  # of one request: its answer is kept in memory until it is whole


@dataclass(frozen=True)
class _Pictures:
    """Decodes to bytes, which is quicker for a batch than for each of its requests; equal for one model."""

    model: LatentModel

    def __call__(self, latents: Float[Tensor, "n *latent"]) -> UInt8[Tensor, "n h w 3"]:
        return torch.from_numpy(to_uint8(self.model.decode_on_device(latents)))


class DecodeWorker:
    """Runs the decode and encode requests of all users in shared batches, one batch at a time.

    Who is served when is the queue's matter (`RequestQueue`); what happens when a model fails, the server's
    (`Server`). A CPU cannot interrupt a batch: there models that take more than SLOW_MS a frame have a queue
    and a server of their own. Their batches run beside the others', and nothing quick waits for what is slow.
    """

    def __init__(self, device: torch.device) -> None:
        heap.keep_freed()
        self.device = device
        self._cores = torch.get_num_threads()
        self._cache = FrameCache()
        self._queues = [RequestQueue() for _ in range(2 if device.type == "cpu" else 1)]  # quick, slow
        self.telemetry = Telemetry(lambda: sum(map(len, self._queues)), lambda: self._cache.bytes)
        self._servers = [Server(queue, self.telemetry.ran) for queue in self._queues]

    @property
    def idle_seconds(self) -> float:
        """Time since the last live request; infinite before the first."""
        return time.monotonic() - max(queue.last_live for queue in self._queues)

    def decode(self, model: LatentModel, latents: Float[Tensor, "n *latent"]) -> UInt8[np.ndarray, "n h w 3"]:
        """Pictures of the latents, sRGB 0 to 255; blocks. Raises as `submit` and `model.decode` do."""
        return self._result(self.submit(model, latents))

    def submit(
        self, model: LatentModel, latents: Float[Tensor, "n *latent"], slot: Slot | None = None
    ) -> Future[UInt8[np.ndarray, "n h w 3"]]:
        """Queue a decode of what is not kept; with a slot it is live, and a newer one of its lane cancels it.

        Without a slot it is bulk work of whoever is `ASKING`. Raises ValueError for latents of a wrong shape,
        with NaN or too many, BusyError and WorkerClosedError, and in the future DeviceError and what the
        model raises.
        """
        model.space.check(latents)
        pictures = self._cache.get(model, latents)
        missing = [row for row in range(len(latents)) if row not in pictures]
        self.telemetry.looked_up(len(pictures), len(missing))

        def together() -> UInt8[np.ndarray, "n h w 3"]:
            return np.stack([pictures[row] for row in range(len(latents))])

        def finish(answers: UInt8[Tensor, "m h w 3"]) -> UInt8[np.ndarray, "n h w 3"]:
            decoded = answers.numpy()
            self._cache.put(model, latents[missing], decoded)
            pictures.update(zip(missing, decoded, strict=True))
            return together()

        if not missing:
            if slot:
                self._overtake(slot, self._queues)
            return done(together())
        priority = slot.priority if slot else Priority.BULK
        return self._enqueue(model, _Pictures(model), latents[missing], priority, finish, slot)

    def encode(
        self, model: LatentModel, images: UInt8[np.ndarray, "n h w 3"], background: bool = False
    ) -> Float[Tensor, "n *latent"]:
        """Latents of pictures, sRGB 0 to 255; blocks. Raises as `submit_encode` and `model.encode` do."""
        return self._result(self.submit_encode(model, images, background))

    def submit_encode(
        self,
        model: LatentModel,
        images: UInt8[np.ndarray, "n h w 3"],
        background: bool = False,
        is_shared: bool = False,
    ) -> Future[Float[Tensor, "n *latent"]]:
        """Queue an encode; `background` work steps back while anybody drags.

        What is shared stays when who asked for it leaves, for others may wait for it too. Raises ValueError
        unless `images` is uint8 (n, size, size, 3) at the model's size, else as `submit`.
        """
        size = model.space.image_size
        if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3) or len(images) == 0:
            expected = f"{model.space.name}: expected uint8 pictures of shape (n, {size}, {size}, 3)"
            raise ValueError(f"{expected}, got {images.dtype} {images.shape}")
        priority = Priority.BACKGROUND if background else Priority.BULK
        return self._enqueue(model, model.encode, to_tensor(images), priority, is_shared=is_shared)

    def submit_reencode(
        self, model: LatentModel, latents: Float[Tensor, "n *latent"]
    ) -> Future[Float[Tensor, "n *latent"]]:
        """Queue what `model.reencode` does, shared by all who ask for it. Raises as `submit`."""
        model.space.check(latents)
        return self._enqueue(model, model.reencode, latents, Priority.BULK, is_shared=True)

    def answered(self, slot: Slot) -> None:
        """Take note of a live request that was answered without asking here, and drop what it replaces."""
        self.telemetry.looked_up(1, 0)
        self._overtake(slot, self._queues)

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the device's thread as background work; blocks, and raises what it raises."""
        answer: list[T] = []

        def run(rows: Tensor) -> Tensor:
            answer.append(function())
            return rows

        one_row = torch.zeros(1)  # a request must have a row; this one carries nothing
        request = Request(Priority.BACKGROUND, run, one_row, lambda _: answer[0])
        future: Future[T] = self._put(request, self._queues[0])
        return self._result(future)

    def close(self) -> None:
        """Stop after the batch in progress; waiting and later requests raise WorkerClosedError."""
        for request in [request for queue in self._queues for request in queue.close()]:
            request.fail(WorkerClosedError("the decode worker is closed"))
        for server in self._servers:
            server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enqueue(
        self,
        model: LatentModel,
        function: Callable[[Tensor], Tensor],
        rows: Tensor,
        priority: Priority,
        finish: Callable[[Tensor], Any] = lambda answers: answers,
        slot: Slot | None = None,
        is_shared: bool = False,
    ) -> Future[Any]:
        size = model.space.image_size
        most = min(MOST_FRAMES, MOST_PIXELS // size**2)
        if len(rows) > most:
            expected = f"{model.space.name}: expected at most {most:,} pictures at once"
            raise ValueError(f"{expected}, got {len(rows):,}")
        decodes, frames, threads = isinstance(function, _Pictures), priority.frames(size), self._threads(size)
        request = Request(
            priority, function, rows, finish, model, decodes, frames, threads, slot, is_shared=is_shared
        )
        return self._put(request, self._queues[-1 if self._is_slow(model) else 0])

    def _put(self, request: Request, queue: RequestQueue) -> Future[Any]:
        try:
            queue.put(request)
        except BusyError:
            self.telemetry.refused(request)
            raise
        self.telemetry.asked(request)
        if request.slot:
            self._overtake(request.slot, [other for other in self._queues if other is not queue])
        return request.future

    def _overtake(self, slot: Slot, queues: Sequence[RequestQueue]) -> None:
        """Drop what waits there in this lane and is older; and put background work off."""
        for queue in queues:
            queue.overtake(slot)

    def _result(self, future: Future[T]) -> T:
        if any(server.is_this_thread for server in self._servers):
            raise RuntimeError("the decode worker cannot wait for itself: use submit")
        return future.result()

    def _threads(self, image_size: int) -> int:
        """CPU threads for one batch: all cores for big pictures, one less for small ones.

        A thread that waits for a core which the server or a browser is using holds up all others. Measured on
        two cores at 128 px, Chromium beside it: one thread 45 frames a second, two 36.
        """
        return self._cores if image_size > SMALL else max(1, self._cores - 1)

    def _is_slow(self, model: LatentModel) -> bool:
        """By what its frames took so far; before the first, by their size."""
        ms = self.telemetry.ms_per_frame(model.space.name)
        return ms > SLOW_MS if ms else model.space.image_size > SMALL

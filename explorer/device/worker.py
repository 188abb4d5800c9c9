"""The decode worker: the few threads that run models on the device, for every user of the app."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Self, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Num
from torch import Tensor

from explorer.device import heap
from explorer.device.device_thread import DeviceThread
from explorer.device.frame_cache import FrameCache
from explorer.device.job_queue import JobQueue
from explorer.device.jobs import BusyError, Job, Op, Priority, Request, WorkerClosedError
from explorer.device.telemetry import Telemetry
from explorer.device.users import Slot
from models.base import LatentModel
from models.errors import InputError

T = TypeVar("T")
Quantised = Num[np.ndarray, "n *quantised"]  # what a model's media keeps

SMALL = 3 * 128**2  # numbers of a value up to which a frame takes so little that threads do not pay
SLOW_MODEL_MS = 500  # a frame
MOST_FRAMES, MOST_NUMBERS = 1024, 64 * 3 * 512**2  # of one request, whose answer is kept until it is whole
CALL = "none"  # in place of a model's name, also in the metrics


class DecodeWorker:
    """Runs the decode and encode jobs of all users in shared batches, one batch at a time.

    Who is served when is the queue's matter (`JobQueue`); what happens when a model fails, the thread's
    (`DeviceThread`). A CPU cannot interrupt a batch: there models that take more than SLOW_MODEL_MS a frame
    have a queue and a thread of their own. Their batches run beside the others', and nothing quick waits
    for what is slow.
    """

    def __init__(self, device: torch.device) -> None:
        heap.keep_freed()
        self.device = device
        self._cores = torch.get_num_threads()
        self._cache = FrameCache()
        self._queues = [JobQueue() for _ in range(2 if device.type == "cpu" else 1)]  # quick, slow
        self.telemetry = Telemetry(lambda: sum(map(len, self._queues)), lambda: self._cache.bytes)
        self._threads = [DeviceThread(queue, self.telemetry.ran) for queue in self._queues]

    def decode(
        self, model: LatentModel, latents: Float[Tensor, "n *latent"], background: bool = False
    ) -> Quantised:
        """What the latents decode to, quantised; blocks. Raises as `submit` and `model.decode` do."""
        return self._result(self.submit(model, latents, background=background))

    def submit(
        self,
        model: LatentModel,
        latents: Float[Tensor, "n *latent"],
        slot: Slot | None = None,
        background: bool = False,
        preview: bool = False,
    ) -> Future[Quantised]:
        """Queue a decode of what is not kept; with a slot it is live, and a newer one of its lane cancels it.

        A `preview` is as fast as the model can, for what is seen in passing.

        Without a slot it is bulk work of whoever is `ASKING`, or `background` work. Raises InputError for
        latents of a wrong shape, with NaN or too many, BusyError and WorkerClosedError, and in the future
        DeviceError and what the model raises.
        """
        model.space.check(latents)
        op: Op = "preview" if preview and model.preview_precision else "decode"
        kept = self._cache.get(model, latents, op)
        missing = [row for row in range(len(latents)) if row not in kept]
        self.telemetry.looked_up(len(kept), len(missing))
        if not missing:
            if slot:
                self._overtake(slot, self._queues)
            return _done(np.stack([kept[row] for row in range(len(latents))]))

        def finish(answers: Tensor) -> Quantised:
            decoded = answers.numpy()
            self._cache.put(model, latents[missing], op, decoded)
            kept.update(zip(missing, decoded, strict=True))
            return np.stack([kept[row] for row in range(len(latents))])

        priority = slot.priority if slot else Priority.BACKGROUND if background else Priority.BULK
        return self._put(Request(self._job(model, op, latents[missing], priority), model, finish, slot))

    def encode(
        self, model: LatentModel, values: Quantised, background: bool = False
    ) -> Float[Tensor, "n *latent"]:
        """Latents of quantised values; blocks. Raises as `submit_encode` and `model.encode` do."""
        return self._result(self.submit_encode(model, values, background))

    def submit_encode(
        self, model: LatentModel, values: Quantised, background: bool = False, is_shared: bool = False
    ) -> Future[Float[Tensor, "n *latent"]]:
        """Queue an encode; `background` work steps back while anybody drags.

        What is shared stays when who asked for it leaves, for others may wait for it too. Raises InputError
        unless `values` is what the model's media keeps, else as `submit`.
        """
        media, shape = model.media, (len(values), *model.media.quantised_shape)
        if (values.dtype, values.shape) != (media.quantised_dtype, shape) or len(values) == 0:
            expected = f"{media.quantised_dtype} of shape (n, {', '.join(map(str, shape[1:]))})"
            found = f"{values.dtype} {values.shape}"
            raise InputError(f"{model.space.name}: expected {media.name} as {expected}, got {found}")
        priority = Priority.BACKGROUND if background else Priority.BULK
        job = self._job(model, "encode", media.restore(values), priority)
        return self._put(Request(job, model, is_shared=is_shared))

    def submit_reencode(
        self, model: LatentModel, latents: Float[Tensor, "n *latent"]
    ) -> Future[Float[Tensor, "n *latent"]]:
        """Queue what `model.reencode` does, shared by all who ask for it. Raises as `submit`."""
        model.space.check(latents)
        return self._put(Request(self._job(model, "reencode", latents, Priority.BULK), model, is_shared=True))

    def answered(self, slot: Slot) -> None:
        """Take note of a live request that was answered without asking here, and drop what it replaces."""
        self.telemetry.looked_up(1, 0)
        self._overtake(slot, self._queues)

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the device's thread as background work; blocks, and raises what it raises."""
        answer: list[T] = []
        one_row = torch.zeros(1)  # a job must have a row; this one carries nothing
        job = Job(CALL, "call", one_row, Priority.BACKGROUND)
        request = Request(job, lambda: answer.append(function()), lambda _: answer[0])
        future: Future[T] = self._put(request)
        return self._result(future)

    def close(self) -> None:
        """Stop after the batch in progress; waiting and later requests raise WorkerClosedError."""
        for request in [request for queue in self._queues for request in queue.close()]:
            request.fail(WorkerClosedError("the decode worker is closed"))
        for thread in self._threads:
            thread.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _job(self, model: LatentModel, op: Op, rows: Tensor, priority: Priority) -> Job:
        """A job of as many rows as one answer may hold; on as many CPU threads as pay.

        A thread that waits for a core which the server or a browser is using holds up all others. Measured on
        two cores at 128 px, Chromium beside it: one thread 45 frames a second, two 36.
        """
        name, numbers = model.space.name, math.prod(model.media.shape)
        most = min(MOST_FRAMES, MOST_NUMBERS // numbers)
        if len(rows) > most:
            raise InputError(f"{name}: expected at most {most:,} values at once, got {len(rows):,}")
        threads = self._cores if numbers > SMALL else max(1, self._cores - 1)
        return Job(name, op, rows, priority, priority.frames(numbers), threads)

    def _put(self, request: Request) -> Future[Any]:
        queue = self._queues[-1 if self._is_slow(request) else 0]
        try:
            queue.put(request)
        except BusyError:
            self.telemetry.refused(request)
            raise
        self.telemetry.asked(request)
        if request.slot:
            self._overtake(request.slot, [other for other in self._queues if other is not queue])
        return request.future

    def _overtake(self, slot: Slot, queues: Sequence[JobQueue]) -> None:
        """Drop what waits there in this lane and is older; and put background work off."""
        for queue in queues:
            queue.overtake(slot)

    def _result(self, future: Future[T]) -> T:
        if any(thread.is_this_thread for thread in self._threads):
            raise RuntimeError("the decode worker cannot wait for itself: use submit")
        return future.result()

    def _is_slow(self, request: Request) -> bool:
        """By what the model's frames took so far; before the first, by their size."""
        if not isinstance(request.model, LatentModel):
            return False
        ms = self.telemetry.ms_per_frame(request.job.model, request.job.op == "preview")
        return ms > SLOW_MODEL_MS if ms else math.prod(request.model.media.shape) > SMALL


def _done(values: Quantised) -> Future[Quantised]:
    future: Future[Quantised] = Future()
    future.set_result(values)
    return future

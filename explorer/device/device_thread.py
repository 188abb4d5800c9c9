"""The thread that runs batches on the device: what fails is run in parts, what hangs is left behind."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

import torch
from torch import Tensor

from explorer.device import heap
from explorer.device.job_queue import JobQueue
from explorer.device.jobs import Batch, DeviceError, Job, perform
from explorer.device.memory import Memory, is_out_of_memory

log = logging.getLogger(__name__)

HANG_SECONDS = 120.0  # of one call; the slowest known takes 23: two pictures of an fp32 AutoencoderKL, 512 px
IDLE_SECONDS = 30.0  # without a call, after which the memory that is kept for the next one is given back
MOST_STUCK = 2  # calls of one model: the first may be its request's fault, the second is the model's


class _RelievedError(Exception):
    """Another thread has taken over, since the call of this one took so long."""


@dataclass(eq=False)
class _Shift:
    """What one thread is doing; another one takes over when its call hangs."""

    thread: threading.Thread | None = None
    batch: Batch = field(default_factory=list)
    since: float | None = None  # when its call began; None between calls
    is_relieved: bool = False


class DeviceThread:
    """Runs the queue's batches one after another, until the queue is closed.

    A batch that fails is run again, in halves where memory ran out, else request by request: so an exception
    reaches only the caller whose request raises. A call that takes HANG_SECONDS fails, and a new thread goes
    on with the others; the old one can be neither stopped nor trusted, and its answer is dropped if it ever
    comes. A model with MOST_STUCK such calls answers nothing until one of them returns. What holds Python's
    lock for ever, or stops the device itself, cannot be helped from within the process.
    """

    def __init__(self, queue: JobQueue, ran: Callable[[Batch, float], None]) -> None:
        """`ran` is told every batch that was answered, and the seconds it took."""
        self._queue, self._ran = queue, ran
        self._memory = Memory()
        self._stuck: list[object] = []  # models, also more than once; or functions
        self._kept_since = inf  # when the last call ended; infinite once the memory was given back
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._shift = self._begin()
        threading.Thread(target=self._watch, name="decode-watchdog", daemon=True).start()

    @property
    def is_this_thread(self) -> bool:
        """Whether the caller runs on the serving thread."""
        return threading.current_thread() is self._shift.thread

    def close(self) -> None:
        """Wait a moment for the call in progress, once the queue is closed."""
        self._closed.set()
        if self._shift.thread and not self.is_this_thread:
            self._shift.thread.join(timeout=10)

    def _begin(self) -> _Shift:
        shift = _Shift()
        shift.thread = threading.Thread(target=self._serve, args=(shift,), name="decode-worker", daemon=True)
        shift.thread.start()
        return shift

    def _serve(self, shift: _Shift) -> None:
        while batch := self._queue.next_batch():
            shift.batch = batch
            try:
                self._run(shift)
            except _RelievedError:
                return

    def _run(self, shift: _Shift) -> None:
        head = shift.batch[0][0]
        if self._stuck.count(head.model) >= MOST_STUCK:
            self._fail(shift.batch, _hangs(head.job))
            return
        parts = deque([shift.batch])
        while parts:
            part = [(request, rows) for request, rows in parts.popleft() if not request.future.done()]
            if not part:
                continue
            part, *rest = self._memory.split(part)
            parts.extendleft(reversed(rest))
            try:
                answers = self._call(shift, part).split([len(rows) for _, rows in part])
                for (request, _), answer in zip(part, answers, strict=True):
                    request.answer(answer)
            except _RelievedError:
                raise
            except BaseException as error:  # the worker outlives whatever a model raises
                parts.extendleft(reversed(self._smaller(part, error)))

    def _call(self, shift: _Shift, part: Batch) -> Tensor:
        head = part[0][0]
        torch.set_num_threads(head.job.threads)
        shift.since = began = time.monotonic()
        try:
            answers = perform(head, torch.cat([rows for _, rows in part]))
        finally:
            self._end_call(shift, part, time.monotonic() - began)
        self._ran(part, time.monotonic() - began)
        return answers

    def _end_call(self, shift: _Shift, part: Batch, seconds: float) -> None:
        with self._lock:
            shift.since, self._kept_since = None, time.monotonic()
            if shift.is_relieved:
                self._stuck.remove(part[0][0].model)
                raise _RelievedError
        self._queue.charge(part, seconds)

    def _smaller(self, part: Batch, error: BaseException) -> list[Batch]:
        """What to run in place of a part that failed; nothing where its only request is to blame."""
        try:
            if is_out_of_memory(error):
                self._memory.halve(part)
                return [part]
        except DeviceError as too_large:
            error = too_large
        if len(part) > 1:
            return [[entry] for entry in part]
        self._fail(part, error)
        return []

    def _fail(self, batch: Batch, error: BaseException) -> None:
        for request, _ in batch:
            request.fail(error)

    def _watch(self) -> None:
        while not self._closed.wait(HANG_SECONDS / 20):
            self._relieve()
            if self._shift.since is None and time.monotonic() - self._kept_since > IDLE_SECONDS:
                self._kept_since = inf
                heap.give_back()

    def _relieve(self) -> None:
        """Let another thread go on where a call hangs."""
        with self._lock:
            hung = self._shift
            if hung.since is None or time.monotonic() - hung.since < HANG_SECONDS:
                return
            hung.is_relieved = True
            head = hung.batch[0][0]
            self._stuck.append(head.model)
            self._shift = self._begin()
        error = _hangs(head.job)
        log.error("%s", error, extra={"model": head.job.model})
        self._fail(hung.batch, error)


def _hangs(job: Job) -> DeviceError:
    what = "A call to the device" if job.op == "call" else job.model
    return DeviceError(
        f"{what} has not answered for {HANG_SECONDS:.0f} s and was given up. Others go on; if this happens"
        " again, choose another model or restart the app."
    )

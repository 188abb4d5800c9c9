"""The decode worker's queue: what waits for the device, and what runs next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch
from torch import Tensor

QUIET = 0.5  # seconds without live requests after which background work may start before it is due


class Priority(Enum):
    """Seconds that a request of this kind may be overtaken, and pixels that its batches may hold."""

    LIVE = (0.0, 32 * 128**2)  # a drag: the newest frame of a slot
    BULK = (0.1, 8 * 128**2)  # a person waits, but for more than one frame: small slices let drags through
    BACKGROUND = (10.0, 4 * 128**2)  # nobody watches: encoding a data set, loading a model

    @property
    def patience(self) -> float:
        """Seconds after which a waiting request counts as due."""
        return self.value[0]

    def frames(self, image_size: int) -> int:
        """Frames of one batch at this size, at least one."""
        return max(1, self.value[1] // image_size**2)


@dataclass(eq=False)
class Request:
    """Rows that `function` maps one to one; requests with an equal function and priority share batches."""

    priority: Priority
    function: Callable[[Tensor], Tensor]
    rows: Tensor
    finish: Callable[[Tensor], Any]
    frames_per_batch: int = 1
    threads: int = 1  # of the CPU
    slot: Hashable | None = None
    future: Future[Any] = field(default_factory=Future)
    due: float = 0.0
    taken: int = 0
    answers: list[Tensor] = field(default_factory=list)

    def take(self, count: int) -> Tensor:
        """The next rows, at most `count`."""
        rows = self.rows[self.taken : self.taken + count]
        self.taken += len(rows)
        return rows

    def answer(self, part: Tensor) -> None:
        """Take in the answer to the rows taken last; the last part resolves the future."""
        self.answers.append(part)
        if sum(map(len, self.answers)) == len(self.rows):
            self.future.set_result(self.finish(torch.cat(self.answers)))

    def fail(self, error: BaseException) -> None:
        """Pass the error to the caller, unless there is an answer or the caller has gone."""
        if not self.future.done() and (self.taken or self.future.set_running_or_notify_cancel()):
            self.future.set_exception(error)


Batch = list[tuple[Request, Tensor]]


class RequestQueue:
    """Thread-safe queue that hands out batches, the earliest due request first.

    A live request is due at once, others a moment later: drags come first, and nothing starves.
    """

    def __init__(self) -> None:
        self._waiting: list[Request] = []
        self.last_live = float("-inf")
        self._closed = False
        self._changed = threading.Condition()

    def put(self, request: Request) -> bool:
        """Add a request, cancelling the one that waits in the same slot; False once the queue is closed."""
        with self._changed:
            if self._closed:
                return False
            now = time.monotonic()
            request.due = now + request.priority.patience
            if request.priority is Priority.LIVE:
                self.last_live = now
            superseded = self._supersede(request)
            self._waiting.append(request)
            self._changed.notify_all()
        if superseded is not None:  # outside the lock: cancelling runs the callbacks of whoever waits
            superseded.future.cancel()
            superseded.future.set_running_or_notify_cancel()
        return True

    def next_batch(self) -> Batch:
        """Wait for work and take a batch of it; empty once the queue is closed."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                begin = {request: self._may_begin(request) for request in self._waiting}
                ready = [request for request, moment in begin.items() if moment <= now]
                if not ready:
                    self._changed.wait(min(begin.values()) - now if begin else None)
                elif batch := self._collate(min(ready, key=lambda request: request.due)):
                    return batch
            return []

    def discard(self, request: Request) -> None:
        """Forget the rows of a request that are still to come."""
        with self._changed:
            if request in self._waiting:
                self._waiting.remove(request)

    def close(self) -> list[Request]:
        """Accept and hand out nothing from now on; returns what was waiting."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        return waiting

    def _supersede(self, request: Request) -> Request | None:
        if request.slot is None:
            return None
        for older in self._waiting:
            if older.slot == request.slot and older.taken == 0:
                self._waiting.remove(older)
                request.due = older.due  # it keeps its place, or a fast drag would never be served
                return older
        return None

    def _may_begin(self, request: Request) -> float:
        """Background work waits until drags pause (or it is due): a started batch cannot be interrupted."""
        if request.priority is not Priority.BACKGROUND:
            return 0.0
        return min(request.due, self.last_live + QUIET)

    def _collate(self, head: Request) -> Batch:
        """Rows of the head and of all that can share its batch, the earliest due first."""
        batch: Batch = []
        room, now = head.frames_per_batch, time.monotonic()
        for request in sorted(self._waiting, key=lambda request: request.due):
            if request.function != head.function or request.priority is not head.priority or room == 0:
                continue
            if request.taken == 0 and not request.future.set_running_or_notify_cancel():
                self._waiting.remove(request)  # its caller cancelled it
                continue
            batch.append((request, request.take(room)))
            room -= len(batch[-1][1])
            if request.taken == len(request.rows):
                self._waiting.remove(request)
            else:
                request.due = now + request.priority.patience  # the next slice queues up again
        return batch

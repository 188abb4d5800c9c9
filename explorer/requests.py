"""What is asked of the decode worker: by whom, how urgent it is, and how its answer is put together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch
from torch import Tensor

from models.base import LatentModel


class WorkerClosedError(RuntimeError):
    """The worker was closed before it could answer."""


class BusyError(RuntimeError):
    """So much waits already that this is refused; the text says so. Asking again in a moment is right."""


class DeviceError(RuntimeError):
    """The device cannot answer: a call hangs, or one picture needs more memory than there is."""


class Priority(Enum):
    """Share of the device's time while others wait too, and pixels that a batch of it may hold."""

    CANVAS = (8, 32 * 128**2)  # a drag: the big picture
    BESIDE = (3, 32 * 128**2)  # pictures beside it: strip, before
    BULK = (2, 8 * 128**2)  # a person waits, but for more than one frame: small slices let drags through
    BACKGROUND = (1, 4 * 128**2)  # nobody watches: encoding a data set, loading a model

    @property
    def share(self) -> int:
        """Part of the device's time, relative to the others."""
        return self.value[0]

    @property
    def is_live(self) -> bool:
        """Whether a person looks at the very picture while they change it."""
        return self in (Priority.CANVAS, Priority.BESIDE)

    def frames(self, image_size: int) -> int:
        """Frames of one batch at this size, at least one."""
        return max(1, self.value[1] // image_size**2)


class User:
    """Someone who asks: the connection of one page; told apart by identity."""

    def __init__(self) -> None:
        self.has_left = False
        self.newest: dict[str, int] = {}  # lane → number of the newest request asked for

    def ask(self, lane: str, priority: Priority = Priority.CANVAS) -> Slot:
        """The place of one more live request.

        The order is that of asking, not of coming to the queue: a latent may have to be encoded first.
        """
        self.newest[lane] = self.newest.get(lane, 0) + 1
        return Slot(self, lane, priority, self.newest[lane])


@dataclass(frozen=True)
class Slot:
    """A request's place on its user's page: of one lane only the newest is wanted."""

    user: User
    lane: str
    priority: Priority
    number: int

    @property
    def is_stale(self) -> bool:
        """Whether a newer one was asked for in this lane."""
        return self.number < self.user.newest[self.lane]

    def replaces(self, other: Slot | None) -> bool:
        """Whether the other is an older one of the same lane."""
        if other is None or (self.user, self.lane) != (other.user, other.lane):
            return False
        return other.number < self.number


@dataclass(eq=False)
class Request:
    """Rows that `function` maps one to one; requests with an equal function and priority share batches."""

    priority: Priority
    function: Callable[[Tensor], Tensor]
    rows: Tensor
    finish: Callable[[Tensor], Any]
    model: LatentModel | None = None  # whose function it is
    decodes: bool = False  # whether the function makes pictures of latents, and no more
    frames_per_batch: int = 1
    threads: int = 1  # of the CPU
    slot: Slot | None = None
    future: Future[Any] = field(default_factory=Future)
    asked: float = 0.0  # when it came to the queue
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

    def drop(self) -> None:
        """Tell the caller that it is cancelled, also where it has begun."""
        if self.future.cancel():
            self.future.set_running_or_notify_cancel()
        else:
            self.fail(CancelledError())


Batch = list[tuple[Request, Tensor]]
"""Requests, each with the rows of it that come next."""


def count_rows(batch: Batch) -> int:
    """Rows of all requests together."""
    return sum(len(rows) for _, rows in batch)

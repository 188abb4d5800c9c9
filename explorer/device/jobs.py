"""What is asked of the decode worker: by whom, how urgent it is, and how its answer is put together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import ContextVar
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


@dataclass(frozen=True, eq=False)
class Person:
    """Someone who shares the device with others: what all their requests use counts together."""

    id: str = ""


class User:
    """Who asks and may leave: the connection of one page, or one request; told apart by identity."""

    def __init__(self, person: Person | None = None) -> None:
        self.person = person or Person()
        self.has_left = False
        self.newest: dict[str, int] = {}  # lane → number of the newest request asked for
        self._awaited: set[Future[Any]] = set()

    @property
    def is_live(self) -> bool:
        """Whether a person looks at the frames that it asks for."""
        return bool(self.newest)

    def wait_for(self, future: Future[Any]) -> None:
        """Have a future cancelled when the user leaves, or now if they have left."""
        self._awaited.add(future)
        future.add_done_callback(self._awaited.discard)
        if self.has_left:
            future.cancel()

    def leave(self) -> None:
        """Cancel all that this user still waits for, and what is still to come."""
        self.has_left = True
        for future in tuple(self._awaited):
            future.cancel()

    def ask(self, lane: str, priority: Priority = Priority.CANVAS) -> Slot:
        """The place of one more live request.

        The order is that of asking, not of coming to the queue: a latent may have to be encoded first.
        """
        self.newest[lane] = self.newest.get(lane, 0) + 1
        return Slot(self, lane, priority, self.newest[lane])


APP = User(Person("app"))
"""Asks for what nobody else asked for; its work is never refused, for it would not ask again."""

ASKING: ContextVar[User] = ContextVar("asking", default=APP)
"""Who asks for what comes without a slot; callbacks of futures know it too (`futures.then`)."""


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
    """Rows that `function` maps one to one; requests with an equal function and priority share batches.

    Who cancels the future, whenever that is, has the queue forget the rows that were not taken yet.
    """

    priority: Priority
    function: Callable[[Tensor], Tensor]
    rows: Tensor
    finish: Callable[[Tensor], Any]
    model: LatentModel | None = None  # whose function it is
    decodes: bool = False  # whether the function makes pictures of latents, and no more
    frames_per_batch: int = 1
    threads: int = 1  # of the CPU
    slot: Slot | None = None
    user: User = field(default_factory=ASKING.get)
    is_shared: bool = False  # others may wait for it too, so that it stays when its user leaves
    future: Future[Any] = field(default_factory=Future)
    asked: float = 0.0  # when it came to the queue
    taken: int = 0
    answers: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.slot:
            self.user = self.slot.user

    def take(self, count: int) -> Tensor:
        """The next rows, at most `count`."""
        rows = self.rows[self.taken : self.taken + count]
        self.taken += len(rows)
        return rows

    def answer(self, part: Tensor) -> None:
        """Take in the answer to the rows taken last; the last part resolves the future."""
        self.answers.append(part)
        if sum(map(len, self.answers)) == len(self.rows) and not self.future.done():
            answer = self.finish(torch.cat(self.answers))
            with suppress(InvalidStateError):  # its caller has gone meanwhile
                self.future.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Pass the error to the caller, unless there is an answer or the caller has gone."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)


Batch = list[tuple[Request, Tensor]]
"""Requests, each with the rows of it that come next."""


def count_rows(batch: Batch) -> int:
    """Rows of all requests together."""
    return sum(len(rows) for _, rows in batch)

"""What is asked of the decode worker: the work itself as data, by whom it is asked, and how urgent it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import torch
from torch import Tensor

from explorer.device.users import ASKING, Slot, User
from models.base import LatentModel

REFERENCE = 3 * 128**2  # numbers of a picture of 128 px

Op = Literal["decode", "preview", "encode", "reencode", "call"]
"""What a model does with rows: all but the last are methods of it; a call is any function's, once."""


class WorkerClosedError(RuntimeError):
    """The worker was closed before it could answer."""


class BusyError(RuntimeError):
    """So much waits already that this is refused; the text says so. Asking again in a moment is right."""


class DeviceError(RuntimeError):
    """The device cannot answer: a call hangs, or one value needs more memory than there is."""


class Priority(Enum):
    """Share of the device's time while others wait, and numbers of the values that a batch may hold."""

    CANVAS = (8, 32 * REFERENCE)  # a drag: the big picture
    BESIDE = (3, 32 * REFERENCE)  # pictures beside it: strip, before
    BULK = (2, 8 * REFERENCE)  # a person waits, but for more than one frame: small slices let drags through
    BACKGROUND = (1, 4 * REFERENCE)  # nobody watches: encoding a data set, loading a model

    @property
    def share(self) -> int:
        """Part of the device's time, relative to the others."""
        return self.value[0]

    @property
    def is_live(self) -> bool:
        """Whether a person looks at the very picture while they change it."""
        return self in (Priority.CANVAS, Priority.BESIDE)

    def frames(self, numbers: int) -> int:
        """Values of so many numbers each in one batch, at least one."""
        return max(1, self.value[1] // numbers)


@dataclass(frozen=True, eq=False)
class Job:
    """Work for a device as data: rows that a model maps one to one.

    It names its model, so that it could cross a process or a machine as it is.
    """

    model: str
    op: Op
    rows: Tensor
    priority: Priority = Priority.BULK
    frames_per_batch: int = 1
    threads: int = 1  # of the CPU


@dataclass(eq=False)
class Request:
    """A job in the queue of this process: the model that does it, who waits for it, and what of it is done.

    Who cancels the future, whenever that is, has the queue forget the rows that were not taken yet.
    """

    job: Job
    model: LatentModel | Callable[[], object]  # a function is called, once
    finish: Callable[[Tensor], Any] = lambda answers: answers
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

    @property
    def kind(self) -> tuple[object, Op, Priority]:
        """Requests of one kind share batches."""
        return self.model, self.job.op, self.job.priority

    def take(self, count: int) -> Tensor:
        """The next rows, at most `count`."""
        rows = self.job.rows[self.taken : self.taken + count]
        self.taken += len(rows)
        return rows

    def answer(self, part: Tensor) -> None:
        """Take in the answer to the rows taken last; the last part resolves the future."""
        self.answers.append(part)
        if sum(map(len, self.answers)) < len(self.job.rows) or self.future.done():
            return
        try:
            self.future.set_result(self.finish(torch.cat(self.answers)))
        except BaseException as error:  # its caller has gone meanwhile, or hears of it
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Pass the error to the caller, unless there is an answer or the caller has gone."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)


Batch = list[tuple[Request, Tensor]]
"""Requests of one kind, each with the rows of it that come next."""


def perform(request: Request, rows: Tensor) -> Tensor:
    """Do the work of a request on rows of it and of others of its kind; raises what the model raises.

    What is decoded comes quantised: bytes made on the device are a quarter to copy.
    """
    model, op = request.model, request.job.op
    if not isinstance(model, LatentModel):
        model()
        return rows
    if op in ("decode", "preview"):
        decode = model.preview_on_device if op == "preview" else model.decode_on_device
        return model.media.quantise(decode(rows)).cpu()
    return model.encode(rows) if op == "encode" else model.reencode(rows)


def count_rows(batch: Batch) -> int:
    """Rows of all requests together."""
    return sum(len(rows) for _, rows in batch)

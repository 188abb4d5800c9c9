"""Who asks the worker: a person, the page or request that they ask from, and its place there."""

from __future__ import annotations

from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.device.jobs import Priority


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

    def ask(self, lane: str, priority: Priority) -> Slot:
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


APP = User(Person("app"))
"""Asks for what nobody else asked for; its work is never refused, for it would not ask again."""

ASKING: ContextVar[User] = ContextVar("asking", default=APP)
"""Who asks for what comes without a slot."""

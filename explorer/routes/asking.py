"""Work that a request asks for: in whose name, as long as its client waits for it, and on which threads."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request

from explorer.device import ASKING, MOST_OF_PERSON, BusyError, Person, User
from explorer.routes.bodies import Bodies
from explorer.routes.person import person

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 32  # of dear work, which waits for the device most of the time
MOST_FOR_THREADS = 128  # for a thread

_open: Counter[Person] = Counter()  # requests that are being answered
_bodies = Bodies()
_limiter: RunVar[CapacityLimiter] = RunVar("threads of dear work")


@asynccontextmanager
async def asked_by(request: Request, limit: int = 0) -> AsyncIterator[bytes]:
    """What is asked for within is asked by the person of a request; gives its body, of at most `limit` bytes.

    When the client goes, whatever waits for it is dropped. Raises ClientDisconnect then, BusyError where the
    person has too many requests open, and what `Bodies.read` raises: only who is counted is read.
    """
    user, scope = User(person(request)), CancelScope()
    with counted(user.person):
        async with _bodies.read(request, limit) as content:
            token = ASKING.set(user)
            watch = asyncio.create_task(_leave_with_client(request, user, scope))
            try:
                with scope:
                    yield content
            except CancelledError as error:  # on a thread, which waited for the device
                if not user.has_left:
                    raise
                raise ClientDisconnect from error
            finally:
                watch.cancel()
                user.leave()
                ASKING.reset(token)
    if scope.cancelled_caught:
        raise ClientDisconnect


@contextmanager
def counted(person: Person) -> Iterator[None]:
    """As the queue counts, but at the door: finding out there takes the latents first. Raises BusyError."""
    if _open[person] >= MOST_OF_PERSON:
        waiting = f"{MOST_OF_PERSON} requests of yours wait"
        raise BusyError(f"The server is busy: {waiting}. Try again in a moment.")
    _open[person] += 1
    try:
        yield
    finally:
        _open[person] -= 1
        if not _open[person]:
            del _open[person]


def owner() -> str:
    """Who asks, by an id that tells people apart."""
    return ASKING.get().person.id


async def dear(function: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
    """Run work that may take seconds on threads that nothing cheap waits for.

    Raises BusyError where too much waits for a thread, and what the function raises.
    """
    threads = _threads()
    waiting = threads.statistics().tasks_waiting
    if waiting >= MOST_FOR_THREADS:
        raise BusyError(f"The server is busy: {waiting} requests wait. Try again in a moment.")
    return await run_sync(partial(function, *arguments, **more), limiter=threads)


def _threads() -> CapacityLimiter:
    """The event loop's own, as anyio's default ones are."""
    if (threads := _limiter.get(None)) is None:
        _limiter.set(threads := CapacityLimiter(THREADS))
    return threads


async def _leave_with_client(request: Request, user: User, scope: CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()  # what waits on the event loop
    user.leave()  # what waits on a thread

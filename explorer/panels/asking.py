"""Work that a request asks for: in whose name, and only as long as its client waits for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager

from anyio import CancelScope
from starlette.requests import ClientDisconnect, Request

from explorer.panels.person import person
from explorer.request_queue import MOST_OF_PERSON
from explorer.requests import ASKING, BusyError, Person, User

_open: Counter[Person] = Counter()  # requests that are being answered


@asynccontextmanager
async def asked_by(request: Request) -> AsyncIterator[None]:
    """What is asked for within is asked by the person of a request, whose body must have been read.

    When the client goes, whatever waits for it is dropped. Raises ClientDisconnect then, and BusyError where
    the person has too many requests open.
    """
    user, scope = User(person(request)), CancelScope()
    with _counted(user.person):
        token = ASKING.set(user)
        watch = asyncio.create_task(_leave_with_client(request, user, scope))
        try:
            with scope:
                yield
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
def _counted(person: Person) -> Iterator[None]:
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


async def _leave_with_client(request: Request, user: User, scope: CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()  # what waits on the event loop
    user.leave()  # what waits on a thread

"""Bodies of requests: read up to the limit of each, and of all that are held at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from explorer.device import BusyError
from models.errors import InputError

MOST_HELD = 2**30  # bytes of all; one person's uploads together are less, so that others can bring theirs


class Bodies:
    """Refuses what is too much instead of waiting for room: who waited would hold what they have read."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self.free = most  # bytes; counted on the event loop only

    @asynccontextmanager
    async def read(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """The body of a request, which counts as held within.

        Raises InputError as soon as more than `limit` bytes have come, and BusyError where all hold too much.
        """
        size, chunks = 0, []
        try:
            async for chunk in request.stream():
                size += len(chunk)
                self.free -= len(chunk)
                if size > limit:
                    raise InputError(f"This is too large: expected at most {limit / 2**20:g} MB.")
                if self.free < 0:
                    raise BusyError("The server is busy: it reads too many files. Try again in a moment.")
                chunks.append(chunk)
            content = b"".join(chunks)
            del chunks  # all would be held twice
            yield content
        finally:
            self.free += size

"""Bodies of requests, within what all of them together may hold."""

import asyncio

import pytest
from starlette.requests import Request

from explorer.device import MOST_OF_PERSON, BusyError
from explorer.routes.bodies import MOST_HELD, Bodies
from explorer.routes.own import MAX_UPLOAD
from models.errors import InputError


def request(*chunks):
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    left = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive():
        return next(left)

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_a_body_counts_as_long_as_it_is_held():
    async def hold():
        bodies = Bodies(10)
        async with bodies.read(request(b"abc", b"de"), 5) as content:
            assert (content, bodies.free) == (b"abcde", 5)
        assert bodies.free == 10

    asyncio.run(hold())


def test_what_all_hold_together_is_bounded_and_refused_as_busy():
    async def hold():
        bodies = Bodies(10)
        async with bodies.read(request(b"12345678"), 8):
            with pytest.raises(BusyError, match="busy"):
                async with bodies.read(request(b"ab", b"c"), 8):
                    pass
            assert bodies.free == 2, "what was refused is let go"
            async with bodies.read(request(b"ab"), 8) as content:
                assert content == b"ab"

    asyncio.run(hold())


def test_one_that_is_too_large_is_read_no_further():
    async def read():
        bodies, one = Bodies(10), request(b"abc", b"de", b"never asked for")
        with pytest.raises(InputError, match="too large"):
            async with bodies.read(one, 4):
                pass
        assert (bodies.free, (await one.receive())["body"]) == (10, b"never asked for")

    asyncio.run(read())


def test_one_persons_uploads_leave_room_for_anothers():
    assert (MOST_OF_PERSON + 1) * MAX_UPLOAD < MOST_HELD

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any

import torch

from explorer.device.jobs import Job, Priority, Request
from explorer.device.users import APP, ASKING, Slot, User

CANVAS = Priority.CANVAS


def asked() -> User:
    """Who asks for a request that comes without a slot."""
    return Request(Job("none", "call", torch.zeros(1)), int).user


def test_leaving_cancels_what_is_awaited_and_what_comes_after() -> None:
    gone, waiting, late, answered = User(), Future[int](), Future[int](), Future[int]()
    for future in (waiting, answered):
        gone.wait_for(future)
    answered.set_result(7)
    gone.leave()
    gone.wait_for(late)
    assert gone.has_left
    assert (waiting.cancelled(), late.cancelled(), answered.result(0)) == (True, True, 7)


def test_what_is_done_is_not_remembered() -> None:
    user, futures = User(), [Future[int]() for _ in range(3)]
    for future in futures:
        user.wait_for(future)
    futures[0].set_result(1)
    futures[1].cancel()
    futures[2].set_exception(KeyError())
    assert not user._awaited


def test_what_an_answer_brings_about_may_be_awaited_while_others_are_cancelled() -> None:
    """A callback runs on the thread that leaves."""
    gone, first, next_ = User(), Future[int](), Future[int]()
    gone.wait_for(first)
    first.add_done_callback(lambda _: gone.wait_for(next_))
    gone.leave()
    assert next_.cancelled()


def test_requests_are_numbered_by_lane_and_the_newest_is_not_stale() -> None:
    user = User()
    assert not user.is_live
    first, film, second = (
        user.ask("canvas", CANVAS),
        user.ask("film", Priority.BESIDE),
        user.ask("canvas", CANVAS),
    )
    assert user.is_live
    assert [slot.number for slot in (first, film, second)] == [1, 1, 2]
    assert [slot.is_stale for slot in (first, film, second)] == [True, False, False]


def test_a_slot_replaces_older_ones_of_its_lane_alone() -> None:
    user, other = User(), User()
    first, second = user.ask("canvas", CANVAS), user.ask("canvas", CANVAS)
    beside: list[Slot | None] = [None, second, user.ask("film", CANVAS), other.ask("canvas", CANVAS)]
    assert second.replaces(first)
    assert not first.replaces(second)
    assert not any(second.replaces(slot) for slot in beside)


def test_who_asks_is_known_where_nobody_says_it() -> None:
    user = User()
    assert asked() is APP
    token = ASKING.set(user)
    assert asked() is user
    ASKING.reset(token)
    assert asked() is APP


def test_who_asks_is_known_in_tasks_and_on_the_threads_that_they_wait_for() -> None:
    async def ask(user: User) -> tuple[Any, ...]:
        ASKING.set(user)
        return asked(), await asyncio.create_task(_later()), await asyncio.to_thread(asked)

    async def all_at_once() -> None:
        users = [User(), User()]
        for user, found in zip(users, await asyncio.gather(*map(ask, users)), strict=True):
            assert found == (user,) * 3

    asyncio.run(all_at_once())
    assert asked() is APP


async def _later() -> User:
    await asyncio.sleep(0)
    return asked()


def test_who_has_a_slot_asks_in_its_name() -> None:
    user = User()
    request = Request(Job("toy", "decode", torch.zeros(1)), int, slot=user.ask("canvas", CANVAS))
    assert request.user is user

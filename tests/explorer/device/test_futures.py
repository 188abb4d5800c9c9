from __future__ import annotations

from concurrent.futures import CancelledError, Future

import pytest

from explorer.device.futures import both, done, flatten, then


def test_then_waits_for_the_first() -> None:
    first: Future[int] = Future()
    second = then(first, lambda value: value + 1)
    assert not second.done()
    first.set_result(1)
    assert second.result(0) == 2


def test_then_passes_exceptions_on_from_either() -> None:
    first: Future[int] = Future()
    first.set_exception(KeyError("first"))
    with pytest.raises(KeyError):
        then(first, lambda value: value).result(0)
    with pytest.raises(ZeroDivisionError):
        then(done(0), lambda value: 1 / value).result(0)


def test_what_follows_a_cancelled_future_is_cancelled() -> None:
    first: Future[Future[int]] = Future()
    followers = [then(first, lambda value: value), flatten(first), both(first, done(1))]
    first.cancel()
    for follower in followers:
        with pytest.raises(CancelledError):
            follower.result(0)


def test_a_cancelled_follower_takes_no_result() -> None:
    first: Future[int] = Future()
    second = then(first, lambda value: value)
    assert second.cancel()
    first.set_result(1)
    assert second.cancelled()


def test_flatten_gives_the_inner_result_or_its_exception() -> None:
    inner: Future[int] = Future()
    flat = flatten(done(inner))
    inner.set_result(3)
    assert flat.result(0) == 3
    broken: Future[int] = Future()
    broken.set_exception(KeyError("inner"))
    with pytest.raises(KeyError):
        flatten(done(broken)).result(0)


def test_both_gives_both() -> None:
    assert both(done(1), done("two")).result(0) == (1, "two")

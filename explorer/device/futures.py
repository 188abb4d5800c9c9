"""Chaining of futures, so that a frame that waits for an encode blocks no thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


def done(value: T) -> Future[T]:
    """A future that already has its result."""
    future: Future[T] = Future()
    future.set_result(value)
    return future


def then(first: Future[T], function: Callable[[T], U]) -> Future[U]:
    """The future of `function(result of first)`; cancelled when `first` is, and passing its exception on.

    The function runs in the context of this call, so that who asks is known on whichever thread that is.
    """
    second: Future[U] = Future()
    context = copy_context()
    first.add_done_callback(lambda _: context.run(_resolve, second, lambda: function(first.result())))
    return second


def flatten(nested: Future[Future[T]]) -> Future[T]:
    """The future of the inner future's result."""
    if _is_answered(nested):
        return nested.result()
    flat: Future[T] = Future()

    def resolve(outer: Future[Future[T]]) -> None:
        try:
            inner = outer.result()
        except BaseException:
            _resolve(flat, lambda: outer.result().result())
        else:
            inner.add_done_callback(lambda _: _resolve(flat, inner.result))

    nested.add_done_callback(resolve)
    return flat


def both(first: Future[T], second: Future[U]) -> Future[tuple[T, U]]:
    """The future of two results."""
    if _is_answered(first) and _is_answered(second):
        return done((first.result(), second.result()))  # of every frame whose A and B are encoded
    return flatten(then(first, lambda one: then(second, lambda two: (one, two))))


def _is_answered(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _resolve(future: Future[Any], compute: Callable[[], Any]) -> None:
    try:
        value = compute()
    except CancelledError:
        future.cancel()
        future.set_running_or_notify_cancel()
    except BaseException as error:
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
    else:
        if future.set_running_or_notify_cancel():
            future.set_result(value)

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.device.jobs import Job, Op, Priority, Request, WorkerClosedError, count_rows, perform
from models.base import LatentModel
from models.toys.vector import ToyModel
from tests.explorer.toys import latents, picture


def request(rows: Tensor, op: Op = "decode", model: LatentModel | None = None) -> Request:
    return Request(Job("toy", op, rows), model or ToyModel())


def test_a_job_is_done_as_the_model_does_it() -> None:
    toy, rows = ToyModel(), latents(1, 2)
    np.testing.assert_array_equal(perform(request(rows), rows).numpy(), picture(1, 2))
    pictures = toy.decode(rows)
    torch.testing.assert_close(perform(request(pictures, "encode"), pictures), toy.encode(pictures))
    torch.testing.assert_close(perform(request(rows, "reencode"), rows), toy.reencode(rows))


def test_a_call_calls_and_gives_its_row_back() -> None:
    called, row = [], torch.zeros(1)
    made = Request(Job("none", "call", row), lambda: called.append(1))
    assert perform(made, row) is row
    assert called == [1]


def test_rows_are_taken_in_order_and_answered_together() -> None:
    made = request(latents(0, 1, 2, 3, 4))
    parts = [made.take(count) for count in (2, 2, 2)]
    assert [part[:, 0].tolist() for part in parts] == [[0, 1], [2, 3], [4]]
    assert count_rows([(made, part) for part in parts]) == 5
    for part in parts:
        assert not made.future.done()
        made.answer(part)
    torch.testing.assert_close(made.future.result(0), made.job.rows)


def test_requests_of_one_model_work_and_priority_are_of_one_kind() -> None:
    toy, rows = ToyModel(), latents(0)
    assert request(rows, model=toy).kind == request(latents(1), model=toy).kind
    others = [
        request(rows, model=ToyModel()),
        request(rows, "reencode", toy),
        Request(Job("toy", "decode", rows, Priority.BACKGROUND), toy),
    ]
    assert all(other.kind != request(rows, model=toy).kind for other in others)


def test_a_future_resolves_once_even_when_closed_meanwhile() -> None:
    made = request(latents(0, 1))
    made.take(1)
    made.fail(WorkerClosedError("closed"))
    made.fail(RuntimeError("later"))
    failed: Future[Tensor] = made.future
    with pytest.raises(WorkerClosedError):
        failed.result(0)


def test_an_answer_that_nobody_waits_for_any_more_is_not_finished() -> None:
    finished: list[Tensor] = []
    made = Request(Job("toy", "decode", latents(0)), ToyModel(), finished.append)
    made.future.cancel()
    made.answer(made.take(1))
    made.fail(RuntimeError("late"))
    assert not finished


def test_an_answer_that_cannot_be_finished_fails_its_own_caller_alone() -> None:
    made = request(latents(0))
    made.finish = lambda answers: {}["absent"]
    made.answer(made.take(1))
    with pytest.raises(KeyError, match="absent"):
        made.future.result(0)


def test_a_caller_may_go_while_their_answer_is_finished() -> None:
    made = request(latents(0))
    made.finish = lambda answers: made.future.cancel()
    made.answer(made.take(1))
    assert made.future.cancelled()


def test_a_batch_holds_as_many_numbers_as_its_priority_allows_but_one_value() -> None:
    assert [p.frames(3 * 128**2) for p in Priority] == [32, 32, 8, 4]
    assert Priority.BACKGROUND.frames(3 * 512**2) == 1
    assert [p.is_live for p in Priority] == [True, True, False, False]

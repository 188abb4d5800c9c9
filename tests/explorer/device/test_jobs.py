from __future__ import annotations

from collections import Counter
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.device.futures import then
from explorer.device.job_queue import MOST_OF_PERSON, MOST_WAITING, RequestQueue
from explorer.device.jobs import (
    ASKING,
    Batch,
    BusyError,
    Person,
    Priority,
    Request,
    Slot,
    User,
    WorkerClosedError,
)

LANES = {"canvas": Priority.CANVAS, "film": Priority.BESIDE, "before": Priority.BESIDE}
MODELS = (torch.abs, torch.neg)  # what is asked of one shares no batch with the other
USERS, ROOM, SLOW_MS = 4, 2, 300


def request(
    slot: Slot | None = None,
    priority: Priority = Priority.BULK,
    rows: int = 1,
    model: int = 0,
    **whose: Any,
) -> Request:
    return Request(
        slot.priority if slot else priority,
        MODELS[model],
        torch.zeros(rows, 1),
        len,
        frames_per_batch=ROOM,
        slot=slot,
        **whose,
    )


def serve(queue: RequestQueue, seconds: float = 1.0) -> Batch:
    """What the server does with one batch, but for the device."""
    assert len(queue), "there is nothing to wait for"
    batch = queue.next_batch()
    for asked, rows in batch:
        asked.answer(rows)
    queue.charge(batch, seconds)
    return batch


@dataclass
class World:
    """Users who ask, hear late from the store, cancel or leave; and what was answered, in order."""

    queue: RequestQueue = field(default_factory=RequestQueue)
    users: list[User] = field(default_factory=lambda: [User() for _ in range(USERS)])
    late: list[tuple[int, Request]] = field(default_factory=list)  # (ms from which it waits, request)
    asked: list[Request] = field(default_factory=list)
    cancelled: set[Request] = field(default_factory=set)
    answered: list[Request] = field(default_factory=list)

    def ask(self, now: int, user: int, lane: str | None, rows: int, delay: int) -> None:
        slot = self.users[user].ask(lane, LANES[lane]) if lane else None
        made = request(slot, rows=rows, model=user % 2)
        made.future.add_done_callback(lambda future: self._note(made, future))
        self.asked.append(made)
        self.late.append((now + delay, made))

    def _note(self, made: Request, future: Future[int]) -> None:
        try:
            future.result()
        except CancelledError:
            return
        self.answered.append(made)

    def arrive(self, now: int) -> None:
        here = sorted((entry for entry in self.late if entry[0] <= now), key=lambda entry: entry[0])
        self.late = [entry for entry in self.late if entry[0] > now]
        for _, made in here:
            self.queue.put(made)

    def cancel(self, index: int) -> None:
        if self.asked and self.asked[index % len(self.asked)].future.cancel():
            self.cancelled.add(self.asked[index % len(self.asked)])

    def leave(self, user: int) -> None:
        self.users[user].leave()
        self.users[user] = User()  # the browser comes back by another connection

    def has_work(self) -> bool:
        return any(not made.future.cancelled() for made in self.queue._waiting)


happenings = st.tuples(st.integers(0, 100), st.one_of(
    st.tuples(
        st.just("ask"), st.integers(0, USERS - 1), st.sampled_from([*LANES, None]), st.integers(1, 3),
        st.integers(0, SLOW_MS),
    ),
    st.tuples(st.just("serve")), st.tuples(st.just("serve")), st.tuples(st.just("serve")),
    st.tuples(st.just("cancel"), st.integers(0, 99)),
    st.tuples(st.just("leave"), st.integers(0, USERS - 1)),
))  # fmt: skip


@given(st.lists(happenings, max_size=80))
def test_whatever_happens_answers_get_newer_and_the_last_position_is_answered(
    schedule: list[tuple[int, tuple[str, int]]],
) -> None:
    world, now = World(), 0
    for wait, (what, *details) in schedule:
        now += wait
        world.arrive(now)
        if what != "serve":
            getattr(world, what)(*((now, *details) if what == "ask" else details))
        elif world.has_work():
            serve(world.queue)
    world.arrive(now + SLOW_MS)
    while world.has_work():
        serve(world.queue)

    lanes: dict[tuple[User, str], list[int]] = {}
    for made in world.answered:
        if made.slot:
            lanes.setdefault((made.slot.user, made.slot.lane), []).append(made.slot.number)
    assert all(numbers == sorted(set(numbers)) for numbers in lanes.values())
    for made in set(world.asked) - world.cancelled:
        slot = made.slot
        if slot is None or not (slot.is_stale or slot.user.has_left):
            assert made in world.answered, "neither bulk work nor the last position is lost"
        assert made.future.done(), "whoever waits hears of it"


wishes_of_many = st.lists(
    st.tuples(
        st.integers(0, USERS - 1), st.sampled_from([*LANES, None]), st.integers(1, ROOM), st.integers(0, 1)
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=40)
@given(wishes_of_many)
def test_nobody_waits_for_more_than_a_bounded_number_of_batches(
    wishes: list[tuple[int, str | None, int, int]],
) -> None:
    """All ask again as soon as they are answered, each in a lane of its own, so that all always wait."""
    queue, users = RequestQueue(), [User() for _ in range(USERS)]
    waiting: dict[Request, int] = {}  # → wish
    passed: Counter[int] = Counter()  # batches since a wish was asked for

    def ask(index: int) -> None:
        user, lane, rows, model = wishes[index]
        slot = users[user].ask(f"{lane} {index}", LANES[lane]) if lane else None
        made = request(slot, rows=rows, model=model)
        waiting[made] = index
        queue.put(made)

    for index in range(len(wishes)):
        ask(index)
    shares = sum({made.priority: made.priority.share for made in waiting}.values())
    for _ in range(150):
        served = [waiting.pop(made) for made, _ in serve(queue) if made.future.done()]
        passed.update(waiting.values())
        for made, index in waiting.items():  # a row a turn, after all who may be before it
            assert passed[index] <= shares / made.priority.share * (len(wishes) + 1) * len(made.rows)
        for index in served:
            passed[index] = 0
            ask(index)


def test_the_devices_time_is_shared_and_not_its_batches() -> None:
    """One drags on a slow model, the other on a fast one."""
    queue, users, seconds = RequestQueue(), [User(), User()], (0.5, 0.004)
    for index, user in enumerate(users):
        queue.put(request(user.ask("canvas"), model=index))
    used = [0.0, 0.0]
    for _ in range(2000):
        (made, _), *_ = queue.next_batch()
        index = MODELS.index(made.function)
        queue.charge([(made, made.rows)], seconds[index])
        used[index] += seconds[index]
        queue.put(request(users[index].ask("canvas"), model=index))
    assert abs(used[0] - used[1]) <= 2 * max(seconds)


def test_idleness_saves_nothing_up() -> None:
    queue, busy, idle = RequestQueue(), User(), User()
    for _ in range(100):
        queue.put(request(busy.ask("canvas")))
        serve(queue)
    turns = []
    for lane in range(6):
        queue.put(request(busy.ask(f"lane {lane}"), model=0))
        queue.put(request(idle.ask(f"lane {lane}"), model=1))
    while len(queue):
        turns += [made.slot.user for made, _ in serve(queue) if made.slot]
    assert turns.index(busy) <= ROOM, "who was idle does not go first until it has used as much"


def test_drags_go_first_but_bulk_work_gets_its_share() -> None:
    queue, drag, film = RequestQueue(), User(), User()
    turns: Counter[Priority] = Counter()
    for _ in range(5):
        queue.put(request(rows=100))
    queue.put(request(film.ask("film", Priority.BESIDE)))
    queue.put(request(drag.ask("canvas")))
    for turn in range(130):
        made, _ = serve(queue)[0]
        assert turn or made.priority is Priority.CANVAS
        turns[made.priority] += 1
        if made.slot:
            queue.put(request(made.slot.user.ask(made.slot.lane, made.priority)))
    assert all(abs(turns[p] - 10 * p.share) <= 2 for p in (Priority.CANVAS, Priority.BESIDE, Priority.BULK))


def test_bulk_requests_take_turns_slice_by_slice() -> None:
    queue = RequestQueue()
    long, short = request(rows=20), request(rows=2, model=1)
    queue.put(long)
    queue.put(short)
    assert [serve(queue)[0][0] for _ in range(3)] == [long, short, long]


def test_background_work_lets_a_drag_go_first() -> None:
    queue = RequestQueue()
    background, live = request(priority=Priority.BACKGROUND), request(User().ask("canvas"))
    queue.put(background)
    queue.put(live)
    assert [serve(queue)[0][0] for _ in range(2)] == [live, background]


def test_a_drag_that_outruns_the_worker_keeps_its_place() -> None:
    queue, fast, slow = RequestQueue(), User(), User()
    requests = []
    for model, user in enumerate((fast, slow, fast)):
        requests.append(request(user.ask("canvas"), model=model % 2))
        queue.put(requests[-1])
    assert serve(queue)[0][0] is requests[2]
    assert requests[0].future.cancelled()


def test_a_request_that_comes_late_drops_no_newer_one() -> None:
    """Its latent had to be encoded first."""
    queue, user = RequestQueue(), User()
    late, newer = request(user.ask("canvas")), request(user.ask("canvas"))
    queue.put(newer)
    queue.put(late)
    assert late.future.cancelled()
    assert [made for made, _ in serve(queue)] == [newer]


def test_a_newer_request_drops_the_slices_to_come() -> None:
    queue, user = RequestQueue(), User()
    older = request(user.ask("canvas"), rows=2 * ROOM)
    queue.put(older)
    serve(queue)
    newer = request(user.ask("canvas"))
    queue.put(newer)
    assert [made for made, _ in serve(queue)] == [newer]
    with pytest.raises(CancelledError):
        older.future.result(0)
    assert len(queue) == 0


def test_what_waits_for_a_user_who_leaves_is_dropped_and_what_comes_after() -> None:
    queue, gone, other = RequestQueue(), User(), User()
    waiting, late, kept = request(gone.ask("canvas")), request(gone.ask("film")), request(other.ask("canvas"))
    queue.put(waiting)
    queue.put(kept)
    gone.leave()
    queue.put(late)
    assert waiting.future.cancelled()
    assert late.future.cancelled()
    assert [made for made, _ in serve(queue)] == [kept]
    assert len(queue) == 0


def test_a_full_queue_says_so() -> None:
    queue, greedy = RequestQueue(), User()
    for lane in range(MOST_OF_PERSON):
        queue.put(request(greedy.ask(str(lane))))
    with pytest.raises(BusyError, match=r"16 requests of yours wait\. Try again in a moment"):
        queue.put(request(greedy.ask("one more")))
    queue.put(request(greedy.ask("0")))  # in place of the one that waits


def fill(queue: RequestQueue) -> list[User]:
    """As much bulk work as the queue takes, of as few persons as it can be; each request has a user."""
    persons = [Person() for _ in range(MOST_WAITING // MOST_OF_PERSON)]
    users = [User(person) for person in persons for _ in range(MOST_OF_PERSON)]
    for user in users:
        queue.put(request(user=user, rows=2 * ROOM))
    return users


def test_bulk_work_is_limited_a_person_and_altogether() -> None:
    queue = RequestQueue()
    users = fill(queue)
    with pytest.raises(BusyError, match=r"16 requests of yours wait\. Try again in a moment"):
        queue.put(request(user=User(users[0].person)))
    with pytest.raises(BusyError, match="busy: 512 requests wait"):
        queue.put(request(user=User()))
    queue.put(request(priority=Priority.BACKGROUND))
    queue.put(request())  # the app's own, too: it would not ask again


def test_a_drag_is_never_refused_because_of_other_peoples_work() -> None:
    queue, drag = RequestQueue(), User()
    fill(queue)
    live = request(drag.ask("canvas"))
    queue.put(live)
    queue.put(request(user=drag))  # what its frames need, such as the response to a held direction
    assert serve(queue)[0][0] is live
    answered = 0
    for _ in range(100):
        queue.put(request(drag.ask("canvas")))
        answered += serve(queue)[0][0].slot is not None
    assert answered >= 100 * Priority.CANVAS.share / (Priority.CANVAS.share + Priority.BULK.share) - 2


def test_bulk_work_is_shared_fairly_between_persons_and_not_between_their_requests() -> None:
    queue, greedy, modest = RequestQueue(), Person(), Person()
    for person, count in ((greedy, MOST_OF_PERSON), (modest, 1)):
        for _ in range(count):
            queue.put(request(user=User(person), rows=8, model=int(person is modest)))
    turns = [serve(queue)[0][0].user.person for _ in range(8)]
    assert turns.count(modest) == turns.count(greedy) == 4


def test_what_is_cancelled_is_forgotten_at_once() -> None:
    queue, person = RequestQueue(), Person()
    waiting = [request(user=User(person), rows=2 * ROOM) for _ in range(MOST_OF_PERSON)]
    for made in waiting:
        queue.put(made)
    serve(queue)
    begun = next(made for made in waiting if made.taken)
    assert begun.future.cancel(), "also where some rows were taken"
    waiting[-1].future.cancel()
    assert len(queue) == MOST_OF_PERSON - 2
    for _ in range(2):
        queue.put(request(user=User(person)))


def test_what_others_may_share_stays_when_who_asked_leaves() -> None:
    queue, gone = RequestQueue(), User()
    own, shared = request(user=gone), request(user=gone, is_shared=True)
    queue.put(own)
    queue.put(shared)
    gone.leave()
    assert (own.future.cancelled(), shared.future.cancelled()) == (True, False)
    assert [made for made, _ in serve(queue)] == [shared]


def test_who_asks_is_known_where_nobody_says_it_and_in_callbacks() -> None:
    user, encoded = User(), Future[int]()
    token = ASKING.set(user)
    later = then(encoded, lambda _: request().user)
    assert request().user is user
    ASKING.reset(token)
    assert request().user is not user
    encoded.set_result(0)
    assert later.result(0) is user


def test_a_future_resolves_once_even_when_closed_meanwhile() -> None:
    made = request(rows=2)
    made.take(1)
    made.fail(WorkerClosedError("closed"))
    made.fail(RuntimeError("later"))
    failed: Future[int] = made.future
    with pytest.raises(WorkerClosedError):
        failed.result(0)

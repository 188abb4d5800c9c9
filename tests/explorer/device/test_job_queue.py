from __future__ import annotations

from collections import Counter
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.device.job_queue import MOST_OF_PERSON, MOST_WAITING, JobQueue
from explorer.device.jobs import Batch, BusyError, Job, Priority, Request
from explorer.device.users import Person, Slot, User
from models.toys.vector import ToyModel

CANVAS = Priority.CANVAS
LANES = {"canvas": Priority.CANVAS, "film": Priority.BESIDE, "before": Priority.BESIDE}
MODELS = (ToyModel(), ToyModel())  # what is asked of one shares no batch with the other
USERS, ROOM, SLOW_MS = 4, 2, 300


def request(
    slot: Slot | None = None,
    priority: Priority = Priority.BULK,
    rows: int = 1,
    model: int = 0,
    **whose: Any,
) -> Request:
    priority = slot.priority if slot else priority
    job = Job(f"toy {model}", "decode", torch.zeros(rows, 1), priority, ROOM)
    return Request(job, MODELS[model], len, slot, **whose)


def serve(queue: JobQueue, seconds: float = 1.0) -> Batch:
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

    queue: JobQueue = field(default_factory=JobQueue)
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
    queue, users = JobQueue(), [User() for _ in range(USERS)]
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
    shares = sum({made.job.priority: made.job.priority.share for made in waiting}.values())
    for _ in range(150):
        served = [waiting.pop(made) for made, _ in serve(queue) if made.future.done()]
        passed.update(waiting.values())
        for made, index in waiting.items():  # a row a turn, after all who may be before it
            assert passed[index] <= shares / made.job.priority.share * (len(wishes) + 1) * len(made.job.rows)
        for index in served:
            passed[index] = 0
            ask(index)


def test_the_devices_time_is_shared_and_not_its_batches() -> None:
    """One drags on a slow model, the other on a fast one."""
    queue, users, seconds = JobQueue(), [User(), User()], (0.5, 0.004)
    for index, user in enumerate(users):
        queue.put(request(user.ask("canvas", CANVAS), model=index))
    used = [0.0, 0.0]
    for _ in range(2000):
        (made, _), *_ = queue.next_batch()
        index = MODELS.index(made.model)
        queue.charge([(made, made.job.rows)], seconds[index])
        used[index] += seconds[index]
        queue.put(request(users[index].ask("canvas", CANVAS), model=index))
    assert abs(used[0] - used[1]) <= 2 * max(seconds)


def test_idleness_saves_nothing_up() -> None:
    queue, busy, idle = JobQueue(), User(), User()
    for _ in range(100):
        queue.put(request(busy.ask("canvas", CANVAS)))
        serve(queue)
    turns = []
    for lane in range(6):
        queue.put(request(busy.ask(f"lane {lane}", CANVAS), model=0))
        queue.put(request(idle.ask(f"lane {lane}", CANVAS), model=1))
    while len(queue):
        turns += [made.slot.user for made, _ in serve(queue) if made.slot]
    assert turns.index(busy) <= ROOM, "who was idle does not go first until it has used as much"


def test_drags_go_first_but_bulk_work_gets_its_share() -> None:
    queue, drag, film = JobQueue(), User(), User()
    turns: Counter[Priority] = Counter()
    for _ in range(5):
        queue.put(request(rows=100))
    queue.put(request(film.ask("film", Priority.BESIDE)))
    queue.put(request(drag.ask("canvas", CANVAS)))
    for turn in range(130):
        made, _ = serve(queue)[0]
        assert turn or made.job.priority is Priority.CANVAS
        turns[made.job.priority] += 1
        if made.slot:
            queue.put(request(made.slot.user.ask(made.slot.lane, made.job.priority)))
    assert all(abs(turns[p] - 10 * p.share) <= 2 for p in (Priority.CANVAS, Priority.BESIDE, Priority.BULK))


def test_bulk_requests_take_turns_slice_by_slice() -> None:
    queue = JobQueue()
    long, short = request(rows=20), request(rows=2, model=1)
    queue.put(long)
    queue.put(short)
    assert [serve(queue)[0][0] for _ in range(3)] == [long, short, long]


def test_background_work_lets_a_drag_go_first() -> None:
    queue = JobQueue()
    background, live = request(priority=Priority.BACKGROUND), request(User().ask("canvas", CANVAS))
    queue.put(background)
    queue.put(live)
    assert [serve(queue)[0][0] for _ in range(2)] == [live, background]


def test_a_drag_that_outruns_the_worker_keeps_its_place() -> None:
    queue, fast, slow = JobQueue(), User(), User()
    requests = []
    for model, user in enumerate((fast, slow, fast)):
        requests.append(request(user.ask("canvas", CANVAS), model=model % 2))
        queue.put(requests[-1])
    assert serve(queue)[0][0] is requests[2]
    assert requests[0].future.cancelled()


def test_a_request_that_comes_late_drops_no_newer_one() -> None:
    """Its latent had to be encoded first."""
    queue, user = JobQueue(), User()
    late, newer = request(user.ask("canvas", CANVAS)), request(user.ask("canvas", CANVAS))
    queue.put(newer)
    queue.put(late)
    assert late.future.cancelled()
    assert [made for made, _ in serve(queue)] == [newer]


def test_a_newer_request_drops_the_slices_to_come() -> None:
    queue, user = JobQueue(), User()
    older = request(user.ask("canvas", CANVAS), rows=2 * ROOM)
    queue.put(older)
    serve(queue)
    newer = request(user.ask("canvas", CANVAS))
    queue.put(newer)
    assert [made for made, _ in serve(queue)] == [newer]
    with pytest.raises(CancelledError):
        older.future.result(0)
    assert len(queue) == 0


def test_what_waits_for_a_user_who_leaves_is_dropped_and_what_comes_after() -> None:
    queue, gone, other = JobQueue(), User(), User()
    waiting, late, kept = (
        request(gone.ask("canvas", CANVAS)),
        request(gone.ask("film", CANVAS)),
        request(other.ask("canvas", CANVAS)),
    )
    queue.put(waiting)
    queue.put(kept)
    gone.leave()
    queue.put(late)
    assert waiting.future.cancelled()
    assert late.future.cancelled()
    assert [made for made, _ in serve(queue)] == [kept]
    assert len(queue) == 0


def test_a_full_queue_says_so() -> None:
    queue, greedy = JobQueue(), User()
    for lane in range(MOST_OF_PERSON):
        queue.put(request(greedy.ask(str(lane), CANVAS)))
    with pytest.raises(BusyError, match=r"16 requests of yours wait\. Try again in a moment"):
        queue.put(request(greedy.ask("one more", CANVAS)))
    queue.put(request(greedy.ask("0", CANVAS)))  # in place of the one that waits


def fill(queue: JobQueue) -> list[User]:
    """As much bulk work as the queue takes, of as few persons as it can be; each request has a user."""
    persons = [Person() for _ in range(MOST_WAITING // MOST_OF_PERSON)]
    users = [User(person) for person in persons for _ in range(MOST_OF_PERSON)]
    for user in users:
        queue.put(request(user=user, rows=2 * ROOM))
    return users


def test_bulk_work_is_limited_a_person_and_altogether() -> None:
    queue = JobQueue()
    users = fill(queue)
    with pytest.raises(BusyError, match=r"16 requests of yours wait\. Try again in a moment"):
        queue.put(request(user=User(users[0].person)))
    with pytest.raises(BusyError, match="busy: 512 requests wait"):
        queue.put(request(user=User()))
    queue.put(request(priority=Priority.BACKGROUND))
    queue.put(request())  # the app's own, too: it would not ask again


def test_a_drag_is_never_refused_because_of_other_peoples_work() -> None:
    queue, drag = JobQueue(), User()
    fill(queue)
    live = request(drag.ask("canvas", CANVAS))
    queue.put(live)
    queue.put(request(user=drag))  # what its frames need, such as the response to a held direction
    assert serve(queue)[0][0] is live
    answered = 0
    for _ in range(100):
        queue.put(request(drag.ask("canvas", CANVAS)))
        answered += serve(queue)[0][0].slot is not None
    assert answered >= 100 * Priority.CANVAS.share / (Priority.CANVAS.share + Priority.BULK.share) - 2


def test_a_persons_own_bulk_work_and_drags_take_no_room_from_each_other() -> None:
    queue, person = JobQueue(), Person()
    pages = [User(person), User(person)]
    for page in pages:
        for lane in range(MOST_OF_PERSON - 1):
            queue.put(request(page.ask(str(lane), CANVAS)))
    for _ in range(MOST_OF_PERSON):
        queue.put(request(user=User(person), rows=2 * ROOM))
    with pytest.raises(BusyError, match="16 requests of yours wait"):
        queue.put(request(user=User(person)))
    for page in pages:
        queue.put(request(page.ask("one more", CANVAS)))
        with pytest.raises(BusyError, match="16 requests of yours wait"):
            queue.put(request(page.ask("too many", CANVAS)))


def test_bulk_work_is_shared_fairly_between_persons_and_not_between_their_requests() -> None:
    queue, greedy, modest = JobQueue(), Person(), Person()
    for person, count in ((greedy, MOST_OF_PERSON), (modest, 1)):
        for _ in range(count):
            queue.put(request(user=User(person), rows=8, model=int(person is modest)))
    turns = [serve(queue)[0][0].user.person for _ in range(8)]
    assert turns.count(modest) == turns.count(greedy) == 4


def test_what_is_cancelled_is_forgotten_at_once() -> None:
    queue, person = JobQueue(), Person()
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
    queue, gone = JobQueue(), User()
    own, shared = request(user=gone), request(user=gone, is_shared=True)
    queue.put(own)
    queue.put(shared)
    gone.leave()
    assert (own.future.cancelled(), shared.future.cancelled()) == (True, False)
    assert [made for made, _ in serve(queue)] == [shared]

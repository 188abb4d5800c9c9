"""The decode worker's queue: what waits for the device, and what runs next."""

from __future__ import annotations

import threading
import time
from weakref import WeakKeyDictionary

from explorer.device.jobs import Batch, BusyError, Priority, Request, WorkerClosedError, count_rows
from explorer.device.users import APP, Person, Slot

QUIET = 0.5  # seconds without live requests after which background work may start before it is due
PATIENCE = 10.0  # seconds after which background work is due
MOST_WAITING = 512  # requests of all who do not drag
MOST_OF_PERSON = 16  # a page has four lanes


class JobQueue:
    """Thread-safe queue that hands out batches, fair by device time.

    A batch is what waits when the device is free. The longest wait for company is 0 s: 20 and 50 ms gained
    nothing (docs/performance.md).

    Next is the priority that has used least of its share, and in it the person who has used least; who had
    nothing to ask for starts level with who was served last, for idleness saves nothing up (start-time fair
    queueing, Goyal, Vin and Cheng 1996). A person's own requests keep their order. So nothing starves, and a
    slow model slows others by its share only.

    In one lane of a user at most one request waits, the newest asked for. An older one is dropped, waiting
    or still to come; the newest never is, unless its user leaves or floods the queue alone: what others ask
    for takes no room from a drag. So the answers of a lane only get newer, and the last position of a drag
    is always answered.
    """

    def __init__(self) -> None:
        self._waiting: list[Request] = []  # the order decides between those who have used the same
        self._used = dict.fromkeys(Priority, 0.0)  # seconds by share
        self._spent: WeakKeyDictionary[Person, dict[Priority, float]] = WeakKeyDictionary()  # seconds
        self._level = 0.0  # what the priority served last had used by then
        self._levels = dict.fromkeys(Priority, 0.0)  # the same of the persons in each
        self.last_live = float("-inf")
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    def put(self, request: Request) -> None:
        """Add a request. It takes the place of an older one in its slot, and is dropped when it is the older.

        It is forgotten as soon as its future is done, and cancelled when its user leaves, but where others
        share it. Raises BusyError and WorkerClosedError.
        """
        with self._changed:
            if self._closed:
                raise WorkerClosedError("the decode worker is closed")
            dropped = self._add(request)
            self._changed.notify_all()
        # Outside the lock: cancelling runs the callbacks of whoever waits.
        request.future.add_done_callback(lambda _: self._forget(request))
        if not request.is_shared:
            request.user.wait_for(request.future)
        if dropped is not None:
            dropped.future.cancel()

    def next_batch(self) -> Batch:
        """Wait for work and take a batch of it; empty once the queue is closed."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                begin = {request: self._may_begin(request) for request in self._waiting}
                ready = [request for request, moment in begin.items() if moment <= now]
                if ready:
                    return self._collate(ready)
                self._changed.wait(min(begin.values()) - now if begin else None)
            return []

    def charge(self, batch: Batch, seconds: float) -> None:
        """Put the device's time on the accounts of who used it, by their rows."""
        total = count_rows(batch)
        with self._changed:
            priority = batch[0][0].job.priority
            self._used[priority] += seconds / priority.share
            for request, rows in batch:
                self._account(request)[priority] += seconds * len(rows) / total

    def overtake(self, slot: Slot) -> None:
        """Drop what waits in this lane and is older: the newer request needs no turn."""
        with self._changed:
            self.last_live = time.monotonic()
            older = next((request for request in self._waiting if slot.replaces(request.slot)), None)
        if older is not None:
            older.future.cancel()

    def close(self) -> list[Request]:
        """Accept and hand out nothing from now on; returns what was waiting."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        return waiting

    def _add(self, request: Request) -> Request | None:
        """The request that is not wanted any more: an older one, this one, or none."""
        request.asked = time.monotonic()
        if request.job.priority.is_live:
            self.last_live = request.asked
        if slot := request.slot:
            if slot.is_stale:
                return request
            for place, older in enumerate(self._waiting):
                if slot.replaces(older.slot):
                    self._waiting[place] = request
                    return older
        self._refuse_too_many(request)
        self._start_level(request)
        self._waiting.append(request)
        return None

    def _refuse_too_many(self, request: Request) -> None:
        """A page that is dragged counts alone: no bulk work, its own person's neither, is in its way."""
        user = request.user
        if user is APP:
            return
        if user.is_live:
            own, everybody = sum(other.user is user for other in self._waiting), 0
        else:
            others = [other for other in self._waiting if not other.user.is_live]
            own, everybody = sum(other.user.person is user.person for other in others), len(others)
        for count, most, whose in ((own, MOST_OF_PERSON, " of yours"), (everybody, MOST_WAITING, "")):
            if count >= most:
                raise BusyError(f"The server is busy: {count} requests{whose} wait. Try again in a moment.")

    def _start_level(self, request: Request) -> None:
        priority, person = request.job.priority, request.user.person
        others = [other for other in self._waiting if other.job.priority is priority]
        if not others:
            self._used[priority] = max(self._used[priority], self._level)
        if all(other.user.person is not person for other in others):
            account = self._account(request)
            account[priority] = max(account[priority], self._levels[priority])

    def _forget(self, request: Request) -> None:
        with self._changed:
            if request in self._waiting:
                self._waiting.remove(request)

    def _account(self, request: Request) -> dict[Priority, float]:
        return self._spent.setdefault(request.user.person, dict.fromkeys(Priority, 0.0))

    def _may_begin(self, request: Request) -> float:
        """Background work waits until drags pause (or it is due): a started batch cannot be interrupted."""
        if request.job.priority is not Priority.BACKGROUND:
            return 0.0
        return min(request.asked + PATIENCE, self.last_live + QUIET)

    def _collate(self, ready: list[Request]) -> Batch:
        """Rows of the request whose turn it is, and of all that can share its batch."""
        present = {request.job.priority for request in ready}
        priority = min((p for p in Priority if p in present), key=self._used.__getitem__)
        spent = {r: self._account(r)[priority] for r in ready if r.job.priority is priority}
        line = sorted(spent, key=spent.__getitem__)
        batch: Batch = []
        room = line[0].job.frames_per_batch
        left_out: set[Person] = set()
        for request in line:
            person = request.user.person
            if person in left_out or request.kind != line[0].kind or room == 0:
                left_out.add(person)
                continue
            self._waiting.remove(request)
            batch.append((request, request.take(room)))
            room -= len(batch[-1][1])
            if request.taken < len(request.job.rows):
                self._waiting.append(request)  # the next slice queues up again
        self._level = max(self._level, self._used[priority])
        self._levels[priority] = max([self._levels[priority], *(spent[request] for request, _ in batch)])
        return batch

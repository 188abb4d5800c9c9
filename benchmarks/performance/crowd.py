"""Many people dragging at once: this app over its live channel, the naive one over Gradio's own queue.

Each drags alpha 30 times a second between portraits of their own, and asks as the page does over the live
channel: a few requests are in flight, and of the positions that wait only the newest is asked for. The page's
slider has steps, so that a drag back and forth comes to positions whose picture is kept. Of a second kind no
position ever comes twice, and every picture has to be decoded. What the page decodes ahead is left out.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import struct
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import websockets

from benchmarks.serving import Served

HERTZ, SWEEP = 30, 2.0  # moves a second, seconds from one end to the other
STEPS = {"ours, back and forth": 200, "ours, no position twice": None, "naive": 100}  # of the slider
SAMPLE = 5.0  # seconds between two looks at the memory
MOST, MORE = 8, 0.1  # requests at a time, as in assets/js/follower.js
PATIENCE = 60.0  # seconds that the last position is waited for
CHANGE_OF_MIND = 0.2  # seconds after which a refused last position is asked for again


@dataclass
class Person:
    """What one of them saw."""

    latencies: list[float] = field(default_factory=list)  # ms from the position to its picture
    refusals: int = 0  # answers that are neither a picture nor "a newer one was asked for"
    arrived: bool = False  # the picture of the last position


@dataclass(frozen=True)
class Crowd:
    """What all of them saw in one run."""

    kind: str
    users: int
    least_fps: float
    median_fps: float
    p95_ms: float
    arrived: int
    refusals: int
    memory_mb: list[float]  # of the app, every SAMPLE seconds from the start to the end


Drag = Callable[[str, float, random.Random, int | None], Awaitable[Person]]


def measure(app: Served, kind: str, users: int, seconds: float) -> Crowd:
    """Let `users` people drag for that long."""
    people, memory = asyncio.run(_together(app, kind, users, seconds))
    rates = [len(person.latencies) / seconds for person in people]
    latencies = sorted(ms for person in people for ms in person.latencies)
    return Crowd(
        kind=kind,
        users=users,
        least_fps=min(rates),
        median_fps=statistics.median(rates),
        p95_ms=latencies[int(0.95 * (len(latencies) - 1))] if latencies else float("nan"),
        arrived=sum(person.arrived for person in people),
        refusals=sum(person.refusals for person in people),
        memory_mb=memory,
    )


async def _together(app: Served, kind: str, users: int, seconds: float) -> tuple[list[Person], list[float]]:
    memory = [app.resident_mb()]

    async def watch() -> None:
        while True:
            await asyncio.sleep(SAMPLE)
            memory.append(app.resident_mb())

    watching = asyncio.create_task(watch())
    drag = drag_naive if kind == "naive" else drag_ours
    chances = (random.Random(user) for user in range(users))
    people = await asyncio.gather(*(drag(app.url, seconds, chance, STEPS[kind]) for chance in chances))
    watching.cancel()
    return people, [*memory, app.resident_mb()]


class Follower:
    """Has a few requests in flight at most, and keeps of the wishes that wait the newest: as follower.js."""

    def __init__(self, ask: Callable[[int, float], Awaitable[None]], in_flight: int) -> None:
        self._ask, self._in_flight, self._most, self._room = ask, 0, in_flight, float(in_flight)
        self._wanted: tuple[int, float] | None = None
        self.wished: dict[int, tuple[float, float]] = {}  # number → position, time
        self.last = float("inf")  # number of the wish with which the drag ends

    async def wish(self, alpha: float) -> None:
        """Ask for this position as soon as can be."""
        number = len(self.wished) + 1
        self.wished[number] = (alpha, time.perf_counter())
        self._wanted = (number, alpha)
        await self.send()

    async def answered(self, dropped: bool = False) -> None:
        """Make room for the next request, or less where the server has more to do than that."""
        self._in_flight -= 1
        self._room = 1.0 if dropped else min(self._most, self._room + MORE)
        await self.send()

    async def send(self) -> None:
        """Ask for the newest wish, if there is room."""
        while self._wanted is not None and self._in_flight + 1 <= self._room:
            self._in_flight += 1
            wanted, self._wanted = self._wanted, None
            await self._ask(*wanted)


async def play(
    follower: Follower, person: Person, seconds: float, start: float, steps: int | None, last: asyncio.Event
) -> None:
    """Move for so long, from a place of one's own, and wait for the picture of the place where it ended."""
    began, moves = time.perf_counter(), 0
    while (now := time.perf_counter() - began) < seconds:
        phase = (start + now / SWEEP) % 2
        alpha = phase if phase < 1 else 2 - phase
        await follower.wish(round(steps * alpha) / steps if steps else alpha)
        moves += 1
        await asyncio.sleep(max(0.0, began + moves / HERTZ - time.perf_counter()))
    seen, follower.last = len(person.latencies), len(follower.wished) + 1
    await follower.wish(start / 2)
    try:
        await asyncio.wait_for(last.wait(), PATIENCE)
        person.arrived = True
    except TimeoutError:
        pass
    del person.latencies[seen:]  # what came after the drag is no frame of it


async def drag_ours(url: str, seconds: float, chance: random.Random, steps: int | None) -> Person:
    """One page of this app on its WebSocket."""
    person, last, painted = Person(), asyncio.Event(), 0
    a, b = (str(row) for row in chance.sample(range(2000), 2))
    address = url.replace("http", "ws") + "explorer/live"
    async with websockets.connect(address, max_size=None, open_timeout=60) as socket:

        async def ask(number: int, alpha: float) -> None:
            morph = {"model": "face-vae", "a": a, "b": b, "alpha": alpha}
            await socket.send(
                json.dumps({"sequence": number, "lane": "canvas", "morph": morph, "preview": True})
            )

        follower = Follower(ask, MOST)

        async def listen() -> None:
            nonlocal painted
            async for answer in socket:
                if isinstance(answer, bytes):
                    number = struct.unpack_from("<I", answer)[0]
                    if number > painted:
                        painted = number
                        person.latencies.append(1e3 * (time.perf_counter() - follower.wished[number][1]))
                    if number >= follower.last:
                        last.set()
                    await follower.answered()
                else:
                    await refused(json.loads(answer))

        async def refused(answer: dict) -> None:
            dropped = answer["kind"] == "dropped"
            await follower.answered(dropped)
            if dropped:
                return
            person.refusals += 1
            if answer["sequence"] == len(follower.wished):  # nothing newer follows: ask once more
                await asyncio.sleep(CHANGE_OF_MIND)
                await follower.wish(follower.wished[answer["sequence"]][0])

        ears = asyncio.create_task(listen())
        await play(follower, person, seconds, chance.random() * 2, steps, last)
        ears.cancel()
    return person


async def drag_naive(url: str, seconds: float, chance: random.Random, steps: int | None) -> Person:
    """One page of the naive app: `always_last`, so one event at a time, and the picture fetched after it."""
    person, last, tasks = Person(), asyncio.Event(), set()
    session = uuid.UUID(int=chance.getrandbits(128)).hex
    api = f"{url}gradio_api"
    async with httpx.AsyncClient(timeout=PATIENCE * 2) as client:
        event = {"event_data": None, "fn_index": 0, "trigger_id": None, "session_hash": session}

        async def ask(number: int, alpha: float) -> None:
            task = asyncio.create_task(fetch(number, alpha))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        follower = Follower(ask, 1)

        async def fetch(number: int, alpha: float) -> None:
            await client.post(f"{api}/queue/join", json=event | {"data": [alpha]})
            async with client.stream("GET", f"{api}/queue/data", params={"session_hash": session}) as stream:
                async for line in stream.aiter_lines():
                    message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                    if message.get("msg") == "process_completed":
                        break
            await client.get(message["output"]["data"][0]["url"])
            wished_at = follower.wished[number][1]
            person.latencies.append(1e3 * (time.perf_counter() - wished_at))
            if number >= follower.last:
                last.set()
            await follower.answered()

        await play(follower, person, seconds, chance.random() * 2, steps, last)
        for task in tasks:
            task.cancel()
    return person

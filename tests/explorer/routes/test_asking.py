"""Floods of work beside a drag and beside cheap routes, and clients that go before they are answered."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.device.job_queue import MOST_OF_PERSON
from explorer.panels import application, asking, routes
from explorer.routes import static
from explorer.routes.api import AT_ONCE
from explorer.routes.asking import MOST_WAITING, THREADS
from explorer.routes.traversal import add_coordinate
from explorer.workspace import FINDING
from tests.explorer.conftest import lossless
from tests.explorer.waiting import wait_for

MORPH = {"model": "toy", "a": 1, "b": 2}
FRAME = {"sequence": 7, "lane": "canvas", "morph": MORPH | {"alpha": 0.515625}}


@pytest.fixture
def gate(workspace):
    """The device is busy until the gate opens; at the end nothing may wait there."""
    gate, reached = threading.Event(), threading.Event()

    def hold():
        reached.set()
        gate.wait(60)

    holding = threading.Thread(target=workspace._worker.call, args=(hold,))
    holding.start()
    assert reached.wait(20)
    yield gate
    gate.set()
    holding.join()
    wait_for(lambda: waiting(workspace) == 0)


@pytest.fixture
def client(workspace):
    """All requests on one event loop, as a server has it."""
    with TestClient(Starlette(routes=routes(workspace))) as client:
        yield client


def waiting(workspace):
    return sum(map(len, workspace._worker._queues))


def slice_of(number):
    """A wish for frames that nobody has asked for before."""
    return {"morph": MORPH, "alphas": [(number + 0.1) / 1000, (number + 0.2) / 1000]}


WISHES = {
    "sprite": slice_of(500),
    "traverse": {"morph": MORPH | {"alpha": 0.3}},
    "arithmetic": {"model": "toy", "terms": [{"point": 5, "weight": 0.77}]},
    "keep": MORPH | {"alpha": 0.9},
    "upload": None,
}


def test_a_drag_goes_on_beside_a_flood_of_slices(client, workspace, gate):
    with ThreadPoolExecutor(40) as crowd, client.websocket_connect("/explorer/live") as channel:
        flood = [crowd.submit(client.post, "/explorer/sprite", json=slice_of(n)) for n in range(40)]
        wait_for(lambda: sum(one.done() for one in flood) == 40 - MOST_OF_PERSON)
        assert client.post("/explorer/sprite", content="{").status_code == 503, "before it is even read"
        assert client.get("/explorer/status").status_code == 200
        channel.send_json(FRAME)
        wait_for(lambda: waiting(workspace) == MOST_OF_PERSON + 1)
        gate.set()
        assert channel.receive_bytes()[:4] == (7).to_bytes(4, "little")
        answers = [one.result(20) for one in flood]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} == {503}
    told = "The server is busy: 16 requests of yours wait. Try again in a moment."
    assert {answer.json()["error"] for answer in refused} == {told}
    assert len(refused) == 40 - MOST_OF_PERSON


CHEAP = (
    "/explorer/status",
    "/explorer/thumbnail/3.webp",
    "/explorer/point?model=toy&point=3",
    "/explorer/map?model=toy",
    f"/explorer/static/{static.version()}/js/state.js",
)


@pytest.fixture
def busy(workspace):
    """Whoever looks for a direction waits, until this is closed."""
    for _ in range(FINDING):
        workspace._finding.acquire()
    with ExitStack() as stack:
        stack.callback(workspace._finding.release, FINDING)
        yield stack


def test_cheap_routes_are_answered_while_all_dear_work_waits(client, busy):
    """By enough people that they fill the threads for dear work, and all who may wait for one."""
    wish = {"model": "toy", "method": "pca", "component": 0}
    most = THREADS + MOST_WAITING
    with ThreadPoolExecutor(most + 1) as crowd, busy:
        flood = []
        for person in range(most // MOST_OF_PERSON):
            one = TestClient(client.app, client=(f"10.0.1.{person}", 4000))
            one.portal = client.portal
            flood += [
                crowd.submit(one.post, "/explorer/find-direction", json=wish) for _ in range(MOST_OF_PERSON)
            ]
        wait_for(lambda: asking._open.total() == most)
        for address in CHEAP:
            assert crowd.submit(client.get, address).result(20).status_code == 200
        refused = crowd.submit(client.post, "/explorer/find-direction", json=wish).result(20)
        assert (refused.status_code, refused.json()["error"]) == (
            503,
            f"The server is busy: {MOST_WAITING} requests wait. Try again in a moment.",
        )
        assert not any(one.done() for one in flood)
        busy.close()
        assert {one.result(60).status_code for one in flood} == {200}


def test_named_endpoints_have_threads_of_their_own(workspace, busy):
    async def build():  # Gradio would make an event loop of its own, and not close it
        return application(workspace)

    app = asyncio.run(build())
    page = app.routes[-1].app.get_blocks()
    wish = {"data": ["pca", None, None, None, None, 0, "", "toy"]}
    with TestClient(app) as caller, busy:
        for _ in range(AT_ONCE + 1):
            assert caller.post("/gradio_api/call/find_direction", json=wish).status_code == 200
        wait_for(lambda: page.limiter.borrowed_tokens == AT_ONCE)
        assert caller.portal.call(current_default_thread_limiter).borrowed_tokens == 0
        busy.close()
        wait_for(lambda: page.limiter.borrowed_tokens == 0)


def ask_and_go(app, path, body, has_begun):
    """The status that a client would have got, which goes as soon as its work waits."""
    statuses = []
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        if message := next(messages, None):
            return message
        while not has_begun():
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message):
        statuses.append(message.get("status"))

    scope = {
        "type": "http", "method": "POST", "path": path, "headers": [], "query_string": b"model=toy",
        "client": ("10.0.0.9", 4000),
    }  # fmt: skip
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 60))
    return statuses[0]


@pytest.mark.parametrize("name", WISHES)
def test_what_a_client_waits_for_is_dropped_when_it_goes(workspace, gate, name, caplog):
    wish = WISHES[name]
    if name == "traverse":
        wish = wish | {"direction": add_coordinate(workspace, "toy", 0)[0]}
    body = json.dumps(wish).encode() if wish else lossless(np.full((16, 16, 3), 99, np.uint8), 16)
    app = Starlette(routes=routes(workspace))
    assert ask_and_go(app, f"/explorer/{name}", body, lambda: waiting(workspace) == 1) == 499
    assert waiting(workspace) == 0
    assert not gate.is_set()
    assert not caplog.records, "nothing went wrong on the server"

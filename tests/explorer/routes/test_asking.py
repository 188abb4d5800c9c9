"""Floods of work beside a drag and beside cheap routes, and clients that go before they are answered."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from anyio.to_thread import current_default_thread_limiter
from starlette.testclient import TestClient

from explorer.device import MOST_OF_PERSON
from explorer.routes import asking, directions, own, recipes, static
from explorer.routes.asking import MOST_FOR_THREADS, THREADS
from explorer.views import add_dimension
from explorer.views.shared import FITS
from tests.explorer.conftest import lossless
from tests.explorer.routes.conftest import logged, waiting
from tests.explorer.waiting import wait_for

MORPH = {"model": "toy", "a": 1, "b": 2}
FRAME = {"sequence": 7, "lane": "canvas", "morph": MORPH | {"alpha": 0.515625}}
FIND = {"model": "toy", "method": "pca", "component": 0}
SUM = {"model": "toy", "terms": [{"point": 5, "weight": 0.77}]}
PICTURE = lossless(np.full((16, 16, 3), 99, np.uint8), 16)
CHEAP = (
    "/explorer/status",
    "/explorer/thumbnail/portraits/3.webp",
    "/explorer/item/portraits/3.webp",
    "/explorer/point?model=toy&point=3",
    "/explorer/map?model=toy",
    "/explorer/own?model=toy",
    f"/explorer/static/{static.version()}/js/state.js",
)


def slice_of(number):
    """A wish for frames that nobody has asked for before."""
    return {"morph": MORPH, "alphas": [(number + 0.1) / 1000, (number + 0.2) / 1000]}


def another(client, person):
    """Someone else on the same event loop."""
    one = TestClient(client.app, client=(f"10.0.1.{person}", 4000))
    one.portal = client.portal
    return one


def check_cheap(crowd, client):
    for address in CHEAP:
        assert crowd.submit(client.get, address).result(20).status_code == 200, address


def test_a_drag_goes_on_beside_a_flood_of_slices(client, workspace, gate):
    with ThreadPoolExecutor(41) as crowd, client.websocket_connect("/explorer/live") as channel:
        flood = [crowd.submit(client.post, "/explorer/sprite", json=slice_of(n)) for n in range(40)]
        wait_for(lambda: sum(one.done() for one in flood) == 40 - MOST_OF_PERSON)
        assert client.post("/explorer/sprite", content="{").status_code == 503, "before it is even read"
        assert client.get("/explorer/status").status_code == 200
        channel.send_json(FRAME)
        wait_for(lambda: waiting(workspace) == MOST_OF_PERSON + 1)
        other = crowd.submit(another(client, 1).post, "/explorer/sprite", json=slice_of(99))
        wait_for(lambda: waiting(workspace) == MOST_OF_PERSON + 2)
        gate.set()
        assert channel.receive_bytes()[:4] == (7).to_bytes(4, "little")
        answers = [one.result(20) for one in flood]
        assert other.result(20).status_code == 200, "one person's flood is not another's"
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} == {503}
    told = "The server is busy: 16 requests of yours wait. Try again in a moment."
    assert {answer.json()["error"] for answer in refused} == {told}
    assert len(refused) == 40 - MOST_OF_PERSON


@pytest.fixture
def busy(workspace):
    """Both threads that fit directions are taken, until this is set."""
    event = threading.Event()
    taken = [workspace.shared.fits.submit(event.wait, 60) for _ in range(FITS)]
    yield event
    event.set()
    for one in taken:
        one.result(20)


def test_directions_that_wait_for_their_fit_take_no_thread(client, workspace, busy):
    add_dimension(workspace.open("toy"), 0)
    people = [another(client, number) for number in (1, 2)]
    with ThreadPoolExecutor(2 * MOST_OF_PERSON + 1) as crowd:
        flood = [
            crowd.submit(one.post, "/explorer/find-direction", json=FIND)
            for one in people
            for _ in range(MOST_OF_PERSON)
        ]
        wait_for(lambda: workspace.shared.fits._work_queue.qsize() == len(flood))
        check_cheap(crowd, client)
        for path, wish in (("sprite", slice_of(700)), ("dimension", {"model": "toy", "index": 0})):
            assert crowd.submit(client.post, f"/explorer/{path}", json=wish).result(20).status_code == 200
        assert not any(one.done() for one in flood)
        busy.set()
        assert {one.result(60).status_code for one in flood} == {200}


DEAR = [
    (own, "bring", "upload", PICTURE),
    (recipes, "dimensions_of", "dimensions?model=toy", None),
    (recipes, "add_dimension", "dimension", {"model": "toy", "index": 0}),
    (recipes, "judge", "arithmetic", SUM),
    (recipes, "keep", "keep", MORPH),
    (recipes, "data_url", "traverse", {"morph": MORPH, "direction": "dimension:0"}),
    (directions, "verdict", "effects", MORPH),
    (directions, "to_bytes", "directions.safetensors?model=toy&ids=dimension:0", None),
    (directions, "from_bytes", "load-directions", b"{}"),
]


@pytest.mark.parametrize(("module", "name", "path", "wish"), DEAR, ids=[one[1] for one in DEAR])
def test_what_takes_its_time_holds_up_nothing_cheap(client, workspace, monkeypatch, module, name, path, wish):
    """Whatever a handler calls that may take seconds, it does not call it on the event loop."""
    add_dimension(workspace.open("toy"), 0)
    begun, go_on, real = threading.Event(), threading.Event(), getattr(module, name)

    def slowly(*arguments, **more):
        begun.set()
        assert go_on.wait(60)
        return real(*arguments, **more)

    def ask():
        if wish is None:
            return client.get(f"/explorer/{path}")
        content = wish if isinstance(wish, bytes) else json.dumps(wish)
        return client.post(f"/explorer/{path}", params={"model": "toy"}, content=content)

    monkeypatch.setattr(module, name, slowly)
    with ThreadPoolExecutor(2) as crowd:
        dear = crowd.submit(ask)
        try:
            assert begun.wait(20)
            check_cheap(crowd, client)
            assert not dear.done()
        finally:
            go_on.set()
        assert dear.result(60).status_code == (400 if name == "from_bytes" else 200)


def test_cheap_routes_are_answered_while_all_dear_work_waits(client, monkeypatch):
    """By enough people that they fill the threads for dear work, and all who may wait for one."""
    go_on, real = threading.Event(), recipes.dimensions_of
    monkeypatch.setattr(recipes, "dimensions_of", lambda view: go_on.wait(60) and real(view))
    address, most = "/explorer/dimensions?model=toy", THREADS + MOST_FOR_THREADS
    with ThreadPoolExecutor(most + 1) as crowd:
        try:
            flood = [
                crowd.submit(another(client, person).get, address)
                for person in range(most // MOST_OF_PERSON)
                for _ in range(MOST_OF_PERSON)
            ]
            wait_for(lambda: asking._open.total() == most)
            check_cheap(crowd, client)
            refused = crowd.submit(client.get, address).result(20)
            told = f"The server is busy: {MOST_FOR_THREADS} requests wait. Try again in a moment."
            assert (refused.status_code, refused.json()["error"]) == (503, told)
            assert not any(one.done() for one in flood)
        finally:
            go_on.set()
        assert {one.result(60).status_code for one in flood} == {200}


def test_named_endpoints_that_wait_take_no_thread(served, workspace, busy):
    wish = {"data": ["pca", None, None, None, None, 0, "", "toy"]}
    for _ in range(8):
        assert served.post("/gradio_api/call/find_direction", json=wish).status_code == 200
    wait_for(lambda: workspace.shared.fits._work_queue.qsize() == 4)  # more calls wait in Gradio's queue
    for address in CHEAP:
        assert served.get(address).status_code == 200
    assert served.portal.call(current_default_thread_limiter).borrowed_tokens == 0


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


def test_who_sends_too_much_at_a_time_is_refused_before_it_is_read(app):
    """A hundred uploads were all read, 4 GB of them, before anybody was counted."""
    scope = {
        "type": "http", "method": "POST", "path": "/explorer/upload", "headers": [],
        "query_string": b"model=toy", "client": ("10.0.0.9", 4000),
    }  # fmt: skip
    read, statuses = [], []

    async def receive():
        read.append(None)
        await asyncio.Event().wait()  # the body never comes

    async def send(message):
        statuses.append(message.get("status"))

    async def flood():
        uploads = [asyncio.create_task(app(scope.copy(), receive, send)) for _ in range(MOST_OF_PERSON)]
        await asyncio.sleep(0)
        await asyncio.wait_for(app(scope.copy(), receive, send), 20)
        assert (len(read), statuses[0]) == (MOST_OF_PERSON, 503)
        for upload in uploads:
            upload.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)

    asyncio.run(flood())
    assert asking._open.total() == 0


WISHES = {
    "sprite": slice_of(500),
    "value": MORPH | {"alpha": 0.62},
    "traverse": {"morph": MORPH | {"alpha": 0.3}, "direction": "dimension:1"},
    "arithmetic": {"model": "toy", "terms": [{"point": 6, "weight": 0.78}]},
    "keep": MORPH | {"alpha": 0.9},
    "upload": None,
}


@pytest.mark.parametrize("name", WISHES)
def test_what_a_client_waits_for_is_dropped_when_it_goes(app, workspace, gate, name, caplog):
    add_dimension(workspace.open("toy"), 1)
    wish = WISHES[name]
    body = json.dumps(wish).encode() if wish else PICTURE
    assert ask_and_go(app, f"/explorer/{name}", body, lambda: waiting(workspace) == 1) == 499
    assert waiting(workspace) == 0
    assert not gate.is_set()
    assert not logged(caplog), "nothing went wrong on the server"


def test_a_flood_leaves_nothing_behind_when_its_client_goes(app, workspace, gate):
    for number in range(MOST_OF_PERSON + 4):  # more than a person may have open at a time
        body = json.dumps(slice_of(800 + number)).encode()
        assert ask_and_go(app, "/explorer/sprite", body, lambda: waiting(workspace) == 1) == 499
        assert waiting(workspace) == 0
    assert asking._open.total() == 0


def test_a_fit_that_waits_is_dropped_when_its_client_goes(app, workspace, busy):
    fits = workspace.shared.fits._work_queue
    body = json.dumps(FIND).encode()
    assert ask_and_go(app, "/explorer/find-direction", body, lambda: fits.qsize() == 1) == 499
    assert fits.get_nowait().future.cancelled()

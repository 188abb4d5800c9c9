"""The routes of the page, asked without a page: a workspace whose bundled model is the toy."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.panels import application
from explorer.routes import ROUTES, static
from explorer.settings import Settings
from explorer.workspace import Workspace
from tests.explorer.waiting import wait, wait_for

HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, toy_dataset):
    settings = Settings(model="toy", device="cpu", cache_dir=tmp_path_factory.mktemp("cache"))
    with Workspace(settings, {"portraits": toy_dataset}) as workspace:
        wait(workspace, "toy")
        yield workspace


@pytest.fixture(scope="module")
def app(workspace):
    """All routes of the page."""
    return Starlette(routes=[*(route for some in ROUTES for route in some(workspace)), *static.routes()])


@pytest.fixture(scope="module")
def client(app):
    """All requests on one event loop, as a server has it."""
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def page(workspace):
    """The whole application, as it is served."""

    async def build():  # Gradio would make an event loop of its own, and not close it
        return application(workspace)

    return asyncio.run(build())


@pytest.fixture(scope="module")
def served(page):
    with TestClient(page, base_url=HERE) as client:
        yield client


def logged(caplog):
    """What our own code told the log: Gradio's tasks may fail on their own meanwhile."""
    return [record for record in caplog.records if record.name.startswith(("explorer", "models"))]


def waiting(workspace):
    """Requests that wait for the device."""
    return sum(map(len, workspace.shared.worker._queues))


@pytest.fixture
def gate(workspace):
    """The device is busy until the gate opens; at the end nothing may wait there."""
    gate, reached = threading.Event(), threading.Event()

    def hold():
        reached.set()
        gate.wait(60)

    holding = threading.Thread(target=workspace.shared.worker.call, args=(hold,))
    holding.start()
    assert reached.wait(20)
    yield gate
    gate.set()
    holding.join()
    wait_for(lambda: waiting(workspace) == 0)

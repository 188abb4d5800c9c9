"""The routes of the page, asked without a page: a workspace whose bundled model is the toy."""

from __future__ import annotations

import time

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.panels import routes
from explorer.settings import Settings
from explorer.workspace import Workspace

WAIT_SECONDS = 300  # this machine may be busy


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, toy_dataset):
    settings = Settings(model="toy", device="cpu", cache_dir=tmp_path_factory.mktemp("cache"))
    with Workspace(settings, toy_dataset) as workspace:
        until = time.monotonic() + WAIT_SECONDS
        while workspace.status("toy").state == "loading":
            assert time.monotonic() < until
            time.sleep(0.02)
        yield workspace


@pytest.fixture(scope="module")
def client(workspace):
    return TestClient(Starlette(routes=routes(workspace)))

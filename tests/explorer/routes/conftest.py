"""The routes of the page, asked without a page: a workspace whose bundled model is the toy."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.panels import routes
from explorer.settings import Settings
from explorer.workspace import Workspace
from tests.explorer.waiting import wait


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, toy_dataset):
    settings = Settings(model="toy", device="cpu", cache_dir=tmp_path_factory.mktemp("cache"))
    with Workspace(settings, toy_dataset) as workspace:
        wait(workspace, "toy")
        yield workspace


@pytest.fixture(scope="module")
def client(workspace):
    return TestClient(Starlette(routes=routes(workspace)))

"""Waiting for what a workspace does on threads of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from explorer.workspace import Workspace

WAIT_SECONDS = 300  # this machine may be busy


def wait(workspace: Workspace, name: str, dataset: str | None = None) -> None:
    """Until the preparation has ended, well or badly."""
    wait_for(lambda: workspace.status(name, dataset).stage.state != "loading")


def unload(workspace: Workspace, name: str) -> None:
    """As the shelf does with a model that nobody holds, to make room for others."""
    shelf = workspace._shelf
    wait_for(lambda: not shelf._held[name])
    del shelf._models[name], shelf._bytes[name]


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)

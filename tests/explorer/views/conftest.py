"""The toy's portraits in the toy, opened by a workspace as an app would open them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.data import Dataset, samples
from explorer.settings import Settings
from explorer.views import View
from explorer.workspace import Workspace
from tests.explorer.waiting import wait


@pytest.fixture(scope="module", autouse=True)
def _few_samples() -> Iterator[None]:
    """A thousand of them would take seconds to decode and to map."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "COUNT", 24)
        yield


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(model="toy", device="cpu", cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def workspace(settings: Settings, toy_dataset: Dataset, _few_samples: None) -> Iterator[Workspace]:
    with Workspace(settings, {"portraits": toy_dataset}) as workspace:
        for name in ("toy", "toy-generator", "toy-spatial"):
            workspace.prepare(name, encode=name != "toy-spatial")
            wait(workspace, name)
        yield workspace


@pytest.fixture
def view(workspace: Workspace) -> View:
    """The portraits in the toy that they ship with."""
    return workspace.open("toy")


@pytest.fixture
def spatial(workspace: Workspace) -> View:
    """The portraits in a model with spatial latents, each encoded when it is asked for."""
    return workspace.open("toy-spatial")


@pytest.fixture
def generated(workspace: Workspace) -> View:
    """The samples of a generator without an encoder."""
    return workspace.open("toy-generator")


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"

"""What people and programs have from the version before: saved directions, links, and calls of the endpoints.

The files are in tests/before, with the script that made them there.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from explorer.panels import application
from explorer.settings import Settings
from explorer.steering import Morph, from_bytes
from explorer.workspace import Workspace
from tests.explorer.waiting import wait

BEFORE = Path(__file__).parent / "before"
FILE = BEFORE / "directions.safetensors"
TOLD = json.loads((BEFORE / "before.json").read_text())
LINKS = {name: dict(parse_qsl(query[1:])) for name, query in TOLD["links"].items()}
MODEL = {"model": "face-vae"}

pytestmark = pytest.mark.usefixtures("unchecked")  # as callers meet the endpoints


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    settings = Settings(device="cpu", cache_dir=tmp_path_factory.mktemp("cache"))
    with Workspace(settings) as workspace:
        wait(workspace, "face-vae")
        yield workspace


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[TestClient]:
    async def build() -> Any:  # Gradio would make an event loop of its own, and not close it
        return application(workspace)

    with TestClient(asyncio.run(build()), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture(scope="module")
def picture(client: TestClient) -> dict[str, Any]:
    """As Gradio's upload route keeps it."""
    buffer = io.BytesIO()
    Image.new("RGB", (128, 128), "teal").save(buffer, "PNG")
    [path] = client.post("/gradio_api/upload", files={"files": ("x.png", buffer.getvalue())}).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def parameters(client: TestClient) -> dict[str, list[str]]:
    """The names of every endpoint's parameters, in order."""
    named = client.get("/gradio_api/info").json()["named_endpoints"]
    return {name: [p["parameter_name"] for p in one["parameters"]] for name, one in named.items()}


def test_a_file_of_directions_is_read_and_steers(client: TestClient, workspace: Workspace) -> None:
    view = workspace.open("face-vae")
    by_label, by_groups = from_bytes(FILE.read_bytes(), view.model.space).values()
    assert (by_label.name, by_groups.name) == ("round", "groups")
    assert by_groups.provenance.points == (("1", "3", "5", "8", "9", "12"), ("2", "4", "6", "7", "10", "11"))
    built_in = view.steering.direction("glasses:round").vector
    assert float(built_in.flatten() @ by_label.vector.flatten()) > 0.5, "what it was found for"
    answer = client.post("/explorer/load-directions", params=MODEL, content=FILE.read_bytes())
    assert answer.status_code == 200, answer.text
    loaded = answer.json()["directions"]
    assert [one["name"] for one in loaded] == ["round", "groups"]
    steer = [{"direction": loaded[0]["id"], "strength": 2}]
    plain, moved = (
        Morph.model_validate({**MODEL, "a": 17, "b": 17, "alpha": 0, "steer": s}) for s in ([], steer)
    )
    moved_by = asyncio.run(view.point(moved)) - asyncio.run(view.point(plain))
    torch.testing.assert_close(moved_by, 2 * by_label.std * by_label.vector, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["plain", "steered"])
def test_a_links_points_and_directions_are_there(client: TestClient, name: str) -> None:
    link = LINKS[name]
    for slot in ("a", "b"):
        told = client.get("/explorer/point", params=MODEL | {"point": link[slot]})
        assert told.json()["name"] == f"portrait {link[slot]}"
    known = {one["id"] for one in client.get("/explorer/directions", params=MODEL).json()["directions"]}
    named = [entry.rpartition(":")[0] for entry in link.get("steer", "").split(",") if entry]
    assert set(named) <= known
    assert len(named) == (3 if name == "steered" else 0)


def test_an_upload_of_a_link_is_not_found_in_words(client: TestClient) -> None:
    """The page says that it lived in a session of its own: tests/js/before.test.mjs."""
    upload = LINKS["upload"]["a"]
    assert upload.startswith("u")
    answer = client.get("/explorer/point", params=MODEL | {"point": upload})
    assert (answer.status_code, list(answer.json())) == (404, ["error"])
    assert upload in answer.json()["error"]
    told = client.post("/gradio_api/run/decode", json={"data": [upload, None]})
    assert told.status_code == 500
    assert told.json()["error"].startswith(f"'{upload}' is not in the data set")


@pytest.mark.parametrize("name", TOLD["endpoints"])
def test_an_endpoint_takes_and_returns_what_it_did(
    client: TestClient, parameters: dict[str, list[str]], picture: dict[str, Any], name: str
) -> None:
    """By name and by place; what came since stands behind it."""
    before, endpoint = TOLD["endpoints"][name], name.split()[0]
    assert parameters[f"/{endpoint}"][: len(before["parameters"])] == before["parameters"]
    data = [picture if given == "a picture" else given for given in before["data"]]
    answer = client.post(f"/gradio_api/run/{endpoint}", json={"data": data})
    assert answer.status_code == 200, answer.text
    assert_has(answer.json()["data"][0], before["keys"])


def assert_has(returned: Any, keys: Any) -> None:
    """That these keys came back, in each item of a list; of what has no keys its kind."""
    if isinstance(keys, str):
        assert type(returned).__name__ == keys
    elif isinstance(returned, list):
        for one in returned:
            assert_has(one, keys[0])
    else:
        assert set(keys) <= set(returned)

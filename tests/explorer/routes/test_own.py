"""A person's own points: brought by a file, listed for them alone, and dropped by nobody else's."""

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from explorer.data.keep import AROUND
from explorer.operations import Direction, Provenance
from explorer.steering import to_bytes
from models.toys.vector import ToyModel
from tests.explorer.conftest import lossless
from tests.explorer.routes.conftest import HERE
from tests.explorer.waiting import wait

MODEL = {"model": "toy"}
FILE = lossless(np.full((16, 16, 3), 99, np.uint8), 16)


@pytest.fixture
def people(page):
    """Two, whom cookies tell apart, at one address."""
    browsers = [TestClient(page, base_url=HERE) for _ in range(2)]
    for browser in browsers:
        browser.get("/")
    return browsers


def upload(client, file=FILE, **query):
    return client.post("/explorer/upload", params=MODEL | query, content=file)


def own(client, **query):
    return client.get("/explorer/own", params=MODEL | query).json()["own"]


def test_a_file_becomes_a_point_with_all_that_the_page_shows(people):
    point = upload(people[0]).json()
    assert point["id"].startswith("mine/")
    assert point["original"].startswith("data:image/jpeg;base64,")
    assert (point["known"], point["notes"]) == (False, [])  # a flat picture
    assert len(point["coordinates"]) == 2
    assert own(people[0]) == [point]


def test_only_the_person_themselves_is_told_their_points(people, workspace):
    workspace.prepare("toy-spatial", encode=False)
    wait(workspace, "toy-spatial")
    one, other = people
    points = [upload(one).json()["id"] for _ in range(2)]
    elsewhere = upload(one, model="toy-spatial").json()["id"]
    assert [point["id"] for point in own(one)] == points
    assert [point["id"] for point in own(one, model="toy-spatial")] == [elsewhere]
    assert own(other) == []
    assert other.get("/explorer/point", params=MODEL | {"point": points[0]}).status_code == 200, "by its id"


def test_a_point_is_told_with_its_place_on_the_map_that_is_looked_at(client, people, workspace, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    drawn, maps = workspace.open("toy", "samples"), ("portraits", "samples")
    point = upload(people[0], dataset="samples").json()
    assert point["dataset"] == "samples"
    told = {name: own(people[0], dataset=name)[-1] for name in maps}
    assert [told[name]["id"] for name in maps] == [point["id"]] * 2
    assert [told[name]["dataset"] for name in maps] == ["portraits", "samples"]
    assert told["samples"]["coordinates"] == point["coordinates"]
    assert told["portraits"]["coordinates"] != point["coordinates"]
    near = np.abs(drawn.latents.coordinates).max()
    assert np.abs(point["coordinates"]).max() <= near * 1.5, "what is new lies near the others"
    for name in maps:
        path = client.post(
            "/explorer/path", params={"dataset": name}, json={**MODEL, "a": point["id"], "b": 2}
        ).json()
        assert path["a"] == told[name]["coordinates"]
        np.testing.assert_allclose(path["points"][0], path["a"], atol=1e-3)


def test_nobodys_points_and_directions_are_dropped_by_anothers(people, workspace, monkeypatch):
    """Each has room for three of these; what is one person's too much is their own."""
    kept = (workspace.shared.own_points._points, workspace.shared.own_directions)
    for one in kept:
        monkeypatch.setattr(one, "_each", 3 * AROUND)
        monkeypatch.setattr(one, "_size", lambda thing: 0)
    one, other = people
    mine = upload(one).json()["id"]
    directions = {
        str(i): Direction(str(i), torch.eye(8)[i], 0.5, Provenance("pca", "tests", 60)) for i in range(8)
    }
    files = [to_bytes(ToyModel().space, dict([item])) for item in directions.items()]
    loaded = one.post("/explorer/load-directions", params=MODEL, content=files[0]).json()["directions"]
    several = [upload(other).json()["id"] for _ in range(5)]
    for file in files:
        last = other.post("/explorer/load-directions", params=MODEL, content=file).json()["directions"]
    assert [point["id"] for point in own(one)] == [mine]
    assert [point["id"] for point in own(other)] == several[-3:]
    for known in (loaded[0], last[0]):
        answer = one.get("/explorer/direction", params=MODEL | {"id": known["id"]})
        assert answer.json() == known


@pytest.mark.parametrize("file", [b"", b"no picture", FILE[:20]])
def test_what_is_no_picture_is_refused_in_words(client, file):
    answer = upload(client, file)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert "picture" in answer.json()["error"]


def test_a_file_that_is_too_large_is_refused(client):
    answer = upload(client, bytes(40 * 2**20 + 1))
    assert answer.json() == {"error": "This is too large: expected at most 40 MB."}


def test_a_model_without_an_encoder_says_so(client, workspace, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    workspace.prepare("toy-generator")
    wait(workspace, "toy-generator")
    answer = upload(client, model="toy-generator")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("toy-generator has no encoder")

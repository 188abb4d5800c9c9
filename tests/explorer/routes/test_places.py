"""Where things lie: positions and labels as columns, single points, thumbnails and paths."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from explorer.device import MOST_OF_PERSON
from explorer.routes import asking, places
from explorer.routes.places import NO_PATH, PATH_POINTS, PLACING, STEERED
from tests.explorer.waiting import wait, wait_for

MODEL = {"model": "toy"}
MORPH = {"model": "toy", "a": 1, "b": 2}


def column(answer):
    assert answer.status_code == 200, answer.text
    length = int.from_bytes(answer.content[:4], "little")
    header = json.loads(answer.content[4 : 4 + length])
    return header, np.frombuffer(answer.content[-(-(4 + length) // 4) * 4 :], header["dtype"])


def get(client, path, **query):
    return client.get(f"/explorer/{path}", params=MODEL | query)


def test_the_map_is_every_positions_x_and_then_y(client, toy_dataset):
    _, values = column(get(client, "map"))
    np.testing.assert_array_equal(values.reshape(2, -1).T, toy_dataset.shipped.coordinates)


@pytest.mark.parametrize("name", ["age", "hair", "split", "reconstruction"])
def test_every_label_that_the_status_names_is_a_column(client, toy_dataset, name):
    told = client.get("/explorer/status").json()["models"]
    listed = next(model["dataset"]["labels"] for model in told if model["name"] == "toy")
    assert name in {label["name"] for label in listed}
    header, values = column(get(client, "label", name=name))
    assert (header["name"], len(values)) == (name, 60)
    if name == "hair":
        assert [header["classes"][code] for code in values] == toy_dataset.labels["hair"].tolist()


def test_a_point_is_told_with_its_name_and_split(client):
    told = get(client, "point", point="portraits/3").json()
    assert told == {"point": "3", "name": "portrait 3", "labels": [], "split": "held-out"}


@pytest.mark.parametrize("place", ["thumbnail", "item"])
def test_a_picture_of_an_item_is_sent_as_it_is_kept(client, toy_dataset, place):
    answer = client.get(f"/explorer/{place}/portraits/3.webp")
    assert answer.content == (toy_dataset.thumbnails if place == "thumbnail" else toy_dataset.files)[3]
    assert "max-age=86400" in answer.headers["Cache-Control"]
    alone = client.get("/explorer/item/portraits/59.webp")  # which ships as a thumbnail only
    assert alone.content == toy_dataset.thumbnails[59]


def test_a_path_runs_through_its_ends(client, toy_dataset):
    told = client.post("/explorer/path", json=MORPH).json()
    places = toy_dataset.shipped.coordinates
    assert (len(told["points"]), told["placing"]) == (PATH_POINTS, PLACING)
    for end, row, point in (("a", 1, told["points"][0]), ("b", 2, told["points"][-1])):
        np.testing.assert_allclose(told[end], places[row])
        np.testing.assert_allclose(point, places[row], atol=1e-3)


def test_a_path_through_a_point_of_ones_own_touches_it(client):
    kept = client.post("/explorer/keep", json=MORPH | {"alpha": 0.4}).json()
    told = client.post("/explorer/path", json=MORPH | {"a": kept["id"]}).json()
    np.testing.assert_allclose(told["a"], kept["coordinates"])
    np.testing.assert_allclose(told["points"][0], kept["coordinates"], atol=1e-3)


def test_a_path_says_how_it_was_placed(client):
    steer = [{"direction": client.post("/explorer/dimension", json=MODEL | {"index": 0}).json()["id"]}]
    for change, placing in [
        ({"method": "cross-fade"}, NO_PATH),
        ({"steer": steer}, PLACING),
        ({"steer": [steer[0] | {"strength": 1}]}, STEERED),
    ]:
        assert client.post("/explorer/path", json=MORPH | change).json()["placing"] == placing


@pytest.mark.parametrize(
    ("path", "query", "status", "sentence"),
    [
        (
            "label",
            {"name": "mood"},
            400,
            "label: expected one of age, hair, split, reconstruction",
        ),
        ("point", {"point": "60"}, 404, "'60' is not in the data set portraits: expected 0 to 59"),
        (
            "point",
            {"point": "-1"},
            400,
            "point: expected a point, such as 17, samples/5",
        ),
        (
            "point",
            {"point": "galaxies/1"},
            400,
            "dataset: expected one of portraits, samples for toy",
        ),
        ("point", {"point": "mine/0000"}, 404, "mine/0000 is unknown or no longer kept"),
        ("map", {"dataset": "galaxies"}, 400, "dataset: expected one of portraits, samples, got 'galaxies'"),
        ("map", {"model": "gan"}, 400, "model: expected one of face-vae"),
        ("map", {"dataset": "samples"}, 409, "Not loaded yet"),
        ("thumbnail/portraits/60.webp", {}, 404, "'60' is not in the data set portraits"),
        ("thumbnail/galaxies/1.webp", {}, 400, "dataset: expected one of portraits, samples, got 'galaxies'"),
        ("item/portraits/x.webp", {}, 404, "'x' is not in the data set portraits"),
    ],
)
def test_what_is_not_there_is_said(client, path, query, status, sentence):
    answer = get(client, path, **query)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert answer.json()["error"].startswith(sentence)


def test_an_unknown_data_set_is_said_whatever_is_asked(client):
    told = {"error": "dataset: expected one of portraits, samples, got 'galaxies'"}
    query = MODEL | {"dataset": "galaxies"}
    for path in ("map", "label", "point", "directions", "direction", "dimensions", "own"):
        assert client.get(f"/explorer/{path}", params=query | {"name": "age", "point": 1}).json() == told
    assert client.get("/explorer/thumbnail/galaxies/1.webp").json() == told
    wishes = {
        "prepare": None, "stop": None, "path": MORPH, "keep": MORPH, "effects": MORPH,
        "arithmetic": MODEL | {"terms": [{"point": 1, "weight": 1}]}, "dimension": MODEL | {"index": 1},
        "style-mix": MORPH | {"cutoff": 1}, "traverse": {"morph": MORPH, "direction": "age"},
        "find-direction": MODEL | {"method": "pca", "component": 0}, "upload": None,
    }  # fmt: skip
    for path, wish in wishes.items():
        assert client.post(f"/explorer/{path}", params=query, json=wish).json() == told, path


def test_another_data_set_of_the_same_model_has_a_map_of_its_own(client, workspace, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    client.post("/explorer/prepare", params=MODEL | {"dataset": "samples"})
    wait(workspace, "toy", "samples")
    _, values = column(get(client, "map", dataset="samples"))
    assert len(values) == 2 * 24
    assert get(client, "point", point="samples/3", dataset="samples").json()["name"] == "sample 3"
    for place, kind in (
        ("thumbnail", "image/webp"),
        ("item", "image/jpeg"),
    ):  # as it is packed
        assert get(client, f"{place}/samples/3.webp").headers["Content-Type"] == kind


def test_pictures_of_ones_own_files_are_counted_as_other_dear_work(client, workspace, monkeypatch):
    """Whoever asked for many of them at a time took all places for dear work."""
    fixed = workspace.datasets.fixed
    monkeypatch.setitem(fixed, "portraits", replace(fixed["portraits"], shipped=None))
    go_on, real = threading.Event(), places.open_picture
    monkeypatch.setattr(places, "open_picture", lambda *asked: go_on.wait(60) and real(*asked))
    with ThreadPoolExecutor(MOST_OF_PERSON) as crowd:
        try:
            address = "/explorer/item/portraits/3.webp"
            flood = [crowd.submit(client.get, address) for _ in range(MOST_OF_PERSON)]
            wait_for(lambda: asking._open.total() == MOST_OF_PERSON)
            assert client.get(address).status_code == 503
        finally:
            go_on.set()
        assert {one.result(60).status_code for one in flood} == {200}

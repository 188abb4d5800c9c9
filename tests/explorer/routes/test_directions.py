import asyncio
import json
from dataclasses import replace

import pytest
import torch

from explorer.data import LatentTable
from explorer.measures import verdict
from explorer.operations import DIRECTION_METHODS, Direction, Provenance
from explorer.routes.directions import MIXED, MOST_CORRELATIONS, describe
from explorer.steering import MAX_BYTES, Morph, from_bytes, to_bytes
from explorer.steering.built_in import find_all
from models.base import LatentSpace
from models.toys.vector import ToyModel

MODEL = {"model": "toy"}
FILE = "/explorer/directions.safetensors"


def wish(client, **fields):
    return client.post("/explorer/find-direction", json=MODEL | {"method": "mean-difference"} | fields)


@pytest.fixture
def steering(workspace):
    return workspace.open("toy").steering


@pytest.fixture
def found(client):
    """A direction that somebody found."""
    answer = wish(client, plus=[1, 2], minus=[5], name="mine")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def built_in(steering, toy_dataset, monkeypatch):
    """As if directions had shipped for the toy."""
    monkeypatch.setattr(steering, "built_in", find_all(toy_dataset))
    return steering.built_in


def error(answer):
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


def test_the_page_learns_of_directions_and_of_every_method(client, built_in):
    answer = client.get("/explorer/directions", params=MODEL).json()
    assert {d["id"]: d["name"] for d in answer["directions"]} == {
        "age": "age",
        "hair:long": "hair: long",
        "hair:short": "hair: short",
    }
    age = answer["directions"][0]
    assert (age["method"], age["method_title"]) == ("ridge", "Ridge regression")
    assert (age["built_in"], age["featured"]) == (True, False)
    assert age["well_read"] == (age["score"] >= 0.3)
    one = client.get("/explorer/direction", params=MODEL | {"id": "age"})
    assert one.json() == age
    assert age["data"] == "label age of 30 training portraits"
    assert {correlation["label"] for correlation in age["correlations"]} == {"hair: long", "hair: short"}
    assert [method["name"] for method in answer["methods"]] == list(DIRECTION_METHODS)
    assert {method["wants"] for method in answer["methods"]} == {
        "classes",
        "numbers",
        "component",
        "first layer",
    }


def test_featured_directions_come_first(client, built_in, toy_dataset, monkeypatch):
    shown = replace(toy_dataset.presentation, featured=("hair:short", "smile", "age"))
    monkeypatch.setitem(vars(toy_dataset), "presentation", shown)
    answer = client.get("/explorer/directions", params=MODEL).json()["directions"]
    assert [d["id"] for d in answer] == ["hair:short", "age", "hair:long"]
    assert [d["featured"] for d in answer] == [True, True, False]


def test_a_model_without_directions_has_an_empty_list(client):
    assert client.get("/explorer/directions", params=MODEL).json()["directions"] == []


def test_a_direction_found_is_kept_and_told(client, found, steering):
    assert found["name"] == "mine"
    assert (found["built_in"], found["featured"], found["count"], found["score"]) == (False, False, 3, None)
    assert found["data"] == "2 points against 1: 1, 2 against 5"
    again = client.get("/explorer/direction", params=MODEL | {"id": found["id"]})
    assert again.json() == found
    assert steering.direction(found["id"]).std == pytest.approx(found["std"])


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"label": "age", "method": "ridge"}, "age"),
        ({"label": "hair", "value": "long"}, "hair: long"),
        ({"method": "pca", "component": 2}, "Principal component 3"),
        ({"method": "sefa", "component": 0}, "Closed form (SeFa) 1"),
    ],
)
def test_every_kind_of_wish_is_granted(client, fields, name):
    assert wish(client, **fields).json()["name"] == name


def test_a_direction_for_the_page_names_the_strongest_correlations_first(toy_dataset):
    labels = {f"label {i}": i / 10 for i in range(-5, 5)}
    direction = find_all(toy_dataset)["age"]
    direction.provenance.correlations.clear()
    direction.provenance.correlations.update(labels)
    told = describe("age", direction)["correlations"]
    assert len(told) == MOST_CORRELATIONS
    assert [entry["r"] for entry in told[:3]] == [-0.5, -0.4, 0.4]


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"label": "mood"}, 400, "label: expected one of age, hair; got 'mood'"),
        ({"plus": [], "minus": [1]}, 400, "group + is empty: choose at least one point for it"),
        ({"plus": [1], "minus": [1]}, 400, "both groups are the same points, so nothing lies between them"),
        ({"plus": [1], "minus": [60]}, 404, "'60' is not in the data set portraits: expected 0 to 59"),
        ({"label": "age", "model": "gan"}, 400, "model: expected one of face-vae"),
        ({"label": "age", "model": "sd-vae"}, 409, "Not loaded yet"),
        ({"label": "age", "method": "guess"}, 400, "method: expected one of mean-difference"),
        ({}, 400, "mean-difference wants either a label, or two groups plus and minus"),
        ({"plus": [1] * 10_001, "minus": [2]}, 400, "plus: Tuple should have at most 10000 items"),
        ({"name": "<b>", "label": "age"}, 400, "name: "),
        (
            {"plus": [-1], "minus": [2]},
            400,
            "plus.0: expected a point, such as 17, samples/5 or mine/3f…, got -1",
        ),
        (
            {"plus": ["galaxies/1"], "minus": [2]},
            400,
            "dataset: expected one of portraits, samples for toy",
        ),
        ({"method": "pca", "component": 256}, 400, "component: Input should be less than 256, got 256"),
    ],
)
def test_a_bad_wish_is_explained(client, fields, status, sentence):
    answer = wish(client, **fields)
    assert answer.status_code == status
    assert error(answer).startswith(sentence)
    assert len(error(answer)) < 400


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "request: Invalid JSON"),
        (b"{", "request: Invalid JSON"),
        (b"[" * 100_000, "request: Invalid JSON"),
        (b"x" * 100_000, "request: Invalid JSON"),
        (b"[]", "request: Input should be an object"),
        (b"\xff", "request: Invalid JSON"),
        (b" " * (2**20 + 1), "This is too large: expected at most 1 MB."),
    ],
)
def test_a_wish_that_is_no_json_is_explained(client, content, sentence):
    answer = client.post("/explorer/find-direction", content=content)
    assert answer.status_code == 400
    assert error(answer).startswith(sentence)
    assert len(error(answer)) < 300


def test_browsing_what_the_model_gives_keeps_the_directions_of_people(client, found, workspace, monkeypatch):
    monkeypatch.setattr(workspace.shared.own_directions, "_each", 4000)  # room for one or two
    for index in range(8):
        answer = client.post("/explorer/dimension", json=MODEL | {"index": index}).json()
        assert (answer["id"], answer["built_in"]) == (f"dimension:{index}", False)
        assert wish(client, method="pca", component=index).json()["id"] == f"pca:{index}"
    for key in (found["id"], "dimension:0", "pca:7"):
        assert client.get("/explorer/direction", params=MODEL | {"id": key}).status_code == 200


def test_a_direction_of_ones_own_is_read_at_the_picture_too(client, steering):
    told = Provenance("ridge", "made up", 10, score=0.9, score_name="R²")
    read, unread = (
        steering.add(Direction("mine", torch.eye(8)[2], 0.5, provenance), "me")
        for provenance in (told, replace(told, score=0.1))
    )
    steer = [{"direction": key, "strength": 0.4} for key in (read, unread)]
    answer = client.post("/explorer/effects", json=MODEL | {"a": 3, "b": 4, "steer": steer}).json()
    assert [effect["direction"] for effect in answer["effects"]] == [read]
    assert answer["effects"][0]["change"] == pytest.approx(0.8, abs=0.1)


def test_a_cross_fade_has_no_latent_that_could_be_read(client, found):
    """Neither lerp's, which is not what the page shows."""
    steer = [{"direction": found["id"], "strength": 2}]
    morph = MODEL | {"a": 3, "b": 4, "method": "cross-fade", "steer": steer}
    answer = client.post("/explorer/effects", json=morph).json()
    assert answer["effects"] is None
    assert answer["typicality"] == MIXED
    row = {"morph": morph, "direction": found["id"]}
    for address, body in [("/explorer/keep", morph), ("/explorer/traverse", row)]:
        refused = client.post(address, json=body)
        assert refused.status_code == 400
        assert error(refused) == "A cross-fade mixes decodes and has no latent: choose another path"


def test_a_picture_is_compared_with_the_portraits_that_are_encoded(client, workspace, found, monkeypatch):
    view = workspace.open("toy")
    known, space = view.latents.latents, view.model.space
    partly = LatentTable(space, view.dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked"))
    partly.fill([3, 4], known[3:5])  # the ends of the path
    monkeypatch.setattr(workspace._preparation("toy", None).opened, "table", partly)
    morph = MODEL | {"a": 3, "b": 4, "steer": [{"direction": found["id"], "strength": 1}]}
    told = client.post("/explorer/effects", json=morph).json()
    latent = asyncio.run(view.point(Morph(**morph)))
    assert (told["typical"], told["typicality"]) == verdict(latent, known[3:5])
    partly.fill(range(50), known[:50])
    told = client.post("/explorer/effects", json=morph).json()
    assert (told["typical"], told["typicality"]) == verdict(latent, known[:50])
    assert told["typicality"] != verdict(latent, partly.latents)[1]


def test_an_unknown_direction_is_not_found(client):
    for address, parameters in [("/explorer/direction", {"id": "nobody"}), (FILE, {"ids": "nobody"})]:
        answer = client.get(address, params=MODEL | parameters)
        assert answer.status_code == 404
        assert error(answer) == "direction 'nobody' is unknown or no longer kept: find it or load it again"


@pytest.mark.parametrize(
    ("address", "parameters", "missing"),
    [
        ("/explorer/directions", {}, "model"),
        ("/explorer/direction", {"id": "smile"}, "model"),
        ("/explorer/direction", MODEL, "id"),
        (FILE, {"ids": "smile"}, "model"),
        (FILE, MODEL, "ids"),
        ("/explorer/map", {}, "model"),
        ("/explorer/point", MODEL, "point"),
        ("/explorer/dimensions", {}, "model"),
        ("/explorer/label", MODEL, "name"),
        ("/explorer/own", {}, "model"),
        ("/explorer/thumbnail/samples/3.webp", {}, "model"),
    ],
)
def test_what_the_address_must_say_is_named(client, address, parameters, missing):
    answer = client.get(address, params=parameters)
    assert answer.status_code == 400
    assert error(answer) == f"{missing}: expected in the address, but it is not there"


def test_what_is_saved_can_be_loaded(client, steering, found):
    other = wish(client, label="age").json()
    answer = client.get(FILE, params=MODEL | {"ids": f"{found['id']},{other['id']}"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="toy-directions.safetensors"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert list(from_bytes(answer.content, ToyModel().space)) == [found["id"], other["id"]]

    loaded = client.post("/explorer/load-directions", params=MODEL, content=answer.content).json()
    for before, after in zip([found, other], loaded["directions"], strict=True):
        assert after | {"id": None} == before | {"id": None}
        assert after["id"] != before["id"]
        one, two = (steering.direction(info["id"]) for info in (before, after))
        assert torch.equal(one.vector, two.vector)


def test_a_file_of_one_direction_has_its_name(client, built_in):
    answer = client.get(FILE, params=MODEL | {"ids": "hair:long"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="toy-hair-long.safetensors"'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "this file: expected a whole safetensors file"),
        (b"\x80\x04\x95 a pickle renamed", "this file: expected a whole safetensors file"),
        (bytes(MAX_BYTES + 1), "This is too large: expected at most 64 MB."),
    ],
    ids=["empty", "pickle", "65 MB"],
)
def test_a_bad_file_is_explained_and_nothing_is_lost(client, found, content, sentence):
    answer = client.post("/explorer/load-directions", params=MODEL, content=content)
    assert answer.status_code == 400
    assert error(answer).startswith(sentence)
    assert client.get("/explorer/direction", params=MODEL | {"id": found["id"]}).json() == found


@pytest.mark.parametrize(
    ("space", "told"),
    [
        (
            LatentSpace("other", (8,), ("dim",)),
            "found 'other' and shape '[8]'",
        ),
        (
            LatentSpace("toy", (9,), ("dim",)),
            "found 'toy' and shape '[9]'",
        ),
    ],
    ids=["another model's of the right shape", "another shape"],
)
def test_directions_of_another_space_are_refused(client, space, told):
    direction = Direction("mine", torch.eye(*space.shape)[0], 0.5, Provenance("ridge", "made up", 10))
    content = to_bytes(space, {"mine": direction})
    answer = client.post("/explorer/load-directions", params=MODEL, content=content)
    assert answer.status_code == 400
    assert error(answer) == f"this file: expected directions of the model toy and shape [8], {told}"


def test_a_file_needs_a_model_that_is_ready(client):
    for parameters, status in [({}, 400), ({"model": "gan"}, 400), ({"model": "sd-vae"}, 409)]:
        answer = client.post("/explorer/load-directions", params=parameters, content=b"{}")
        assert answer.status_code == status
        assert error(answer)


def test_a_steered_path_is_asked_for_in_json(client, found):
    morph = MODEL | {"a": 3, "b": 4, "steer": [{"direction": found["id"], "strength": 2}]}
    steered, plain = (
        client.post("/explorer/path", json=body).json() for body in (morph, morph | {"steer": []})
    )
    assert len(steered["points"]) == len(plain["points"]) > 2
    assert steered["points"] != plain["points"]
    beyond = morph | {"steer": [{"direction": found["id"], "strength": 11}]}
    answer = client.post("/explorer/path", json=beyond)
    assert answer.status_code == 400
    assert error(answer) == "steer.0.strength: Input should be less than or equal to 10, got 11"
    nan = json.dumps(morph).replace("2}", "NaN}")
    assert error(client.post("/explorer/path", content=nan)).startswith("steer.0.strength: ")
    unknown = morph | {"steer": [{"direction": "nobody", "strength": 1}]}
    assert client.post("/explorer/path", json=unknown).status_code == 404

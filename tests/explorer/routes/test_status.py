"""What the status tells the page, beside how the models get on (tests/explorer/test_workspace.py)."""

from dataclasses import replace

import pytest

from explorer.operations import INTERPOLATIONS
from explorer.routes.status import describe_dataset
from models import MODELS
from tests.explorer.routes.test_live import FRAME, MORPH


@pytest.fixture
def limits(client):
    return client.get("/explorer/status").json()["limits"]


def test_the_page_is_told_just_what_the_routes_take(client, limits):
    """One more of each is refused."""
    alphas = [0.5] * limits["slice_frames"]
    terms = [{"point": 1, "weight": 1}] * limits["terms"]
    steer = [{"direction": f"d{i}", "strength": 1} for i in range(limits["sliders"])]
    wishes = [
        ("sprite", {"morph": MORPH, "alphas": alphas}, {"morph": MORPH, "alphas": [*alphas, 0.5]}, "alphas"),
        (
            "arithmetic",
            {"model": "toy", "terms": terms},
            {"model": "toy", "terms": terms + terms[:1]},
            "terms",
        ),
        ("effects", MORPH | {"steer": steer}, MORPH | {"steer": steer + steer[:1]}, "steer"),
    ]
    for path, most, more, field in wishes:
        assert not complaint(client, path, most).startswith(f"{field}: ")
        assert complaint(client, path, more).startswith(f"{field}: ")
    much = b"x" * (limits["direction_file_mb"] * 2**20 + 1)
    answer = client.post("/explorer/load-directions", params={"model": "toy"}, content=much)
    assert f"at most {limits['direction_file_mb']} MB" in answer.json()["error"]


def complaint(client, path, wish):
    answer = client.post(f"/explorer/{path}", json=wish)
    return "" if answer.is_success else answer.json()["error"]


def test_the_strengths_of_a_row_are_those_that_it_has_by_itself(client, limits):
    added = client.post("/explorer/dimension", json={"model": "toy", "index": 0}).json()
    row = {"morph": FRAME["morph"], "direction": added["id"]}
    by_itself = client.post("/explorer/traverse", json=row).json()
    assert (
        client.post("/explorer/traverse", json=row | {"strengths": limits["strengths"]}).json() == by_itself
    )


def test_the_page_is_told_of_every_model_and_which_comes_first(client):
    told = client.get("/explorer/status").json()
    assert [model["name"] for model in told["models"]] == list(MODELS)
    assert [model["name"] for model in told["models"] if model["listed"]] == [
        name for name, entry in MODELS.items() if entry.listed
    ]
    assert told["first"]["model"] == "toy"
    assert [method["name"] for method in told["methods"]] == list(INTERPOLATIONS)
    toy = next(model for model in told["models"] if model["name"] == "toy")
    assert (toy["state"], toy["decodes"], toy["points"], toy["encoded"]) == ("ready", True, 60, 60)
    assert (toy["dataset"]["prefix"], toy["dataset"]["pair"]) == ("", ["0", "1"])
    assert toy["datasets"] == ["portraits", "samples"]
    traits = {label["name"]: label["is_trait"] for label in toy["dataset"]["labels"]}
    assert traits == {"age": True, "hair": True, "split": False, "reconstruction": False}
    absent = next(model for model in told["models"] if model["name"] == "sd-vae")
    assert (absent["state"], absent["latent_shape"], absent["dataset"]) == ("absent", None, None)


def test_a_note_on_the_latents_is_of_those_that_ship(toy_dataset):
    """Those of another model, or encoded with weights of one's own, are not what it is about."""
    noted = replace(toy_dataset, shipped=replace(toy_dataset.shipped, note="Posterior means."))
    assert describe_dataset(noted)["note"] == "Posterior means."
    assert describe_dataset(noted.with_files())["note"] == describe_dataset(toy_dataset)["note"] == ""


def test_points_are_called_by_their_prefix(client):
    kinds = client.get("/explorer/status").json()["datasets"]
    singular = {prefix: kind["singular"] for prefix, kind in kinds.items()}
    assert singular == {"": "portrait", "samples/": "sample"}


@pytest.mark.parametrize("path", ["prepare", "stop"])
def test_a_model_is_prepared_and_stopped_by_its_name(client, path):
    assert client.post(f"/explorer/{path}", params={"model": "toy"}).json()["name"] == "toy"
    for query, sentence in [
        ({}, "model: expected in the address"),
        ({"model": "gan"}, "model: expected one of face-vae"),
        (
            {"model": "toy", "dataset": "galaxies"},
            "dataset: expected one of portraits, samples",
        ),
    ]:
        answer = client.post(f"/explorer/{path}", params=query)
        assert (answer.status_code, answer.json()["error"][: len(sentence)]) == (400, sentence)
    assert client.get(f"/explorer/{path}").status_code == 405


def test_metrics_are_told_in_prometheus_words(client):
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "# TYPE" in answer.text

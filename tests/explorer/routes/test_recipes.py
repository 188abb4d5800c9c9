"""Sums, mixes, rows and what is kept of them, over the wire; below it see tests/explorer/views."""

from __future__ import annotations

import asyncio
import base64
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.data import Point
from explorer.measures import psnr
from explorer.operations import STRENGTHS
from explorer.steering import Morph
from explorer.views import MAX_TERMS
from models.pictures import to_uint8
from models.toys.vector import ToyModel
from tests.explorer.waiting import wait

MORPH = {"model": "toy", "a": 1, "b": 2}
SUM = {"model": "toy", "terms": [{"point": 3, "weight": 0.5}, {"point": "portraits/8", "weight": 0.5}]}


@pytest.fixture(scope="module")
def spatial(workspace):
    workspace.prepare("toy-spatial", encode=False)
    wait(workspace, "toy-spatial")
    return workspace.open("toy-spatial")


def ask(client, path, wish):
    answer = client.post(f"/explorer/{path}", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client, path, wish):
    answer = client.post(f"/explorer/{path}", json=wish)
    assert list(answer.json()) == ["error"]
    return answer.status_code, answer.json()["error"]


def picture(url):
    return np.asarray(Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))))


def shows(url, latent):
    """Whether a picture is what the toy decodes there; noise is hard on a JPEG."""
    return psnr(picture(url), to_uint8(ToyModel().decode(latent[None]))[0]) >= 30


def test_a_sum_comes_with_its_picture_and_what_the_data_say(client, toy_latents):
    told = ask(client, "arithmetic", SUM)
    assert shows(told["picture"], (toy_latents[3] + toy_latents[8]) / 2)
    assert len(told["neighbours"]) == 5
    assert {near["point"] for near in told["neighbours"] if near["is_term"]} <= {"3", "8"}
    assert told["typical"]
    assert told["near"].startswith("Two portraits taken at random lie ")
    assert told["sum"] == "The weights add up to 1, as in a mean."


def test_a_sum_is_judged_by_the_data_that_are_looked_at(client, workspace, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    here = client.post("/explorer/arithmetic", params={"dataset": "samples"}, json=SUM).json()
    there = client.post("/explorer/arithmetic", params={"dataset": "portraits"}, json=SUM).json()
    assert all(near["point"].startswith("samples/") for near in here["neighbours"])
    assert here["near"].startswith("Two samples taken at random lie ")
    assert here["picture"] == there["picture"]
    assert there == ask(client, "arithmetic", SUM)


def test_what_is_made_is_kept_as_a_point_with_its_picture_and_place(client, workspace, toy_latents):
    kept, latent = ask(client, "keep-arithmetic", SUM), (toy_latents[3] + toy_latents[8]) / 2
    view = workspace.open("toy")
    torch.testing.assert_close(asyncio.run(view.latent(Point.of(kept["id"]))), latent)
    np.testing.assert_allclose(kept["coordinates"], view.latents.place(latent[None])[0], rtol=1e-5)
    assert shows(kept["original"], latent)
    again = client.get("/explorer/own", params={"model": "toy"}).json()["own"]
    assert kept in again


def test_a_point_that_was_made_is_as_good_as_any(client, toy_latents):
    point = ask(client, "keep-arithmetic", SUM)["id"]
    latent = (toy_latents[3] + toy_latents[8]) / 2
    assert shows(ask(client, "keep", MORPH | {"a": point, "alpha": 0})["original"], latent)
    wish = {"model": "toy", "terms": [{"point": point, "weight": 2}]}
    assert shows(ask(client, "arithmetic", wish)["picture"], 2 * latent)


def test_a_row_has_a_picture_for_every_strength(client, workspace):
    key = ask(client, "dimension", {"model": "toy", "index": 2})["id"]
    cells = ask(client, "traverse", {"morph": MORPH, "direction": key})["cells"]
    assert len(cells) == len(STRENGTHS)
    for cell, strength in zip(cells, STRENGTHS, strict=True):
        steer = ({"direction": key, "strength": strength},)
        latent = asyncio.run(workspace.open("toy").point(Morph(**MORPH, steer=steer)))
        assert shows(cell, latent)
    few = ask(client, "traverse", {"morph": MORPH, "direction": key, "strengths": [-3, 3]})["cells"]
    assert few == [cells[0], cells[-1]]


def test_dimensions_are_listed_and_each_can_be_had(client):
    listed = client.get("/explorer/dimensions", params={"model": "toy"}).json()["dimensions"]
    assert sorted(one["index"] for one in listed) == list(range(8))
    spread = [one["std"] for one in listed]
    assert spread == sorted(spread, reverse=True)
    for one in listed[:2]:
        added = ask(client, "dimension", {"model": "toy", "index": one["index"]})
        assert (added["name"], added["std"]) == (one["title"], one["std"])


def test_a_mix_is_of_a_model_with_places(client, spatial):
    whole = [[1.0] * 8] * 8
    wish = {"model": "toy-spatial", "a": 1, "b": 2}
    mixed = ask(client, "style-mix", wish | {"mask": whole})
    assert list(mixed) == ["picture"]
    decoded = spatial.model.decode(asyncio.run(spatial.latent(Point.of(2)))[None])
    assert psnr(picture(mixed["picture"]), to_uint8(decoded)[0]) >= 30
    kept = ask(client, "keep-style-mix", wish | {"cutoff": 1.0})["id"]
    assert spatial.shared.own_points.get(Point.of(kept), "toy-spatial").latent.shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("path", "wish", "status", "sentence"),
    [
        ("arithmetic", SUM | {"terms": []}, 400, "terms: "),
        ("arithmetic", SUM | {"terms": SUM["terms"] * MAX_TERMS}, 400, "terms: "),
        (
            "arithmetic",
            SUM | {"terms": [{"point": 1, "weight": 11}]},
            400,
            "terms.0.weight: Input",
        ),
        ("arithmetic", SUM | {"terms": [{"point": 1, "weight": "much"}]}, 400, "terms.0.weight: "),
        ("arithmetic", SUM | {"terms": [{"point": -1, "weight": 1}]}, 400, "terms.0.point: expected a point"),
        (
            "arithmetic",
            SUM | {"terms": [{"point": 60, "weight": 1}]},
            404,
            "'60' is not in the data set portraits",
        ),
        ("arithmetic", SUM | {"model": "gan"}, 400, "model: expected one of face-vae"),
        ("arithmetic", SUM | {"model": "sd-vae"}, 409, "Not loaded yet"),
        ("style-mix", MORPH | {"cutoff": 1.0}, 400, "toy: its latent has no places"),
        ("style-mix", MORPH, 400, "expected either a cutoff or a mask"),
        ("style-mix", MORPH | {"mask": [[0.0], [0.0, 1.0]]}, 400, "mask: expected rows of one length"),
        ("traverse", {"morph": MORPH, "direction": "nobody"}, 404, "direction 'nobody' is unknown"),
        ("traverse", {"morph": MORPH, "direction": "x", "strengths": [0] * 34}, 400, "strengths: "),
        ("dimension", {"model": "toy", "index": 8}, 400, "expected one of the dimensions that vary"),
        ("dimension", {"model": "toy", "index": "first"}, 400, "index: "),
        ("keep", MORPH | {"alpha": 2}, 400, "alpha: "),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(client, path, wish, status, sentence):
    found, told = refused(client, path, wish)
    assert (found, told[: len(sentence)]) == (status, sentence)


@pytest.mark.parametrize("strengths", [[11], [-10.5]])
def test_strengths_beyond_the_limit_are_refused(client, strengths):
    key = ask(client, "dimension", {"model": "toy", "index": 0})["id"]
    status, told = refused(client, "traverse", {"morph": MORPH, "direction": key, "strengths": strengths})
    assert (status, "strength" in told, str(strengths[0]) in told) == (400, True, True)


def test_a_point_of_another_model_says_where_it_belongs(client, spatial):
    kept = ask(client, "keep-style-mix", {"model": "toy-spatial", "a": 1, "b": 2, "cutoff": 1.0})["id"]
    told = f"{kept} belongs to toy-spatial: its latent means nothing to toy"
    for path, wish in [
        ("arithmetic", {"model": "toy", "terms": [{"point": kept, "weight": 1}]}),
        ("keep", MORPH | {"a": kept}),
        ("path", MORPH | {"b": kept}),
        ("sprite", {"morph": MORPH | {"a": kept}, "alphas": [0]}),
        ("find-direction", {"model": "toy", "method": "mean-difference", "plus": [kept], "minus": [1]}),
    ]:
        assert refused(client, path, wish) == (404, told)

"""Slices of a path: which pictures come in which order, and what is refused."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.measures import psnr
from explorer.operations.interpolation import slerp
from models.pictures import sprite, to_uint8
from models.toys.vector import ToyModel
from tests.explorer.waiting import wait

MORPH = {"model": "toy", "a": 1, "b": 2}
ALPHAS = [1.0, 0.0, 0.25]


def ask(client, **changes):
    return client.post("/explorer/sprite", content=json.dumps({"morph": MORPH, "alphas": ALPHAS} | changes))


def picture(answer):
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_slice_holds_the_frames_in_the_order_of_its_alphas(client, toy_latents):
    a, b = toy_latents[1], toy_latents[2]
    frames = to_uint8(ToyModel().decode(slerp(a, b, torch.tensor(ALPHAS))))
    found = picture(ask(client))
    assert found.shape == (16, 3 * 16, 3)
    own = psnr(found, sprite(frames))
    assert own >= 30  # noise is hard on a JPEG
    assert own > psnr(found, sprite(frames[::-1].copy())) + 3


def test_a_slice_tells_how_long_a_frame_takes(client):
    assert float(ask(client).headers["X-Milliseconds-Per-Frame"]) > 0


def test_a_slice_of_a_cross_fade_mixes_the_pictures(client, toy_latents):
    ends = to_uint8(ToyModel().decode(toy_latents[[1, 2]])).astype(float)
    found = picture(ask(client, morph=MORPH | {"method": "cross-fade"}, alphas=[0.5]))
    assert psnr(found, np.round(ends.mean(0)).astype(np.uint8)) >= 30


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"alphas": []}, 400, "alphas: "),
        ({"alphas": [0.5] * 10_000}, 400, "alphas: Tuple should have at most 32 items"),
        ({"alphas": [float("nan")]}, 400, "alphas.0: "),
        ({"alphas": [1.5]}, 400, "alphas.0: "),
        ({"alphas": ["middle"]}, 400, "alphas.0: "),
        ({"alphas": 9}, 400, "alphas: "),
        ({"morph": None}, 400, "morph: "),
        ({"morph": MORPH | {"model": "gan"}}, 400, "morph.model: "),
        ({"morph": MORPH | {"a": 9999}}, 404, "'9999' is not in the data set portraits: expected 0 to 59"),
        ({"morph": MORPH | {"b": "mine/" + 32 * "0"}}, 404, "mine/0000"),
        ({"morph": MORPH | {"b": "u" + 32 * "0"}}, 404, "'u0000"),
        (
            {"morph": MORPH | {"b": "galaxies/3"}},
            400,
            "dataset: expected one of portraits, samples for toy",
        ),
        ({"morph": MORPH | {"b": "samples/3"}}, 404, "the data set 'samples' is not open in toy"),
        ({"morph": MORPH | {"b": -1}}, 400, "morph.b: expected a point, such as 17, samples/5 or mine/3f…"),
        ({"morph": MORPH | {"steer": [{"direction": "nobody"}]}}, 404, "direction 'nobody'"),
        ({"morph": MORPH | {"model": "sd-vae"}}, 409, "Not loaded yet"),
        ({"slow": True}, 400, "slow: "),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_a_sentence(client, changes, status, sentence):
    answer = ask(client, **changes)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert answer.json()["error"].startswith(sentence)
    assert picture(ask(client)).shape == (16, 48, 3)  # and the next is answered


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 10_000])
def test_what_is_no_wish_is_refused(client, text):
    assert client.post("/explorer/sprite", content=text).status_code == 400


@pytest.mark.parametrize("point", [1, "portraits/1"])
def test_a_value_comes_as_the_file_that_it_is(client, toy_latents, point):
    answer = client.post("/explorer/value", json=MORPH | {"a": point, "b": point, "alpha": 0})
    assert psnr(picture(answer), to_uint8(ToyModel().decode(toy_latents[1:2]))[0]) >= 30


def test_a_model_shows_points_of_whichever_data_set_is_open(client, workspace, monkeypatch):
    """A morph names none: its model may have been prepared for another than its first."""
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    workspace.prepare("toy-spatial", "samples")
    wait(workspace, "toy-spatial", "samples")
    shown = MORPH | {"model": "toy-spatial", "a": "samples/1", "b": "samples/2"}
    assert picture(ask(client, morph=shown)).shape == (64, 3 * 64, 3)
    answer = ask(client, morph=shown | {"a": 1})
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("the data set 'portraits' is not open in toy-spatial: choose it")

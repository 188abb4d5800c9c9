"""Slices of a path: which pictures come in which order, and what is refused."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.measures.metrics import psnr
from explorer.operations.interpolation import slerp
from models.pictures import sprite, to_uint8
from models.toy import ToyModel

MORPH = {"model": "toy", "a": 1, "b": 2}
ALPHAS = [1.0, 0.0, 0.25]


def ask(client, **changes):
    return client.post("/explorer/sprite", content=json.dumps({"morph": MORPH, "alphas": ALPHAS} | changes))


def picture(answer):
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_slice_holds_the_frames_in_the_order_of_its_alphas(client, toy_dataset):
    a, b = toy_dataset.latents[1], toy_dataset.latents[2]
    frames = to_uint8(ToyModel().decode(slerp(a, b, torch.tensor(ALPHAS))))
    found = picture(ask(client))
    assert found.shape == (16, 3 * 16, 3)
    own = psnr(found, sprite(frames))
    assert own >= 30  # noise is hard on a JPEG
    assert own > psnr(found, sprite(frames[::-1].copy())) + 3


def test_a_slice_tells_how_long_a_frame_takes(client):
    assert float(ask(client).headers["X-Milliseconds-Per-Frame"]) > 0


def test_a_slice_of_a_cross_fade_mixes_the_pictures(client, toy_dataset):
    ends = to_uint8(ToyModel().decode(toy_dataset.latents[[1, 2]])).astype(float)
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
        ({"morph": MORPH | {"a": 9999}}, 404, "point '9999' is unknown"),
        ({"morph": MORPH | {"b": "u" + 32 * "0"}}, 404, "upload u0000"),
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

"""The named endpoints: what may be left out, what is refused and in which words, and what starts nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.data import Point
from explorer.panels import MOST_CALLS
from explorer.routes import MAX_UPLOAD
from explorer.routes.api_frames import view_for
from explorer.settings import Settings
from explorer.steering import Morph, Steer
from explorer.views import NotReadyError, View, add_dimension, keep
from explorer.workspace import Workspace
from models.errors import InputError
from models.pictures import to_uint8
from models.toys.vector import ToyModel
from tests.explorer.conftest import lossless
from tests.explorer.routes.conftest import logged
from tests.explorer.waiting import wait

pytestmark = pytest.mark.usefixtures("unchecked")  # as callers meet them, whose kinds nothing else checks


def call(served, name, *data):
    return served.post(f"/gradio_api/run/{name}", json={"data": list(data)})


def result(served, name, *data):
    answer = call(served, name, *data)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]


def refused(served, name, *data):
    answer = call(served, name, *data)
    assert answer.status_code == 500, answer.text
    return answer.json()["error"]


def picture(file):
    return np.asarray(Image.open(Path(file["path"])))


def decoded(latents):
    return to_uint8(ToyModel().decode(latents))


@pytest.fixture
def prepared(monkeypatch):
    """The models that a call begins to prepare."""
    names, real = [], Workspace.prepare

    def prepare(workspace, model, *more, **options):
        names.append(model)
        return real(workspace, model, *more, **options)

    monkeypatch.setattr(Workspace, "prepare", prepare)
    return names


def test_without_a_model_the_apps_own_is_meant(served, workspace, toy_latents):
    key, _ = add_dimension(workspace.open("toy"), 3)
    np.testing.assert_array_equal(picture(result(served, "decode", 7, None)), decoded(toy_latents[7:8])[0])
    assert result(served, "points", None, 58, 100)["model"] == "toy"
    assert result(served, "directions", None) == []
    found = result(served, "find_direction", "ridge", "age", None, None, None, None, "older", None)
    assert found["name"] == "older"
    ends = [picture(result(served, "interpolate", 1, 2, alpha, "slerp", None)) for alpha in (0, 1)]
    np.testing.assert_array_equal(ends, decoded(toy_latents[1:3]))
    steered = Morph(model="toy", a=1, b=1, method="lerp", alpha=0, steer=(Steer(direction=key, strength=2),))
    [expected] = asyncio.run(workspace.open("toy").frames(steered, [0.0]))
    shown = picture(result(served, "apply_direction", 1, key, 2, None, None))
    np.testing.assert_array_equal(shown, expected)
    row = picture(result(served, "traverse", 1, None, 3, [2, 2], None))
    np.testing.assert_array_equal(row, np.hstack([expected, expected]))
    made = result(served, "arithmetic", [3, "4"], [0.5, 0.5], None)
    latent = workspace.shared.own_points.get(Point.of(made["point"]), "toy").latent
    np.testing.assert_allclose(latent, (toy_latents[3] + toy_latents[4]) / 2, atol=1e-6)


def test_points_are_told_by_names_that_every_endpoint_takes(served):
    told = result(served, "points", "toy", 58, 100)
    assert (told["dataset"], told["count"]) == ("portraits", 60)
    assert [point["point"] for point in told["points"]] == ["58", "59"]
    assert told["points"][1]["split"] == "held-out"
    assert set(told["points"][0]["labels"]) == {"age", "hair"}


POINT = "expected a point, such as 17, samples/5 or mine/3f…"
MOST, LIST = "Input should be less than or equal to", "Input should be a valid list"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("decode", (-1, None), f"point: {POINT}, got -1"),
        ("decode", ("-1", None), f"point: {POINT}, got '-1'"),
        ("decode", (None, None), f"point: {POINT}, got None"),
        ("decode", (1.5, None), f"point: {POINT}, got 1.5"),
        ("decode", ("../x", None), f"point: {POINT}, got '../x'"),
        ("decode", (60, None), "'60' is not in the data set portraits: expected 0 to 59"),
        ("decode", (1, "gan"), "model: expected one of face-vae"),
        ("decode", (1, 5), "model: Input should be a valid string, got 5"),
        ("decode", (1, ["toy"]), "model: Input should be a valid string, got ['toy']"),
        ("arithmetic", ("x", 1, None), f"points: {LIST}, got 'x'"),
        ("arithmetic", ([1], 1, None), f"weights: {LIST}, got 1"),
        ("arithmetic", ([1], [100], None), f"weights.0: {MOST} 10, got 100"),
        ("arithmetic", ([1], ["much"], None), "weights.0: Input should be a valid number"),
        ("arithmetic", ([1, -2], [1, 1], None), f"points.1: {POINT}, got -2"),
        ("arithmetic", ([], [], None), "points: List should have at least 1 item"),
        ("arithmetic", ([1, 2], [1], None), "weights: expected one a point, got 1 for 2"),
        ("interpolate", ("x y", 1, 0.5, "slerp", None), f"a: {POINT}, got 'x y'"),
        ("interpolate", (1, [2], 0.5, "slerp", None), f"b: {POINT}, got [2]"),
        ("interpolate", (1, 2, 2, "slerp", None), f"alpha: {MOST} 1, got 2"),
        ("interpolate", (1, 2, 0.5, "bend", None), "method: expected one of slerp, lerp, cross-fade"),
        ("traverse", (1, None, None, None, None), "traverse: expected either a direction or a coordinate"),
        ("traverse", (1, None, "first", None, None), "coordinate: Input should be a valid integer"),
        ("traverse", (1, None, 0, [11], None), f"strengths.0: {MOST} 10, got 11"),
        ("traverse", (1, None, 0, 3, None), f"strengths: {LIST}, got 3"),
        ("traverse", (1, None, 0, [0] * 34, None), "strengths: Tuple should have at most 33 items"),
        ("traverse", (1, "No such", None, None, None), "direction: String should match pattern"),
        ("traverse", (1, "nobody", None, None, None), "direction 'nobody' is unknown or no longer kept"),
        ("apply_direction", (1, 7, 1, None, None), "direction: Input should be a valid string, got 7"),
        ("apply_direction", (1, "age", 11, None, None), f"strength: {MOST} 10, got 11"),
        ("apply_direction", (1, "age", "much", None, None), "strength: Input should be a valid number"),
        ("apply_direction", (1, "age", 1, "hair", None), f"hold: {LIST}, got 'hair'"),
        ("apply_direction", (1, "age", 1, ["a b"], None), "hold.0: String should match pattern"),
        ("points", ("toy", -1, 10), "offset: Input should be greater than or equal to 0, got -1"),
        ("points", ("toy", 0, 1001), f"limit: {MOST} 1000, got 1001"),
        ("points", ("toy", "x", 10), "offset: Input should be a valid integer"),
        ("encode", ("face.png", None), "image: Input should be a valid dictionary"),
        ("find_direction", ("guess", "age", None, None, None, None, "", None), "method: expected one of"),
        ("find_direction", ("svm", None, None, None, None, None, "", None), "svm wants either a label"),
        ("find_direction", ("svm", "mood", None, None, None, None, "", None), "label: expected one of age"),
        ("find_direction", ("svm", None, None, [-1], [2], None, "", None), f"plus.0: {POINT}, got -1"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_the_parameters_own_name(served, caplog, name, data, sentence):
    assert refused(served, name, *data).startswith(sentence)
    assert not logged(caplog), "nothing is wrong with the server"


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ("galaxies/1", "galaxies/1: expected a point of one of the data sets portraits, samples"),
        ("60", "'60' is not in the data set portraits: expected 0 to 59"),
        ("mine/0000", "mine/0000 is unknown or no longer kept: open the picture again"),
    ],
)
def test_a_point_that_no_model_can_have_starts_nothing(served, workspace, prepared, point, sentence):
    model = "toy-tokens"
    calls = [
        ("decode", point, model),
        ("interpolate", 1, point, 0.5, "slerp", model),
        ("apply_direction", point, "age", 1, None, model),
        ("traverse", point, None, 0, None, model),
        ("arithmetic", [1, point], [1, 1], model),
        ("find_direction", "svm", None, None, [1], [point], None, "", model),
    ]
    assert {refused(served, *one) for one in calls} == {sentence}
    assert prepared == []
    assert workspace.status(model).stage.state == "absent"


def test_a_point_of_another_model_belongs_there_and_starts_nothing(served, workspace, prepared, toy_latents):
    point = str(keep(workspace.open("toy"), toy_latents[3], "me"))
    told = f"{point} belongs to toy: its latent means nothing to toy-layers"
    assert refused(served, "decode", point, "toy-layers") == told
    assert refused(served, "arithmetic", [point], [1], "toy-layers") == told
    assert prepared == []
    with pytest.raises(NotReadyError):
        workspace.open("toy-layers")
    shown = picture(result(served, "decode", point, "toy"))
    np.testing.assert_array_equal(shown, decoded(toy_latents[3:4])[0])


def test_a_points_own_data_set_is_opened(served, workspace, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    shown = picture(result(served, "decode", "samples/3", "toy"))
    drawn = workspace.open("toy", "samples").latents.latents
    np.testing.assert_array_equal(shown, decoded(drawn[3:4])[0])
    assert picture(result(served, "interpolate", 1, "samples/3", 1, "slerp", None)).shape == (16, 16, 3)
    told = result(served, "arithmetic", ["samples/3", 1], [1, 0], None)
    assert told["neighbours"][0]["point"] == "samples/3", "judged by the first point's data"


def test_a_point_of_a_data_set_that_its_model_cannot_show_says_so(served, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    told = "dataset: expected one of samples for toy-generator, got 'portraits'"
    assert refused(served, "decode", 3, "toy-generator") == told


def test_a_bare_number_is_of_the_bundled_data_also_beside_a_folder(tmp_path, toy_dataset, toy_latents):
    """A person's own pictures come first, and must not take the names of programs and links from before."""
    folder = replace(toy_dataset.with_files(), name="pictures")
    settings = Settings(model="toy", device="cpu", cache_dir=tmp_path)
    with Workspace(settings, {"pictures": folder, "portraits": toy_dataset}) as workspace:
        view = asyncio.run(view_for(workspace, None, Point.of(17)))
        assert view.dataset.name == "portraits"
        assert torch.equal(asyncio.run(view.latent(Point.of(17))), toy_latents[17])
        assert asyncio.run(view_for(workspace, None)).dataset.name == "pictures"


@pytest.mark.parametrize("kind", [ValueError, KeyError])
def test_a_fault_of_ours_is_logged_and_tells_the_caller_nothing(served, monkeypatch, caplog, kind):
    async def broken(*_):
        raise kind("secret")

    monkeypatch.setattr(View, "decoded", broken)
    assert refused(served, "decode", 1, None) == "Something went wrong on the server; its log says more."
    assert "secret" in caplog.text


def test_what_the_caller_asked_for_is_told_and_not_logged(served, monkeypatch, caplog):
    async def impossible(*_):
        raise InputError("this cannot be done")

    monkeypatch.setattr(View, "decoded", impossible)
    assert refused(served, "decode", 1, None) == "this cannot be done"
    assert not logged(caplog)


def test_a_model_without_an_encoder_says_so(served, workspace, monkeypatch):
    monkeypatch.setattr("explorer.data.samples.COUNT", 24)
    workspace.prepare("toy-generator")
    wait(workspace, "toy-generator")
    file = lossless(np.zeros((64, 64, 3), np.uint8), 64)
    [path] = served.post("/gradio_api/upload", files={"files": ("x.webp", file)}).json()
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    assert refused(served, "encode", file, "toy-generator").startswith("toy-generator has no encoder")
    assert result(served, "points", "toy-generator", 0, 1)["points"][0]["point"] == "samples/0"
    assert picture(result(served, "decode", "samples/0", "toy-generator")).shape == (64, 64, 3)


def test_calls_that_wait_and_files_are_bounded(page, served):
    blocks = page.routes[-1].app.get_blocks()
    assert blocks._queue.max_size == MOST_CALLS
    much = served.post("/gradio_api/upload", files={"files": ("x.png", bytes(MAX_UPLOAD + 1))})
    assert much.status_code == 413

"""The named endpoints, called over the wire as a program would."""

import time

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from pictures import write
from PIL import Image
from websockets.sync.client import connect

from explorer.operations import Jacobian, around, hold, steer
from explorer.steering import load_built_in
from models.pictures import to_uint8


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    return Client(
        app.url, verbose=False, analytics_enabled=False, download_files=str(tmp_path_factory.mktemp("api"))
    )


def pixels(path):
    return np.asarray(Image.open(path))


def test_the_endpoints_are_named_and_typed(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    pictures = {"/models", "/points", "/encode", "/decode", "/interpolate"}
    assert pictures | {"/directions", "/find_direction", "/apply_direction"} <= set(endpoints)
    types = {
        name: {p["parameter_name"]: p["type"] for p in endpoints[name]["parameters"]}
        for name in ("/interpolate", "/apply_direction")
    }
    assert set(types["/interpolate"]) == {"a", "b", "alpha", "method", "model"}
    assert set(types["/apply_direction"]) == {"point", "direction", "strength", "hold", "model"}
    assert types["/interpolate"]["alpha"] == types["/apply_direction"]["strength"] == {"type": "number"}


def models_by_name(client):
    return {model["name"]: model for model in client.predict(api_name="/models")}


def test_models_says_what_can_be_chosen(client):
    client.predict(0, api_name="/decode")  # which waits until the model decodes; it is made faster after that
    until = time.monotonic() + 60  # this machine may be busy
    while (models := models_by_name(client))["face-vae"]["state"] == "loading" and time.monotonic() < until:
        time.sleep(0.1)
    assert models["face-vae"]["state"] == "ready"
    assert models["face-vae"]["image_size"] == 128
    assert {"sd-vae-tiny", "sd-vae"} <= set(models)


def test_points_pages_through_the_portraits(client, dataset):
    answer = client.predict(offset=10, limit=3, api_name="/points")
    assert answer["count"] == len(dataset)
    assert [point["point"] for point in answer["points"]] == ["10", "11", "12"]
    assert answer["points"][0]["labels"]["age"] == pytest.approx(dataset.labels["age"][10])


def test_decode_is_the_models_own_decode(client, face_vae, dataset):
    picture = pixels(client.predict(point="17", api_name="/decode"))
    assert np.array_equal(picture, to_uint8(face_vae.decode(dataset.shipped.latents[17:18]))[0])


def test_a_picture_is_encoded_decoded_and_morphed(client, astronaut):
    latent = client.predict(image=handle_file(astronaut), api_name="/encode")
    decoded = pixels(client.predict(point=latent, api_name="/decode"))
    start = pixels(client.predict(a=latent, b=5, alpha=0, api_name="/interpolate"))
    halfway = pixels(client.predict(a=latent, b=5, alpha=0.5, method="lerp", api_name="/interpolate"))
    assert np.abs(start.astype(int) - decoded).max() <= 1
    assert not np.array_equal(start, halfway)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": 17, "b": 23, "alpha": 1.5}, "alpha"),
        ({"a": 17, "b": 23, "alpha": -0.1}, "alpha"),
        ({"a": 17, "b": 23, "alpha": "nan"}, "alpha"),
        ({"a": 999999, "b": 23}, "999999"),
        ({"a": "nobody", "b": 23}, "nobody"),
        ({"a": 17, "b": 23, "method": "teleport"}, "teleport"),
        ({"a": 17, "b": 23, "model": "no-such-model"}, "no-such-model"),
    ],
)
def test_bad_arguments_are_explained(client, arguments, message):
    with pytest.raises((AppError, ValueError), match=message):
        client.predict(**arguments, api_name="/interpolate")


@pytest.mark.parametrize("kind", ["text", "empty", "bomb"])
def test_bad_files_are_explained(client, tmp_path, kind):
    path = write(tmp_path, kind, np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(AppError, match=r"picture|empty|megapixels"):
        client.predict(image=handle_file(path), api_name="/encode")


def test_a_path_on_the_server_is_not_a_picture_to_encode(app, astronaut):
    """Asked without a client, which would upload the file first."""
    mark = {"_type": "gradio.FileData"}
    for path in (astronaut, astronaut.with_name("no-such.png")):
        body = {"data": [{"path": str(path), "meta": mark}, "face-vae"]}
        answer = httpx.post(f"{app.url}gradio_api/call/encode", json=body)
        told = answer.json()["detail"]
        assert (answer.status_code, told.partition(":")[0]) == (
            403,
            "Only files that were uploaded to this server are read",
        )


def test_the_shipped_directions_are_told(client):
    directions = {d["id"]: d for d in client.predict(api_name="/directions")}
    smile = directions["smile"]
    assert (smile["name"], smile["built_in"], smile["score_name"]) == ("smile", True, "R²")
    assert smile["std"] > 0
    assert client.predict(model="toy", api_name="/directions") == []


def test_a_shipped_direction_moves_a_picture_as_computed_directly(client, face_vae, dataset):
    built_in = load_built_in(face_vae.space, dataset)
    smile, age, glasses = (built_in[key] for key in ("smile", "age", "glasses"))
    latent, every = dataset.shipped.latents[17], [smile, age, glasses]
    response = Jacobian.measured(every, face_vae.reencode(around(latent, every)))
    for held, direction in [([], smile), (["age", "glasses"], hold(smile, [age, glasses], response))]:
        path = client.predict(point=17, direction="smile", strength=2, hold=held, api_name="/apply_direction")
        moved = steer(dataset.shipped.latents[17:18], [direction], [2])
        expected = to_uint8(face_vae.decode(moved))[0]
        assert np.abs(pixels(path).astype(int) - expected).max() <= 1


def test_no_strength_is_the_picture_itself(client):
    still = client.predict(point=17, direction="smile", strength=0, api_name="/apply_direction")
    assert np.array_equal(pixels(still), pixels(client.predict(point=17, api_name="/decode")))


def test_a_direction_is_found_and_applied(client, face_vae, dataset):
    found = client.predict(plus=[1, "2"], minus=[5], name="mine", api_name="/find_direction")
    assert (found["name"], found["data"]) == ("mine", "2 points against 1: 1, 2 against 5")
    way = dataset.shipped.latents[1:3].mean(0) - dataset.shipped.latents[5]
    moved = dataset.shipped.latents[17] + 1.5 * found["std"] * way / way.norm()
    path = client.predict(point=17, direction=found["id"], strength=1.5, api_name="/apply_direction")
    expected = to_uint8(face_vae.decode(moved[None]))[0]
    assert np.abs(pixels(path).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"label": "smile", "method": "ridge"}, "smile"),
        ({"label": "glasses", "value": "round"}, "glasses: round"),
        ({"method": "pca", "component": 0}, "Principal component 1"),
    ],
)
def test_every_kind_of_direction_is_found(client, arguments, name):
    assert client.predict(**arguments, api_name="/find_direction")["name"] == name


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        ("apply", {"strength": 10.5}, "less than or equal to 10, got 10.5"),
        ("apply", {"strength": -11}, "greater than or equal to -10, got -11"),
        ("apply", {"strength": "nan"}, "strength: "),
        ("apply", {"strength": "much"}, "strength: .*got 'much'"),
        ("apply", {"direction": "nobody"}, "direction 'nobody' is unknown"),
        ("apply", {"direction": "../etc"}, "direction: "),
        ("apply", {"hold": ["nobody"]}, "direction 'nobody' is unknown"),
        ("apply", {"hold": ["smile"] * 100}, "hold: List should have at most 63 items"),
        ("apply", {"point": 999999}, "999999"),
        ("apply", {"model": "no-such-model"}, "no-such-model"),
        ("find", {}, "wants either a label, or two groups"),
        ("find", {"label": "mood"}, "label: expected one of age"),
        ("find", {"label": "glasses"}, "value: expected one of none"),
        ("find", {"label": "age", "method": "guess"}, "method: expected one of"),
        ("find", {"plus": [1], "minus": [1]}, "both groups are the same points"),
        ("find", {"plus": [1], "minus": []}, "group − is empty"),
        ("find", {"plus": [1], "minus": [999999]}, "999999"),
        ("find", {"method": "pca", "component": 200}, "component: expected 0 to 127, got 200"),
        ("find", {"method": "pca", "component": 999}, "component: Input should be less than 256, got 999"),
    ],
)
def test_bad_directions_are_explained(client, endpoint, arguments, message):
    usual = {"apply": {"point": 17, "direction": "smile", "strength": 1}, "find": {}}[endpoint]
    with pytest.raises((AppError, ValueError), match=message):
        client.predict(**usual | arguments, api_name=f"/{endpoint}_direction")


def test_points_refuses_a_page_too_large(client):
    with pytest.raises(AppError, match="limit"):
        client.predict(limit=100_000, api_name="/points")


def test_frames_are_not_deflated_once_more(app):
    """JPEGs get no smaller; to try took a quarter of the server's time."""
    with connect(app.url.replace("http", "ws") + "explorer/live", compression="deflate") as channel:
        assert channel.protocol.extensions == []


def test_encode_tells_a_program_which_frame_it_took(client, tmp_path):
    file = write(tmp_path, "animated GIF", np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    job = client.submit(image=handle_file(file), api_name="/encode")
    assert job.result().startswith("mine/")
    updates = job.communicator.updates  # all that came; `status` tells the last only
    told = [getattr(updates.get_nowait(), "log", None) for _ in range(updates.qsize())]
    assert ("This GIF has several frames: the first is used.", "info") in told

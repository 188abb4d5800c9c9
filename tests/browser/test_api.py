"""The named endpoints, called over the wire as a program would."""

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from pictures import write
from PIL import Image

from explorer.images import to_uint8


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    return Client(
        app.url, verbose=False, analytics_enabled=False, download_files=str(tmp_path_factory.mktemp("api"))
    )


def pixels(path):
    return np.asarray(Image.open(path))


def test_the_endpoints_are_named_and_typed(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/models", "/points", "/encode", "/decode", "/interpolate"}
    parameters = {p["parameter_name"]: p["type"] for p in endpoints["/interpolate"]["parameters"]}
    assert set(parameters) == {"a", "b", "alpha", "method", "model"}
    assert parameters["alpha"] == {"type": "number"}


def test_models_says_what_can_be_chosen(client):
    models = {model["name"]: model for model in client.predict(api_name="/models")}
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
    assert np.array_equal(picture, to_uint8(face_vae.decode(dataset.latents[17:18]))[0])


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


def test_a_path_on_the_server_is_not_a_picture_to_encode(client):
    """Only files that the caller uploaded may be read."""
    with pytest.raises(AppError):
        client.predict(image={"path": "/etc/hostname"}, api_name="/encode")


def test_points_refuses_a_page_too_large(client):
    with pytest.raises(AppError, match="limit"):
        client.predict(limit=100_000, api_name="/points")

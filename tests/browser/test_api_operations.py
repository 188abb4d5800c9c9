"""The named endpoints traverse and arithmetic, called over the wire as a program would."""

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from explorer.operations import traversal
from explorer.steering import load_built_in
from models.pictures import sprite, to_uint8


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("api"))
    return Client(app.url, verbose=False, analytics_enabled=False, download_files=folder)


def close(path, pictures):
    """Whether the file is these pictures side by side, but for a level of rounding."""
    return np.abs(np.asarray(Image.open(path)).astype(int) - sprite(pictures)).max() <= 1


def test_a_traversal_along_a_direction_is_the_row_computed_directly(client, face_vae, dataset):
    smile = load_built_in(face_vae.space, dataset)["smile"]
    expected = to_uint8(face_vae.decode(traversal.traverse(dataset.shipped.latents[17], smile)))
    assert close(client.predict(point=17, direction="smile", api_name="/traverse"), expected)


def test_a_traversal_along_a_dimension_changes_it_alone(client, face_vae, dataset):
    train = dataset.shipped.latents[dataset.splits == "train"]
    latents = dataset.shipped.latents[17].repeat(2, 1)
    latents[:, 3] += torch.tensor([-1.0, 2.5]) * train[:, 3].std(correction=0)
    path = client.predict(point="17", coordinate=3, strengths=[-1, 2.5], api_name="/traverse")
    assert close(path, to_uint8(face_vae.decode(latents)))


def test_arithmetic_gives_a_point_and_its_neighbours(client, face_vae, dataset):
    told = client.predict(points=[17, "23", 5], weights=[1, -0.5, 0.5], api_name="/arithmetic")
    latent = (
        dataset.shipped.latents[17] - 0.5 * dataset.shipped.latents[23] + 0.5 * dataset.shipped.latents[5]
    )
    assert close(
        client.predict(point=told["point"], api_name="/decode"), to_uint8(face_vae.decode(latent[None]))
    )
    nearest = (dataset.shipped.latents - latent).norm(dim=1).argsort()[:5].tolist()
    assert [int(neighbour["point"]) for neighbour in told["neighbours"]] == nearest
    assert "add up to 1," in told["sum"]


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        ("traverse", {}, "either a direction or a coordinate"),
        ("traverse", {"direction": "smile", "coordinate": 3}, "either a direction or a coordinate"),
        ("traverse", {"coordinate": 128}, r"coordinate: expected one of the dimensions .* got 128"),
        ("traverse", {"direction": "nobody"}, "nobody"),
        (
            "traverse",
            {"direction": "smile", "strengths": [11]},
            r"strengths\.0: .* less than or equal to 10, got 11",
        ),
        ("traverse", {"direction": "smile", "strengths": []}, "at least 1 item"),
        ("arithmetic", {"points": [], "weights": []}, "at least 1 item"),
        ("arithmetic", {"points": [1], "weights": []}, "weights: List should have at least 1 item"),
        ("arithmetic", {"points": [1, 2], "weights": [1]}, "expected one a point, got 1 for 2"),
        ("arithmetic", {"points": [999999], "weights": [1]}, "999999"),
        ("arithmetic", {"points": [1], "weights": ["nan"]}, r"weights\.0: Input should be a finite number"),
        ("arithmetic", {"points": [1], "weights": [11]}, "less than or equal to 10"),
    ],
)
def test_bad_arguments_are_explained(client, endpoint, arguments, message):
    usual = {"point": 17} if endpoint == "traverse" else {}
    with pytest.raises((AppError, ValueError), match=message):
        client.predict(**usual | arguments, api_name=f"/{endpoint}")

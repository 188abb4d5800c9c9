"""The drawers' routes below the wire: requests that are refused, and results that are computed by hand."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from explorer.data.latent_table import LatentStore, UnknownPointError
from explorer.measures.metrics import psnr
from explorer.operations.directions import Direction, Provenance, unit
from explorer.operations.traversal import VALUES, coordinates
from explorer.routes.arithmetic import Sum, judgement, sum_latent
from explorer.routes.made import keep
from explorer.routes.style_mix import Mix, mix_latent
from explorer.routes.traversal import Row, coordinates_of, row_latents
from explorer.steering.morph import Morph
from explorer.steering.rack import Steer, UnknownDirectionError
from models.pictures import to_uint8
from models.toy import ToyModel


def add_direction(workspace, seed):
    vector = unit(torch.randn(8, generator=torch.Generator().manual_seed(seed)))
    return workspace.steering("toy").add(Direction("some", vector, 0.1, Provenance("pca", "some", 1)))


def test_what_is_made_is_kept_as_a_point_with_its_picture_and_place(workspace, toy_dataset):
    latent = toy_dataset.latents[3] * 0.5 + toy_dataset.latents[8] * 0.5
    made = keep(workspace, "toy", latent)
    store = workspace.store("toy")
    torch.testing.assert_close(store.latent(made["id"]), latent)
    np.testing.assert_allclose(made["coordinates"], store.place(latent[None])[0])
    picture = np.asarray(Image.open(BytesIO(base64.b64decode(made["picture"].split(",")[1]))))
    assert psnr(picture, to_uint8(ToyModel().decode(latent[None]))[0]) >= 30  # noise is hard on a JPEG
    frame = workspace.frames(Morph(model="toy", a=made["id"], b=3), [0.0]).result(20)
    np.testing.assert_array_equal(frame, to_uint8(ToyModel().decode(latent[None])))


def test_a_cell_is_its_rows_morph_with_one_more_slider(workspace):
    """So that the page keeps a cell by saying what it shows."""
    slider, along = add_direction(workspace, 0), add_direction(workspace, 1)
    morph = Morph(model="toy", a=1, b=2, steer=(Steer(direction=slider, strength=1.5, hold=True),))
    row = row_latents(workspace, Row(morph=morph, direction=along))
    for value, latent in zip(VALUES, row, strict=True):
        steer = (*morph.steer, Steer(direction=along, strength=value))
        torch.testing.assert_close(
            workspace.point(morph.model_copy(update={"steer": steer})).result(20), latent
        )
    held = workspace.steering("toy").direction(slider).vector
    assert float((row[-1] - row[0]) @ held) == pytest.approx(0, abs=1e-5)


def test_a_traversal_along_what_is_held_moves_it(workspace):
    along = add_direction(workspace, 2)
    morph = Morph(model="toy", a=1, b=1, steer=(Steer(direction=along, hold=True),))
    row = row_latents(workspace, Row(morph=morph, direction=along, strengths=(0, 10)))
    assert float((row[1] - row[0]).norm()) == pytest.approx(10 * 0.1, rel=1e-4)


def test_coordinates_are_those_of_the_training_portraits(workspace, toy_dataset):
    train = toy_dataset.splits == "train"
    found = coordinates_of(workspace, "toy")
    expected = coordinates(
        toy_dataset.latents[train], {"age": toy_dataset.labels["age"].to_numpy(float)[train]}
    )
    assert list(found) == list(expected)
    assert found[0].provenance.correlations["age"] == pytest.approx(
        expected[0].provenance.correlations["age"]
    )


def test_a_sum_is_told_with_the_truth_it_lands_near(workspace, toy_dataset):
    terms = [{"point": 3, "weight": 1}, {"point": "4", "weight": -1}, {"point": 4, "weight": 1}]
    wish = Sum.model_validate({"model": "toy", "terms": terms})
    latent = sum_latent(workspace, wish)
    torch.testing.assert_close(latent, toy_dataset.latents[3])
    told = judgement(workspace.store("toy"), wish, latent)
    assert told["neighbours"][0] == {"point": "3", "distance": pytest.approx(0, abs=1e-4), "is_term": True}
    for neighbour in told["neighbours"]:
        assert neighbour["is_term"] == (neighbour["point"] in ("3", "4"))
    distances = (toy_dataset.latents - latent).norm(dim=1).sort().values
    assert [n["distance"] for n in told["neighbours"]] == pytest.approx(distances[:5].tolist(), abs=1e-4)
    assert told["typical"]
    assert "add up to 1," in told["sum"]
    pairs = torch.pdist(toy_dataset.latents)
    assert f"{pairs.square().mean().sqrt():.1f} apart" in told["near"]


def test_a_sum_that_leaves_the_data_says_so(workspace):
    wish = Sum.model_validate({"model": "toy", "terms": [{"point": 3, "weight": 10}]})
    told = judgement(workspace.store("toy"), wish, sum_latent(workspace, wish))
    assert not told["typical"]
    assert "guessing" in told["typicality"]
    assert "add up to 10, not to 1" in told["sum"]


@pytest.mark.parametrize(
    ("count", "weight"), [(1, float("nan")), (1, float("inf")), (1, 11), (1, "much"), (0, 1), (17, 1)]
)
def test_bad_sums_are_refused(count, weight):
    Sum.model_validate({"model": "toy", "terms": [{"point": 1, "weight": 1}] * 16})
    with pytest.raises(ValidationError, match="terms"):
        Sum.model_validate({"model": "toy", "terms": [{"point": 1, "weight": weight}] * count})


def test_unknown_points_and_directions_are_named(workspace):
    with pytest.raises(UnknownPointError, match="60"):
        sum_latent(workspace, Sum.model_validate({"model": "toy", "terms": [{"point": 60, "weight": 1}]}))
    with pytest.raises(UnknownDirectionError, match="nobody"):
        row_latents(workspace, Row(morph=Morph(model="toy", a=1, b=2), direction="nobody"))


@pytest.mark.parametrize("strengths", [(), (float("nan"),), (11,), (0,) * 34])
def test_bad_strengths_are_refused(workspace, strengths):
    with pytest.raises(ValueError, match="strength"):
        row_latents(
            workspace,
            Row(
                morph=Morph(model="toy", a=1, b=2), direction=add_direction(workspace, 3), strengths=strengths
            ),
        )


def test_before_anything_is_encoded_a_sum_is_judged_by_nothing(toy_dataset):
    store = LatentStore(
        ToyModel().space, toy_dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked")
    )
    wish = Sum.model_validate({"model": "toy", "terms": [{"point": 3, "weight": 1}]})
    told = judgement(store, wish, toy_dataset.latents[3])
    assert (told["neighbours"], told["typical"]) == ([], True)
    assert told["typicality"] == "No portraits are encoded yet that it could be compared with."


def test_a_vector_has_nothing_to_mix(workspace):
    with pytest.raises(ValueError, match="vector without places"):
        mix_latent(workspace, Mix(model="toy", a=1, b=2, cutoff=1.0))


@pytest.mark.parametrize(
    "wrong", [{}, {"cutoff": 1.0, "mask": [[0.0]]}, {"mask": []}, {"mask": [[0.0], [0.0, 1.0]]}]
)
def test_bad_mixes_are_refused(wrong):
    with pytest.raises(ValidationError):
        Mix.model_validate({"model": "toy", "a": 1, "b": 2, **wrong})

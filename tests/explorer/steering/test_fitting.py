"""Latents whose directions are known: x = y · v + noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from explorer.measures.direction_scores import MOST_WARNINGS, TELLING
from explorer.operations import DIRECTION_METHODS
from explorer.steering.fitting import Target, find_labelled, find_unlabelled, projected_std
from models.base import LatentSpace
from models.errors import InputError
from models.toys.vector import ToyModel

SHAPES = [(8,), (4, 8, 8), (3, 8)]
LABELLED = [name for name, entry in DIRECTION_METHODS.items() if entry.wants in ("classes", "numbers")]
UNLABELLED = [name for name in DIRECTION_METHODS if name not in LABELLED]


VECTOR = LatentSpace("vector", (8,), ("dim",))
SPATIAL = LatentSpace("spatial", (4, 8, 8), ("channel", "row", "column"))
LAYERED = LatentSpace("layered", (3, 8), ("layer", "dim"))
OF_TOKENS = LatentSpace("of tokens", (3, 5, 8), ("layer", "token", "dim"))


def space_of(latents: Tensor) -> LatentSpace:
    return next(space for space in (VECTOR, SPATIAL, LAYERED) if space.shape == latents.shape[1:])


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def along(
    values: np.ndarray, shape: tuple[int, ...] = (8,), strength: float = 3.0, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Latents that the values move along a unit vector; and that vector."""
    vector = noise(seed, *shape)
    vector /= vector.norm()
    places = torch.from_numpy(np.asarray(values, np.float32)).reshape(-1, *[1] * len(shape))
    return noise(seed + 1, len(values), *shape) + strength * places * vector, vector


def cosine(a: Tensor, b: Tensor) -> float:
    return float((a * b).sum() / a.norm() / b.norm())


def numbers(n: int = 400, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def test_every_method_says_what_it_is():
    for entry in DIRECTION_METHODS.values():
        assert entry.title
        assert entry.explanation.endswith(".")
        assert any(character.isdigit() for character in entry.source)


@pytest.mark.parametrize("method", LABELLED)
@pytest.mark.parametrize(("shape", "n", "least"), [((8,), 2000, 0.98), ((4, 8, 8), 3000, 0.8)])
def test_labels_lead_along_what_they_move(method, shape, n, least):
    values = numbers(n)
    latents, vector = along(values, shape)
    of_number = find_labelled(method, latents, Target("age", values, "invented"))
    of_class = find_labelled(method, latents, Target("old", values > 0, "invented"))
    for found in (of_number, of_class):
        assert cosine(found.vector, vector) > least
        assert found.std == pytest.approx(projected_std(found.vector, latents))
        assert found.provenance.method == method
        assert found.provenance.score is not None
        assert found.provenance.score > 0.8
    assert of_class.provenance.score_name == "accuracy"
    assert of_number.provenance.score_name == ("R²" if method == "ridge" else "accuracy")
    assert (of_number.name, of_number.provenance.data) == ("age", "invented")


@given(st.integers(0, 1000), st.floats(0.5, 5))
def test_sigma_is_the_spread_of_the_projections(seed, spread):
    latents = spread * noise(seed, 500, 8)
    axis = torch.eye(8)[seed % 8]
    assert projected_std(axis, latents) == pytest.approx(latents[:, seed % 8].numpy().std(), rel=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_point_against_one_is_their_difference(shape):
    latents = noise(0, 2, *shape)
    found = find_labelled("mean-difference", latents, Target("+ − −", np.array([True, False]), "two points"))
    assert cosine(found.vector, latents[0] - latents[1]) == pytest.approx(1)
    assert found.provenance.count == 2
    assert found.provenance.score is None
    assert found.provenance.score_name is None


@pytest.mark.parametrize("method", LABELLED)
def test_swapped_groups_lead_back(method):
    plus = numbers() > 0
    latents, _ = along(plus)
    there, back = (find_labelled(method, latents, Target("x", group, "")) for group in (plus, ~plus))
    assert cosine(there.vector, back.vector) < -0.999


@pytest.mark.parametrize("method", LABELLED)
def test_unknown_labels_are_left_out_with_a_note(method):
    values = numbers()
    latents, _ = along(values)
    known = find_labelled(method, latents[100:], Target("age", values[100:], ""))
    values[:100] = np.nan
    found = find_labelled(method, latents, Target("age", values, ""))
    torch.testing.assert_close(found.vector, known.vector)
    assert "100 of 400 labels are not known and were left out" in found.provenance.notes
    assert not any("not known" in note for note in known.provenance.notes)


def test_a_number_becomes_classes_by_its_outer_thirds():
    values = np.arange(90.0)
    latents, _ = along(values / 90)
    found = find_labelled("mean-difference", latents, Target("age", values, ""))
    assert "fitted on the upper and the lower third of the values" in found.provenance.notes
    assert found.provenance.count == 48  # 60 less a fifth


@pytest.mark.parametrize("values", [[0.0] * 38 + [1.0] * 2, [1.0] * 38 + [0.0] * 2, [0.0] * 20 + [1.0] * 20])
@pytest.mark.parametrize("method", LABELLED)
def test_0_and_1_are_classes_already_however_uneven(method, values):
    latents, _ = along(np.array(values), strength=9)
    of_number = find_labelled(method, latents, Target("glasses", np.array(values), ""))
    of_class = find_labelled(method, latents, Target("glasses", np.array(values) > 0, ""))
    torch.testing.assert_close(of_number.vector, of_class.vector)
    assert not any("third" in note for note in of_number.provenance.notes)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rare", [1, 2, 5])
def test_a_score_wants_held_out_latents_that_differ(rare):
    """Three values, nearly all alike: held-out latents may all have the same one."""
    values = np.zeros(100)
    values[:rare], values[rare : 2 * rare] = 1, 2
    latents, _ = along(values)
    found = find_labelled("ridge", latents, Target("moles", values, ""))
    assert found.provenance.score is None or np.isfinite(found.provenance.score)


def test_the_score_is_of_latents_that_were_not_fitted():
    """40 random labels of 400-dimensional latents: any boundary fits, and none foretells."""
    plus = numbers(60) > 0
    found = find_labelled("logistic", noise(0, 60, 400), Target("chance", plus, ""))
    assert found.provenance.count == 48
    assert found.provenance.score is not None
    assert found.provenance.score < 0.85


def test_the_rarer_class_counts_as_much_as_the_commoner():
    """A useless direction scores a half, though 19 of 20 latents are of one class."""
    plus = np.arange(2000) % 20 == 0
    found = find_labelled("mean-difference", noise(0, 2000, 8), Target("rare", plus, ""))
    assert found.provenance.score == pytest.approx(0.5, abs=0.12)


def test_what_goes_along_with_the_target_is_told_strongest_first():
    values = numbers()
    latents, _ = along(values)
    others = {
        "beard": values + numbers(seed=1),
        "age": -values + 0.1 * numbers(seed=2),
        "yaw": numbers(seed=3),
        "same": np.ones(400),
        "unknown": np.full(400, np.nan),
    }
    others["beard"][:50] = np.nan
    told = find_labelled("ridge", latents, Target("x", values, ""), others).provenance
    assert told.correlations["age"] == pytest.approx(np.corrcoef(values, others["age"])[0, 1])
    known = np.corrcoef(values[50:], others["beard"][50:])[0, 1]
    assert told.correlations["beard"] == pytest.approx(known)
    assert abs(told.correlations["yaw"]) < TELLING
    assert set(told.correlations) == {"beard", "age", "yaw"}
    warnings = [note for note in told.notes if "goes along with" in note]
    assert [name for note in warnings for name in others if f" {name} " in note] == ["age", "beard"]
    assert "(r = -1.00)" in warnings[0] or "(r = -0.99)" in warnings[0]


def test_of_many_warnings_the_strongest_are_told():
    """Few points go along with nearly every label."""
    values = np.array([True, True, False])
    others = {f"label {i}": numbers(3, seed=i) for i in range(100)}
    told = find_labelled("mean-difference", noise(0, 3, 8), Target("x", values, ""), others).provenance
    assert len([note for note in told.notes if "along with" in note]) == MOST_WARNINGS
    telling = sum(abs(r) >= TELLING for r in told.correlations.values())
    assert told.notes[-1] == f"and with {telling - MOST_WARNINGS} other labels, less strongly"


@pytest.mark.parametrize("count", [2, 9, 10])
def test_a_direction_of_a_few_points_says_that_it_is_of_these_points(count):
    target = Target("x", np.arange(count) < 1, "")
    told = find_labelled("mean-difference", noise(0, count, 8), target).provenance
    few = f"made from {count} points: everything in which they differ is in it"
    assert (few in told.notes) == (count < 10)


@pytest.mark.parametrize("method", LABELLED)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([np.nan] * 40, "expected labels, but not one is known"),
        ([3.0] * 40, "expected at least two different values, but all 40 are 3"),
        ([np.nan] * 39 + [3.0], "expected at least two different values, but all 1 are 3"),
        ([True] * 40, "expected at least two different values, but all 40 are 1"),
        ([False] * 40, "expected at least two different values, but all 40 are 0"),
    ],
)
def test_labels_that_tell_nothing_are_refused(method, values, message):
    with pytest.raises(InputError, match=f"age: {message}"):
        find_labelled(method, noise(0, 40, 8), Target("age", np.array(values), ""))


@pytest.mark.parametrize("method", LABELLED)
def test_latents_that_are_all_the_same_are_refused(method):
    with pytest.raises(InputError, match="no difference at all"):
        find_labelled(method, torch.zeros(40, 8), Target("age", numbers(40) > 0, ""))


@pytest.mark.parametrize("method", ["guess", *UNLABELLED])
def test_a_method_that_takes_no_labels_is_refused(method):
    with pytest.raises(InputError, match=f"method: expected one of mean-difference, .* got '{method}'"):
        find_labelled(method, noise(0, 40, 8), Target("age", numbers(40), ""))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_first_component_is_the_long_axis(shape):
    values = numbers(300)
    latents, vector = along(values, shape, strength=20)
    found = find_unlabelled("pca", space_of(latents), latents, 0)
    assert abs(cosine(found.vector, vector)) > 0.99
    assert found.name == "Principal component 1"
    assert found.provenance.count == 300
    second = find_unlabelled("pca", space_of(latents), latents, 1)
    assert abs(cosine(second.vector, found.vector)) < 1e-3
    assert second.std < found.std


def test_closed_form_is_the_strongest_singular_vector():
    first_layer = noise(0, 50, 8)
    _, sizes, rows = torch.linalg.svd(first_layer)
    assert (sizes.diff() < 0).all()
    for component in range(8):
        found = find_unlabelled("sefa", VECTOR, noise(1, 30, 8), component, first_layer)
        assert abs(cosine(found.vector, rows[component])) == pytest.approx(1, abs=1e-4)
        assert found.provenance.count == 0


def test_closed_form_of_a_spatial_latent_is_the_same_at_every_place():
    first_layer = noise(0, 50, 4)
    found = find_unlabelled("sefa", SPATIAL, noise(1, 30, 4, 8, 8), 0, first_layer)
    assert found.vector.shape == (4, 8, 8)
    torch.testing.assert_close(found.vector, found.vector[:, :1, :1].expand(4, 8, 8))
    top = torch.linalg.svd(first_layer)[2][0]
    assert abs(cosine(found.vector[:, 0, 0], top)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("space", [LAYERED, OF_TOKENS], ids=lambda space: space.name)
def test_closed_form_of_layers_is_the_same_in_every_layer(space):
    """Of three axes too, which are no picture's."""
    first_layer = noise(0, 50, 8)
    found = find_unlabelled("sefa", space, noise(1, 30, *space.shape), 0, first_layer)
    torch.testing.assert_close(found.vector, found.vector[:1, ..., :].expand(space.shape))
    top = torch.linalg.svd(first_layer)[2][0]
    assert abs(cosine(found.vector.flatten(0, -2)[-1], top)) == pytest.approx(1, abs=1e-4)


def test_closed_form_of_the_toy_moves_pixels_most():
    """All singular values of the toy's basis are the same, so every direction moves them alike."""
    model = ToyModel()
    found = find_unlabelled("sefa", VECTOR, noise(0, 30, 8), 3, model.first_layer)
    change = model.decode(found.vector[None]) - model.decode(torch.zeros(1, 8))
    assert change.norm() == pytest.approx(float(torch.linalg.matrix_norm(model.first_layer, 2)), rel=1e-3)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_component_follows_its_label_upwards(sign):
    values = numbers(300)
    latents, vector = along(values, strength=20)
    others = {"age": sign * values, "yaw": numbers(300, seed=5), "same": np.zeros(300)}
    found = find_unlabelled("pca", space_of(latents), latents, 0, others=others)
    assert cosine(found.vector, sign * vector) > 0.99
    assert found.provenance.correlations["age"] > 0.99
    assert found.provenance.notes == (f"follows age most (r = {found.provenance.correlations['age']:.2f})",)
    assert find_unlabelled("pca", space_of(latents), latents, 0).provenance.notes == ("follows no label",)


def test_what_else_a_component_goes_along_with_is_told_as_of_any_other():
    values = numbers(300)
    latents, _ = along(values, strength=20)
    others = {"age": -values, "beard": values + numbers(300, seed=1)}
    told = find_unlabelled("pca", space_of(latents), latents, 0, others=others).provenance
    expected = f"in the data, it goes along with beard (r = {told.correlations['beard']:.2f})"
    assert told.correlations["beard"] < -TELLING
    assert told.notes[0].startswith("follows age most")
    assert told.notes[1:] == (expected,)


@pytest.mark.parametrize(
    ("method", "shape", "last"),
    [("pca", (8,), 7), ("pca", (4, 8, 8), 28), ("sefa", (8,), 7), ("sefa", (4, 8, 8), 3)],
)
def test_a_component_that_is_not_there_is_refused(method, shape, last):
    latents, first_layer = noise(0, 30, *shape), noise(1, 50, shape[0])
    find_unlabelled(method, space_of(latents), latents, last, first_layer)
    for component in (last + 1, -1):
        with pytest.raises(InputError, match=f"component: expected 0 to {last}, got {component}"):
            find_unlabelled(method, space_of(latents), latents, component, first_layer)


def test_a_model_without_a_first_layer_is_told():
    with pytest.raises(InputError, match=r"Closed form .*no first layer that is linear"):
        find_unlabelled("sefa", VECTOR, noise(0, 30, 8), 0)


@pytest.mark.parametrize("method", ["guess", *LABELLED])
def test_a_method_that_takes_labels_is_refused_without(method):
    with pytest.raises(InputError, match=f"method: expected one of pca, sefa here, got '{method}'"):
        find_unlabelled(method, VECTOR, noise(0, 40, 8), 0)

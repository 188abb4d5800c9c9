"""Queries answered from the latents and labels of a small world of the toy model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from explorer.data import MAX_GROUP, MINE, Dataset, LatentTable, Point, UnknownPointError
from explorer.operations import Direction
from explorer.steering import DirectionQuery, usable_rows
from explorer.steering import find as find_in
from explorer.steering.direction_query import MAX_COMPONENTS
from explorer.steering.fitting import projected_std
from models.errors import InputError
from models.toys.vector import ToyModel

MODEL = ToyModel()


@pytest.fixture
def table(toy_dataset: Dataset, toy_latents: Tensor) -> LatentTable:
    return LatentTable(MODEL.space, toy_dataset, toy_latents, None)


@pytest.fixture
def with_labels(toy_dataset, toy_latents):
    """A table whose items have these labels too."""

    def make(**labels) -> LatentTable:
        dataset = replace(toy_dataset, labels=toy_dataset.labels.assign(**labels))
        return LatentTable(MODEL.space, dataset, toy_latents, None)

    return make


@pytest.fixture
def half_encoded(toy_dataset):
    """A table of which nothing is encoded, and nothing may be."""
    return LatentTable(
        MODEL.space, toy_dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked for a latent")
    )


def query(**fields) -> DirectionQuery:
    return DirectionQuery(**{"model": "toy", "method": "mean-difference", **fields})


def find(asked: DirectionQuery, table: LatentTable, own: dict[Point, Tensor] | None = None) -> Direction:
    """What is found; the groups' latents are those of the table, or of a person's own points."""
    points = [point for group in asked.groups for point in group]
    latents = [
        own[point] if own and point in own else table.latents[table.dataset.row(point.key)]
        for point in points
    ]
    return find_in(asked, MODEL, table, torch.stack(latents) if points else None)


def cosine(a: Tensor, b: Tensor) -> float:
    return float((a * b).sum() / a.norm() / b.norm())


def test_a_label_is_learned_from_the_training_portraits_only(table, toy_latents):
    train = np.arange(0, 60, 2)
    assert usable_rows(table).tolist() == train.tolist()
    found = find(query(label="age", method="ridge"), table)
    assert found.name == "age"
    assert found.provenance.data == "label age of 30 portraits"
    assert found.provenance.count == 24  # a fifth is held out
    assert found.std == pytest.approx(projected_std(found.vector, toy_latents[train]))


def test_what_moves_the_latents_is_found(with_labels, toy_latents):
    axis = toy_latents[:, 3].numpy()
    table = with_labels(tall=axis, height=np.where(axis > 0, "up_high", "low"))
    of_number = find(query(label="tall", method="ridge"), table)
    of_class = find(query(label="height", value="up_high"), table)
    assert cosine(of_number.vector, torch.eye(8)[3]) > 0.99
    assert cosine(of_class.vector, torch.eye(8)[3]) > 0.7
    assert of_class.name == "height: up high"
    assert of_class.provenance.data == "label height: up_high of 30 portraits"
    assert "tall" in of_class.provenance.correlations
    assert any("goes along with tall" in note for note in of_class.provenance.notes)
    assert not any("height" in name for name in of_class.provenance.correlations), "not with itself"
    assert "height: up_high" in of_number.provenance.correlations


def test_a_name_of_ones_own_is_kept(table):
    assert find(query(label="age", name="getting on"), table).name == "getting on"


def test_portraits_without_a_label_are_left_out_and_told(with_labels, toy_dataset, toy_latents):
    age = toy_dataset.labels["age"].where(toy_dataset.labels.index >= 20)
    hat = pd.Series(["red", "blue", "blue"] * 20, dtype=object).where(toy_dataset.labels.index < 40)
    table = with_labels(age=age, hat=hat)
    assert (
        "10 of 30 labels are not known and were left out"
        in find(query(label="age", method="ridge"), table).provenance.notes
    )
    of_hat = find(query(label="hat", value="red"), table)
    assert of_hat.provenance.notes[0] == "10 of 30 labels are not known and were left out"
    rows = np.arange(0, 40, 2)
    red = hat.iloc[rows].to_numpy() == "red"
    latents = toy_latents[rows]
    assert cosine(of_hat.vector, latents[red].mean(0) - latents[~red].mean(0)) == pytest.approx(1, abs=1e-4)


def test_two_groups_make_a_direction_at_once(table, toy_latents):
    found = find(query(plus=[1, "2"], minus=[5]), table)
    expected = toy_latents[1:3].mean(0) - toy_latents[5]
    assert cosine(found.vector, expected) == pytest.approx(1, abs=1e-5)
    assert found.provenance.data == "2 points against 1: 1, 2 against 5"
    assert "made from 3 points: everything in which they differ is in it" in found.provenance.notes
    everything = toy_latents[usable_rows(table)]
    assert found.std == pytest.approx(projected_std(found.vector, everything)), "σ is that of the data"


@pytest.mark.parametrize("method", ["mean-difference", "logistic", "svm", "ridge"])
def test_every_labelled_method_takes_a_point_against_a_point(table, method, toy_latents):
    found = find(query(method=method, plus=[1], minus=[5]), table)
    assert cosine(found.vector, toy_latents[1] - toy_latents[5]) > 0.99


def test_a_point_of_ones_own_may_be_in_a_group(table, toy_latents):
    own = Point(dataset=MINE, key="3f" * 16)
    found = find(query(plus=[str(own)], minus=[3, 4]), table, {own: torch.ones(8)})
    assert cosine(found.vector, 1 - toy_latents[3:5].mean(0)) == pytest.approx(1, abs=1e-5)
    assert found.provenance.data == "1 points against 2: an upload against 3, 4"
    assert found.provenance.points == (("an upload",), ("3", "4")), "an id would show the picture to anybody"


def test_labels_are_those_of_the_data_sets_own_points(with_labels):
    """Another data set's item 3 is not this one's."""
    table = with_labels(tall=np.arange(60.0))
    other = Point.of("samples/3")
    asked = query(plus=[1, 2, str(other)], minus=[50, 51])
    found = find(
        asked, table, {other: torch.ones(8)} | {point: row_of(table, point) for point in points(asked)}
    )
    assert found.provenance.points == (("1", "2", "samples/3"), ("50", "51"))
    tall, minus = np.array([1, 2, 50, 51.0]), np.array([1, 1, 0, 0.0])
    expected = np.corrcoef(tall, minus)[0, 1]
    assert found.provenance.correlations["tall"] == pytest.approx(expected)


def points(asked: DirectionQuery) -> list[Point]:
    return [point for group in asked.groups for point in group if point.dataset == "portraits"]


def row_of(table: LatentTable, point: Point) -> Tensor:
    return table.latents[table.dataset.row(point.key)]


def test_a_point_chosen_twice_counts_once(table):
    twice, once = (find(query(plus=plus, minus=[5, 6]), table) for plus in ([1, 1, 2], [1, 2]))
    assert torch.equal(twice.vector, once.vector)
    assert twice.provenance == once.provenance


def test_large_groups_are_listed_in_part(table):
    found = find(query(plus=list(range(20)), minus=list(range(20, 40))), table)
    assert found.provenance.data.startswith("20 points against 20: 0, 1, 2, 3, 4, 5, 6, 7, … against 20,")
    assert found.provenance.points == (tuple(map(str, range(20))), tuple(map(str, range(20, 40))))


def test_components_need_no_labels(table):
    component = find(query(method="pca", component=0), table)
    second = find(query(method="pca", component=1), table)
    assert abs(cosine(component.vector, second.vector)) < 1e-4
    assert component.std > second.std
    assert component.provenance.count == 30
    closed_form = find(query(method="sefa", component=7), table)
    assert closed_form.name == "Closed form (SeFa) 8"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label": "mood"}, "label: expected one of age, hair; got 'mood'"),
        ({"label": ""}, "label: expected one of age, hair; got ''"),
        ({"label": "age", "value": "long"}, "value: age is a number and has no classes, got 'long'"),
        ({"label": "hair", "value": "green"}, "value: expected one of long, short; got 'green'"),
        ({"label": "hair"}, "value: expected one of long, short; got None"),
        ({"method": "pca", "component": 8}, "component: expected 0 to 7, got 8"),
        ({"method": "sefa", "component": 8}, "component: expected 0 to 7, got 8"),
    ],
)
def test_what_cannot_be_found_says_why(table, fields, message):
    with pytest.raises(InputError, match=message):
        find(query(**fields), table)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"plus": [], "minus": [1]}, r"group \+ is empty: choose at least one point"),
        ({"plus": [1]}, "group − is empty"),
        ({"minus": [1]}, r"group \+ is empty"),
        ({"plus": [], "minus": []}, r"group \+ is empty"),
        ({"plus": [1, 2], "minus": ["2", 1]}, "both groups are the same points"),
        ({"plus": [1], "minus": [1]}, "both groups are the same points"),
    ],
)
def test_groups_with_nothing_between_them_are_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        query(**fields)


def test_a_label_of_one_class_or_of_none_says_so(with_labels):
    table = with_labels(hat="red", mood=np.nan, size=3.0, scar=pd.Series([None] * 60, dtype=object))
    for fields, message in [
        ({"label": "hat", "value": "red"}, "hat: red: expected at least two different values, but all 30"),
        ({"label": "mood"}, r"mood: expected labels, but not one is known \(all are NaN\)"),
        ({"label": "size"}, "size: expected at least two different values, but all 30 are 3"),
        ({"label": "scar", "value": "x"}, "value: expected one of ; got 'x'"),
    ]:
        with pytest.raises(InputError, match=message):
            find(query(**fields), table)


def test_an_unknown_point_is_named(table):
    with pytest.raises(UnknownPointError, match="'60' is not in the data set portraits"):
        find(query(plus=[1], minus=["60"]), table, {Point.of(60): torch.ones(8), Point.of(1): torch.zeros(8)})


def test_before_anything_is_encoded_one_is_asked_to_wait(half_encoded, toy_latents):
    with pytest.raises(InputError, match="only 0 of the data to learn from are encoded"):
        find(query(label="age"), half_encoded)
    half_encoded.fill(range(59), toy_latents[:59])
    assert usable_rows(half_encoded).tolist() == list(range(0, 60, 2))
    found = find(query(label="age"), half_encoded)
    assert found.provenance.data == "label age of 30 portraits"


@pytest.mark.parametrize(
    "fields", [{"label": "age"}, {"method": "pca", "component": 0}, {"plus": [1], "minus": [2]}]
)
def test_a_handful_is_too_few_to_learn_from(half_encoded, fields, toy_latents):
    """For groups too: their σ is that of the data."""
    half_encoded.fill(range(58), toy_latents[:58])
    with pytest.raises(InputError, match=r"only 29 of the data .* wait until there are 30 and try again"):
        find(query(**fields), half_encoded)


def test_what_is_held_out_alone_is_nothing_to_learn_from(toy_dataset, toy_latents):
    held_out = replace(toy_dataset, splits=np.full(60, "held-out"))
    with pytest.raises(InputError, match="only 0 of the data to learn from"):
        usable_rows(LatentTable(MODEL.space, held_out, toy_latents, None))


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"method": "pca", "component": 3}, "pca:3"),
        ({"method": "sefa", "component": 0}, "sefa:0"),
        ({"method": "pca", "component": 3, "name": "mine"}, None),
        ({"label": "age"}, None),
        ({"plus": [1], "minus": [2]}, None),
    ],
    ids=str,
)
def test_what_the_model_itself_gives_has_a_name_of_its_own(fields, key):
    assert query(**fields).id == key


def test_the_cost_of_a_component_is_bounded():
    """A PCA of a thousand components of 16,384 dimensions takes minutes of all cores."""
    assert MAX_COMPONENTS == 256
    assert query(method="pca", component=255).component == 255
    for component in (-1, 256, 10**9):
        with pytest.raises(ValidationError, match="component"):
            query(method="pca", component=component)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"label": "age", "method": "guess"},
        {"label": "age", "plus": [1], "minus": [2]},
        {"label": "age", "component": 1},
        {"component": 1},
        {"method": "pca"},
        {"method": "pca", "component": 0, "label": "age"},
        {"method": "pca", "component": 0, "plus": [1]},
        {"method": "pca", "component": -1},
        {"method": "pca", "component": 1.5},
        {"label": "age", "name": "x" * 61},
        {"label": "age", "name": "<script>"},
        {"label": "age", "name": "a\nb"},
        {"plus": ["no body"], "minus": [1]},
        {"plus": [-1], "minus": [1]},
        {"plus": ["a/b/c"], "minus": [1]},
        {"method": "pca", "component": 256},
        {"plus": [True], "minus": [1]},
        {"plus": [1] * (MAX_GROUP + 1), "minus": [1]},
        {"plus": "12", "minus": [1]},
        {"label": "age", "extra": 1},
    ],
    ids=str,
)
def test_a_bad_query_is_refused(wrong):
    with pytest.raises(ValidationError):
        query(**wrong)

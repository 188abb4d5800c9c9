"""Wishes answered from the latents and labels of a small world of the toy model."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.latent_table import LatentStore, UnknownPointError
from explorer.steering import direction_query as finding
from explorer.steering.direction_query import MAX_GROUP, Wish, find, numeric_labels, usable_rows
from explorer.steering.fitting import projected_std
from models.toy import ToyModel

MODEL = ToyModel()


@pytest.fixture
def store(toy_dataset: Dataset) -> LatentStore:
    return LatentStore(MODEL.space, toy_dataset, toy_dataset.latents, toy_dataset.coordinates)


@pytest.fixture
def with_labels(toy_dataset):
    """A store whose portraits have these labels too."""

    def make(**labels) -> LatentStore:
        dataset = replace(toy_dataset, labels=toy_dataset.labels.assign(**labels))
        return LatentStore(MODEL.space, dataset, dataset.latents, dataset.coordinates)

    return make


def wish(**fields) -> Wish:
    return Wish(**{"model": "toy", "method": "mean-difference", **fields})


def cosine(a: Tensor, b: Tensor) -> float:
    return float((a * b).sum() / a.norm() / b.norm())


def test_a_label_is_learned_from_the_training_portraits_only(store, toy_dataset):
    train = np.arange(0, 60, 2)
    assert usable_rows(store).tolist() == train.tolist()
    found = find(wish(label="age", method="ridge"), MODEL, store)
    assert found.name == "age"
    assert found.provenance.data == "label age of 30 portraits"
    assert found.provenance.count == 24  # a fifth is held out
    assert found.std == pytest.approx(projected_std(found.vector, toy_dataset.latents[train]))


def test_what_moves_the_latents_is_found(with_labels, toy_dataset):
    axis = toy_dataset.latents[:, 3].numpy()
    store = with_labels(tall=axis, height=np.where(axis > 0, "up_high", "low"))
    of_number = find(wish(label="tall", method="ridge"), MODEL, store)
    of_class = find(wish(label="height", value="up_high"), MODEL, store)
    assert cosine(of_number.vector, torch.eye(8)[3]) > 0.99
    assert cosine(of_class.vector, torch.eye(8)[3]) > 0.7
    assert of_class.name == "height: up high"
    assert of_class.provenance.data == "label height: up_high of 30 portraits"
    assert "tall" in of_class.provenance.correlations
    assert any("goes along with tall" in note for note in of_class.provenance.notes)
    assert not any("height" in name for name in of_class.provenance.correlations), "not with itself"
    assert "height: up_high" in of_number.provenance.correlations


def test_a_name_of_ones_own_is_kept(store):
    assert find(wish(label="age", name="getting on"), MODEL, store).name == "getting on"


def test_portraits_without_a_label_are_left_out_and_told(with_labels, toy_dataset):
    age = toy_dataset.labels["age"].where(toy_dataset.labels.index >= 20)
    hat = pd.Series(["red", "blue", "blue"] * 20, dtype=object).where(toy_dataset.labels.index < 40)
    store = with_labels(age=age, hat=hat)
    assert (
        "10 of 30 labels are not known and were left out"
        in find(wish(label="age", method="ridge"), MODEL, store).provenance.notes
    )
    of_hat = find(wish(label="hat", value="red"), MODEL, store)
    assert of_hat.provenance.notes[0] == "10 of 30 labels are not known and were left out"
    rows = np.arange(0, 40, 2)
    red = hat.iloc[rows].to_numpy() == "red"
    latents = toy_dataset.latents[rows]
    assert cosine(of_hat.vector, latents[red].mean(0) - latents[~red].mean(0)) == pytest.approx(1, abs=1e-4)


def test_labels_become_numbers(with_labels):
    labels = numeric_labels(with_labels(hat=[None, "red", "blue"] * 20).dataset, np.array([0, 1, 2]))
    assert list(labels) == ["age", "hair: long", "hair: short", "hat: blue", "hat: red"]
    np.testing.assert_array_equal(labels["hat: red"], [np.nan, 1, 0])
    np.testing.assert_array_equal(labels["hair: long"], [1, 1, 0])


def test_two_groups_make_a_direction_at_once(store, toy_dataset):
    found = find(wish(plus=[1, "2"], minus=[5]), MODEL, store)
    expected = toy_dataset.latents[1:3].mean(0) - toy_dataset.latents[5]
    assert cosine(found.vector, expected) == pytest.approx(1, abs=1e-5)
    assert found.provenance.data == "2 points against 1: 1, 2 against 5"
    assert "made from 3 points: everything in which they differ is in it" in found.provenance.notes
    everything = toy_dataset.latents[usable_rows(store)]
    assert found.std == pytest.approx(projected_std(found.vector, everything)), "σ is that of the data"


@pytest.mark.parametrize("method", ["mean-difference", "logistic", "svm", "ridge"])
def test_every_labelled_method_takes_a_point_against_a_point(store, toy_dataset, method):
    found = find(wish(method=method, plus=[1], minus=[5]), MODEL, store)
    assert cosine(found.vector, toy_dataset.latents[1] - toy_dataset.latents[5]) > 0.99


def test_an_upload_may_be_in_a_group(store, toy_dataset):
    upload = store.add(torch.ones(8), None)
    found = find(wish(plus=[upload], minus=[3, 4]), MODEL, store)
    assert cosine(found.vector, 1 - toy_dataset.latents[3:5].mean(0)) == pytest.approx(1, abs=1e-5)
    assert found.provenance.data == "1 points against 2: an upload against 3, 4"
    assert found.provenance.points == (("an upload",), ("3", "4")), "an id would show the picture to anybody"


def test_a_point_chosen_twice_counts_once(store):
    twice, once = (find(wish(plus=plus, minus=[5, 6]), MODEL, store) for plus in ([1, 1, 2], [1, 2]))
    assert torch.equal(twice.vector, once.vector)
    assert twice.provenance == once.provenance


def test_large_groups_are_listed_in_part(store):
    found = find(wish(plus=list(range(20)), minus=list(range(20, 40))), MODEL, store)
    assert found.provenance.data.startswith("20 points against 20: 0, 1, 2, 3, 4, 5, 6, 7, … against 20,")
    assert found.provenance.points == (tuple(map(str, range(20))), tuple(map(str, range(20, 40))))


def test_components_need_no_labels(store):
    component = find(wish(method="pca", component=0), MODEL, store)
    second = find(wish(method="pca", component=1), MODEL, store)
    assert abs(cosine(component.vector, second.vector)) < 1e-4
    assert component.std > second.std
    assert component.provenance.count == 30
    closed_form = find(wish(method="sefa", component=7), MODEL, store)
    assert closed_form.name == "Closed form (SeFa) 8"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label": "mood"}, "label: expected one of age, hair; got 'mood'"),
        ({"label": ""}, "label: expected one of age, hair; got ''"),
        ({"label": "age", "value": "long"}, "value: age is a number and has no classes, got 'long'"),
        ({"label": "hair", "value": "green"}, "value: expected one of long, short; got 'green'"),
        ({"label": "hair"}, "value: expected one of long, short; got None"),
        ({"plus": [], "minus": [1]}, r"group \+ is empty: choose at least one point"),
        ({"plus": [1]}, "group − is empty"),
        ({"minus": [1]}, r"group \+ is empty"),
        ({"plus": [], "minus": []}, r"group \+ is empty"),
        ({"plus": [1, 2], "minus": ["2", 1]}, "both groups are the same points"),
        ({"plus": [1], "minus": [1]}, "both groups are the same points"),
        ({"method": "pca", "component": 8}, "component: expected 0 to 7, got 8"),
        ({"method": "sefa", "component": 8}, "component: expected 0 to 7, got 8"),
    ],
)
def test_what_cannot_be_found_says_why(store, fields, message):
    with pytest.raises(ValueError, match=message):
        find(wish(**fields), MODEL, store)


def test_a_label_of_one_class_or_of_none_says_so(with_labels):
    store = with_labels(hat="red", mood=np.nan, size=3.0, scar=pd.Series([None] * 60, dtype=object))
    for fields, message in [
        ({"label": "hat", "value": "red"}, "hat: red: expected at least two different values, but all 30"),
        ({"label": "mood"}, r"mood: expected labels, but not one is known \(all are NaN\)"),
        ({"label": "size"}, "size: expected at least two different values, but all 30 are 3"),
        ({"label": "scar", "value": "x"}, "value: expected one of ; got 'x'"),
    ]:
        with pytest.raises(ValueError, match=message):
            find(wish(**fields), MODEL, store)


@pytest.mark.parametrize("point", ["60", "u" + "0" * 32])
def test_unknown_points_are_named(store, point):
    with pytest.raises(UnknownPointError, match=f"{point}.* is unknown"):
        find(wish(plus=[1], minus=[point]), MODEL, store)


def test_before_anything_is_encoded_one_is_asked_to_wait(toy_dataset):
    store = LatentStore(MODEL.space, toy_dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked"))
    with pytest.raises(ValueError, match="only 0 portraits to learn from are encoded"):
        find(wish(label="age"), MODEL, store)
    store.fill(0, toy_dataset.latents[:59])
    assert usable_rows(store).tolist() == list(range(0, 60, 2))
    assert find(wish(label="age"), MODEL, store).provenance.data == "label age of 30 portraits"


@pytest.mark.parametrize(
    "fields", [{"label": "age"}, {"method": "pca", "component": 0}, {"plus": [1], "minus": [2]}]
)
def test_a_handful_of_portraits_is_too_few_to_learn_from(toy_dataset, fields):
    """For groups too: their σ is that of the data."""
    store = LatentStore(MODEL.space, toy_dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked"))
    store.fill(0, toy_dataset.latents[:58])
    with pytest.raises(ValueError, match=r"only 29 portraits .* wait until there are 30 and try again"):
        find(wish(**fields), MODEL, store)


def test_points_that_are_not_encoded_yet_are_asked_for_at_once(toy_dataset):
    """None is waited for before all are requested, or they would not share batches."""
    asked = []

    def encode(row: int) -> Future[Tensor]:
        future: Future[Tensor] = Future()
        asked.append((row, future))
        if len(asked) == 4:
            for each, waiting in asked:
                waiting.set_result(toy_dataset.latents[each])
        return future

    store = LatentStore(MODEL.space, toy_dataset, torch.zeros(60, 8), None, encode)
    store.filled[::2], store.latents[::2] = True, toy_dataset.latents[::2]
    found = find(wish(plus=[1, 3, 2], minus=[5, 7]), MODEL, store)
    assert [row for row, _ in asked] == [1, 3, 5, 7]
    expected = toy_dataset.latents[1:4].mean(0) - toy_dataset.latents[[5, 7]].mean(0)
    assert cosine(found.vector, expected) == pytest.approx(1, abs=1e-5)


def test_more_points_than_can_be_encoded_in_passing_are_refused(toy_dataset, monkeypatch):
    monkeypatch.setattr(finding, "MOST_MISSING", 3)
    store = LatentStore(MODEL.space, toy_dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked"))
    store.filled[::2] = True
    with pytest.raises(ValueError, match=r"4 of these points are not encoded .* choose at most 3"):
        find(wish(plus=[1, 3, 2], minus=[5, 7]), MODEL, store)


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
        {"plus": ["nobody"], "minus": [1]},
        {"plus": [True], "minus": [1]},
        {"plus": [1] * (MAX_GROUP + 1), "minus": [1]},
        {"plus": "12", "minus": [1]},
        {"label": "age", "extra": 1},
    ],
    ids=str,
)
def test_a_bad_wish_is_refused(wrong):
    with pytest.raises(ValidationError):
        wish(**wrong)

"""The directions that ship, held against the portraits that ship."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.api.types import is_numeric_dtype

import models
from explorer.data import Dataset, Shipped
from explorer.data.portraits import DIRECTIONS, load
from explorer.steering import Steer, load_built_in, to_bytes
from explorer.steering.built_in import digest, find_all
from explorer.steering.direction_files import load_file
from explorer.steering.fitting import projected_std
from models.base import LatentSpace
from models.errors import InputError
from models.toys.vector import ToyModel


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load()


@pytest.fixture(scope="module")
def space() -> LatentSpace:
    return models.load("face-vae").space


def as_numbers(column: pd.Series, value: str) -> np.ndarray:
    """What a direction leads to: more of a number, a class, or any class but none."""
    if value or not is_numeric_dtype(column):
        return ((column == value) if value else (column != "none")).to_numpy(float)
    return column.to_numpy(float)


def test_the_shipped_directions_fit_the_shipped_portraits(dataset, space, caplog):
    built_in = load_built_in(space, dataset)
    assert caplog.text == "", "make them anew with python -m explorer.steering.built_in"
    for name, column in dataset.labels.items():
        if is_numeric_dtype(column):
            assert name in built_in
        else:
            assert {f"{name}:{value}" for value in set(column) - {"none"}} <= built_in.keys()
        if "none" in set(column):
            assert name in built_in
    for key in built_in:
        Steer(direction=key)


def test_the_shipped_directions_tell_the_truth_about_themselves(dataset, space):
    """σ, and the sign: more of the label is more of the projection, also of portraits nobody learned from."""
    train = dataset.splits == "train"
    for key, direction in load_built_in(space, dataset).items():
        spread = projected_std(direction.vector, dataset.shipped.latents[train])
        assert direction.std == pytest.approx(spread, rel=1e-3)
        told = direction.provenance
        assert told.score is not None
        name, _, value = key.partition(":")
        numbers = as_numbers(dataset.labels[name][~train], value)
        projections = (dataset.shipped.latents[~train] @ direction.vector).numpy()
        correlation = np.corrcoef(projections, numbers)[0, 1]
        telling = told.score > (0.6 if told.score_name == "accuracy" else 0.1)
        assert correlation > 0 or not telling, f"{key}: {correlation}"


def test_they_are_found_again_as_they_were(toy_dataset):
    first, again = find_all(toy_dataset), find_all(toy_dataset)
    assert list(first) == ["age", "hair:long", "hair:short"]
    for key, direction in first.items():
        assert torch.equal(direction.vector, again[key].vector)
        assert direction.provenance == again[key].provenance
    assert first["age"].provenance.data == "label age of 30 training portraits"


def test_the_absence_of_a_thing_is_no_direction_but_having_any_is(toy_dataset):
    labels = toy_dataset.labels.assign(glasses=["none", "none", "round", "dark_red", "dark_red"] * 12)
    directions = find_all(replace(toy_dataset, labels=labels[["glasses"]]))
    assert {key: direction.name for key, direction in directions.items()} == {
        "glasses": "glasses",
        "glasses:dark_red": "glasses: dark red",
        "glasses:round": "glasses: round",
    }


def test_what_is_not_known_is_neither_a_class_nor_learned_from(toy_dataset):
    hats = pd.Series(["none", None, "red", np.nan] * 15, dtype=object)
    moles = pd.Series([1, None, 3, 4] * 15, dtype="Int64")
    labels = pd.DataFrame({"hat": hats, "moles": moles})
    directions = find_all(replace(toy_dataset, splits=np.full(60, "train"), labels=labels))
    assert list(directions) == ["hat", "hat:red", "moles"]
    for key in ("hat", "hat:red"):
        assert directions[key].provenance.data.endswith(" of 30 training portraits")
    assert "15 of 60 labels are not known and were left out" in directions["moles"].provenance.notes


def test_a_label_that_tells_nothing_is_named(toy_dataset):
    for values, message in ((np.nan, "not one is known"), (3.0, "at least two different values")):
        with pytest.raises(InputError, match=f"^mood: expected .*{message}"):
            find_all(replace(toy_dataset, labels=pd.DataFrame({"mood": np.full(60, values)})))


def test_without_shipped_latents_there_is_nothing_to_find_them_in(toy_dataset):
    with pytest.raises(InputError, match="portraits: expected a data set with shipped latents"):
        find_all(toy_dataset.with_files())
    assert load_built_in(ToyModel().space, toy_dataset.with_files()) == {}


def shipping(toy_dataset: Dataset, path: Path, **fields) -> Dataset:
    return replace(toy_dataset, shipped=replace(toy_dataset.shipped, directions=path, **fields))


@pytest.fixture
def made(toy_dataset, tmp_path) -> Path:
    path = tmp_path / "directions.safetensors"
    told = {"latents_sha256": digest(toy_dataset.shipped)}
    path.write_bytes(to_bytes(ToyModel().space, find_all(toy_dataset), told))
    return path


def test_a_file_of_these_very_latents_is_used(made, toy_dataset, caplog):
    found = load_built_in(ToyModel().space, shipping(toy_dataset, made))
    assert list(found) == ["age", "hair:long", "hair:short"]
    assert load_built_in(ToyModel().space, toy_dataset) == {}, "it ships with none"
    assert caplog.text == ""


def test_a_stale_file_gives_no_directions_and_says_how_to_make_it(made, toy_dataset, caplog):
    other = shipping(toy_dataset, made, latents=toy_dataset.shipped.latents + 1)
    with caplog.at_level(logging.WARNING):
        assert load_built_in(ToyModel().space, other) == {}
    assert "there are no built-in directions" in caplog.text
    assert "is of other latents: make it anew with python -m explorer.steering.built_in" in caplog.text


def test_a_missing_damaged_or_foreign_file_gives_no_directions(made, toy_dataset, caplog):
    space = ToyModel().space
    made.with_name("cut").write_bytes(made.read_bytes()[:300])
    for path in (made.with_name("none"), made.with_name("cut"), DIRECTIONS):
        assert load_built_in(space, shipping(toy_dataset, path)) == {}
    assert caplog.text.count("there are no built-in directions") == 3
    assert load_file(made, space)[1]["latents_sha256"] == digest(toy_dataset.shipped)


def test_the_shipped_file_is_of_the_shipped_latents(dataset, space):
    assert isinstance(dataset.shipped, Shipped)
    assert load_file(DIRECTIONS, space)[1]["latents_sha256"] == digest(dataset.shipped)

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
from explorer.data.dataset import Dataset
from explorer.steering.built_in import DIRECTIONS, digest, find_all, load_built_in
from explorer.steering.direction_files import load_file, to_bytes
from explorer.steering.fitting import projected_std
from explorer.steering.rack import Steer
from models.base import LatentSpace
from models.toy import ToyModel

PORTRAITS = Path(__file__).parents[3] / "assets" / "portraits.parquet"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset.load(PORTRAITS)


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
        spread = projected_std(direction.vector, dataset.latents[train])
        assert direction.std == pytest.approx(spread, rel=1e-3)
        told = direction.provenance
        assert told.score is not None
        name, _, value = key.partition(":")
        numbers = as_numbers(dataset.labels[name][~train], value)
        projections = (dataset.latents[~train] @ direction.vector).numpy()
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


@pytest.fixture
def made(toy_dataset, tmp_path) -> Path:
    path = tmp_path / "directions.safetensors"
    content = to_bytes(ToyModel().space, find_all(toy_dataset), {"latents_sha256": digest(toy_dataset)})
    path.write_bytes(content)
    return path


def test_a_file_of_these_very_latents_is_used(made, toy_dataset, caplog):
    assert list(load_built_in(ToyModel().space, toy_dataset, made)) == ["age", "hair:long", "hair:short"]
    assert caplog.text == ""


def test_a_stale_file_gives_no_directions_and_says_how_to_make_it(made, toy_dataset, caplog):
    other = replace(toy_dataset, latents=toy_dataset.latents + 1)
    with caplog.at_level(logging.WARNING):
        assert load_built_in(ToyModel().space, other, made) == {}
    assert "there are no built-in directions" in caplog.text
    assert "made from other latents; make it anew with python -m explorer.steering.built_in" in caplog.text


def test_a_missing_damaged_or_foreign_file_gives_no_directions(made, toy_dataset, caplog):
    space = ToyModel().space
    made.with_name("cut").write_bytes(made.read_bytes()[:300])
    for path in (made.with_name("none"), made.with_name("cut"), DIRECTIONS):
        assert load_built_in(space, toy_dataset, path) == {}
    assert caplog.text.count("there are no built-in directions") == 3
    assert load_file(made, space)[1]["latents_sha256"] == digest(toy_dataset)

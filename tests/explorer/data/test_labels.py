"""Labels as columns, also where a value is not known or there are more classes than a byte holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from explorer.data import Dataset, Label, classes_of, labels_of, numeric_labels
from explorer.data.labels import UNKNOWN


def labelled(dataset: Dataset, **columns: object) -> Dataset:
    return replace(dataset, labels=pd.DataFrame(columns, index=range(len(dataset))))


def told(label: Label) -> list[str]:
    """What the page reads of a label with classes."""
    assert label.kind == "categorical"
    return [label.classes[code] for code in label.values]


def test_every_label_becomes_a_column_and_so_do_split_and_reconstruction(toy_dataset: Dataset) -> None:
    labels = labels_of(toy_dataset)
    assert list(labels) == ["age", "hair", "split", "reconstruction"]
    assert all(len(label.values) == 60 for label in labels.values())
    assert [name for name, label in labels.items() if label.is_trait] == ["age", "hair"]
    assert told(labels["hair"]) == toy_dataset.labels["hair"].tolist()
    assert told(labels["split"]) == toy_dataset.splits.tolist()
    assert labels["reconstruction"].unit == "dB"
    np.testing.assert_allclose(labels["age"].values, toy_dataset.labels["age"], rtol=1e-6)


def test_a_number_tells_its_range_and_a_class_its_classes(toy_dataset: Dataset) -> None:
    labels = labels_of(labelled(toy_dataset, hair_length=np.arange(60.0), hat=["red", "blue"] * 30))
    assert labels["hair_length"].header() == {
        "name": "hair_length", "kind": "continuous", "title": "hair length", "unit": "", "low": 0, "high": 59,
    }  # fmt: skip
    expected = {"name": "hat", "kind": "categorical", "title": "hat", "classes": ("blue", "red")}
    assert labels["hat"].header() == expected


def test_without_what_ships_there_is_no_reconstruction(toy_dataset: Dataset) -> None:
    assert list(labels_of(toy_dataset.with_files())) == ["age", "hair", "split"]


def test_a_reconstruction_that_nobody_measured_is_no_label(toy_dataset: Dataset) -> None:
    assert toy_dataset.shipped is not None
    unknown = replace(toy_dataset.shipped, psnr=np.full(60, np.nan, np.float32))
    assert "reconstruction" not in labels_of(replace(toy_dataset, shipped=unknown))


@pytest.mark.parametrize(
    ("count", "kind"), [(2, np.uint8), (255, np.uint8), (256, np.uint16), (257, np.uint16), (300, np.uint16)]
)
def test_codes_hold_all_classes(toy_dataset: Dataset, count: int, kind: type) -> None:
    """Beyond 255 they were cut to a byte, so that two classes were shown as one."""
    names = [f"person {number % count:03d}" for number in range(600)]
    many = replace(
        toy_dataset, labels=pd.DataFrame({"who": names}), splits=np.full(600, "train"), shipped=None
    )
    label = labels_of(many)["who"]
    assert label.values.dtype == kind
    assert told(label) == names


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=repr)
def test_a_class_that_is_not_known_is_a_class_of_its_own(toy_dataset: Dataset, missing: object) -> None:
    hats = pd.Series(["red", missing, "blue"] * 20, dtype=object)
    label = labels_of(labelled(toy_dataset, hat=hats))["hat"]
    assert label.classes == ("blue", "red", UNKNOWN)
    assert told(label) == ["red", UNKNOWN, "blue"] * 20
    assert classes_of(hats) == ["blue", "red"], "none of them is what somebody would look for"


def test_255_classes_and_an_unknown_one_still_tell_all_apart(toy_dataset: Dataset) -> None:
    names = [*(f"{number:03d}" for number in range(256)), None]
    many = replace(
        toy_dataset, labels=pd.DataFrame({"who": names}), splits=np.full(257, "train"), shipped=None
    )
    label = labels_of(many)["who"]
    assert label.values.dtype == np.uint16
    assert told(label) == [*names[:-1], UNKNOWN]


def test_a_class_that_is_called_unknown_is_the_same_as_none(toy_dataset: Dataset) -> None:
    label = labels_of(labelled(toy_dataset, hat=[UNKNOWN, None, "blue"] * 20))["hat"]
    assert label.classes == ("blue", UNKNOWN)
    assert told(label) == [UNKNOWN, UNKNOWN, "blue"] * 20


@pytest.mark.parametrize("dtype", ["float32", "Float64"])
def test_a_number_that_is_not_known_is_nan_and_in_no_range(toy_dataset: Dataset, dtype: str) -> None:
    numbers = pd.Series([1.0, None, 3.0] * 20, dtype=dtype)
    data = labelled(toy_dataset, size=numbers)
    label = labels_of(data)["size"]
    np.testing.assert_array_equal(label.values, np.float32([1, np.nan, 3] * 20))
    assert (label.header()["low"], label.header()["high"]) == (1, 3)
    np.testing.assert_array_equal(numeric_labels(data, np.arange(3))["size"], [1, np.nan, 3])


def test_whole_numbers_and_truths_are_numbers(toy_dataset: Dataset) -> None:
    whole = pd.Series([1, None, 3] * 20, dtype="Int64")
    data = labelled(toy_dataset, moles=whole, tall=[True, False, True] * 20)
    numbers = numeric_labels(data, np.arange(3))
    np.testing.assert_array_equal(numbers["moles"], [1, np.nan, 3])
    np.testing.assert_array_equal(numbers["tall"], [1, 0, 1])
    assert labels_of(data)["tall"].header()["high"] == 1


def test_a_column_of_which_nothing_is_known_says_so(toy_dataset: Dataset) -> None:
    nothing = pd.Series([None] * 60, dtype=object)
    data = labelled(toy_dataset, mood=np.full(60, np.nan), hat=nothing)
    labels = labels_of(data)
    assert np.isnan(labels["mood"].values).all()
    assert (labels["mood"].header()["low"], labels["mood"].header()["high"]) == (None, None)
    assert labels["hat"].classes == (UNKNOWN,)
    assert told(labels["hat"]) == [UNKNOWN] * 60
    numbers = numeric_labels(data, np.arange(60))
    assert list(numbers) == ["mood"]
    assert np.isnan(numbers["mood"]).all()


def test_an_infinite_number_is_in_no_range(toy_dataset: Dataset) -> None:
    label = labels_of(labelled(toy_dataset, size=[1.0, np.inf, 3.0] * 20))["size"]
    assert (label.header()["low"], label.header()["high"]) == (1, 3), "JSON knows no infinity"


def test_labels_become_numbers(toy_dataset: Dataset) -> None:
    with_hats = replace(toy_dataset, labels=toy_dataset.labels.assign(hat=[None, "red", "blue"] * 20))
    numbers = numeric_labels(with_hats, np.array([0, 1, 2]))
    assert list(numbers) == ["age", "hair: long", "hair: short", "hat: blue", "hat: red"]
    np.testing.assert_array_equal(numbers["hat: red"], [np.nan, 1, 0])
    np.testing.assert_array_equal(numbers["hair: long"], [1, 1, 0])
    np.testing.assert_array_equal(numbers["age"], toy_dataset.labels["age"][:3])

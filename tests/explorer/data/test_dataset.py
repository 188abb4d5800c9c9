from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from explorer.data import Dataset, DatasetError, UnknownPointError
from explorer.data.dataset import Presentation
from models.errors import InputError


def test_a_key_is_the_rows_number(toy_dataset: Dataset) -> None:
    assert len(toy_dataset) == 60
    assert [toy_dataset.row(key) for key in ("0", "17", "59")] == [0, 17, 59]


@pytest.mark.parametrize("key", ["60", "-1", "1.5", "", "x", "١", "9" * 30, "u", "0" * 32])
def test_an_unknown_key_is_named_with_what_there_is(toy_dataset: Dataset, key: str) -> None:
    with pytest.raises(
        UnknownPointError, match=f"'{key}' is not in the data set portraits: expected 0 to 59"
    ):
        toy_dataset.row(key)


def test_what_can_be_encoded_is_what_has_a_file(toy_dataset: Dataset) -> None:
    shown = toy_dataset.with_files()
    assert len(shown) == len(shown.labels) == len(shown.splits) == len(shown.files) == 40
    assert all(file is not None for file in shown.files)
    assert shown.shipped is None, "that is of the whole"
    assert shown.thumbnails == toy_dataset.thumbnails[:40]
    pd.testing.assert_frame_equal(shown.labels, toy_dataset.labels[:40])
    with pytest.raises(UnknownPointError, match="expected 0 to 39"):
        shown.row("40")
    assert len(shown.with_files()) == 40
    assert len(replace(toy_dataset, files=[None] * 60).with_files()) == 0


def test_a_data_set_of_nobodys_own_says_the_least() -> None:
    told = Presentation()
    assert (told.singular, told.pair, told.featured) == ("item", ("0", "1"), ())
    assert told.describe(pd.Series({"age": 3})) == []


def test_a_damaged_data_set_is_told_to_a_person() -> None:
    assert issubclass(DatasetError, InputError)

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.data.dataset import Dataset
from explorer.data.portraits import first_pair, labels_of, telling

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def dataset():
    return Dataset.load(ROOT / "assets" / "portraits.parquet")


def test_every_factor_becomes_a_label_and_so_do_split_and_reconstruction(dataset):
    labels = labels_of(dataset)
    assert list(labels) == [*dataset.labels.columns, "split", "reconstruction"]
    for label in labels.values():
        assert len(label.values) == len(dataset)


def test_a_continuous_label_knows_its_range_and_unit(dataset):
    header = labels_of(dataset)["age"].header()
    assert (header["kind"], header["unit"]) == ("continuous", "years")
    assert (header["low"], header["high"]) == pytest.approx(
        (dataset.labels["age"].min(), dataset.labels["age"].max())
    )


def test_codes_of_a_categorical_label_point_at_its_classes(dataset):
    label = labels_of(dataset)["hair_style"]
    assert [label.classes[code] for code in label.values[:50]] == dataset.labels["hair_style"][:50].tolist()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"age": 61.6, "hair_style": "bald", "glasses": "rect", "beard": 0.9},
            ["62 years", "bald", "square glasses", "beard"],
        ),
        (
            {"age": 20.0, "hair_style": "twin_buns", "glasses": "none", "smile": 0.9},
            ["20 years", "twin buns hair", "smiling"],
        ),
        ({"height": 3.0}, []),
    ],
)
def test_telling_names_what_a_person_would(row, told):
    assert telling(pd.Series(row)) == told


def test_the_first_pair_is_on_every_map_and_unlike(dataset):
    a, b = map(int, first_pair(dataset))
    labels = dataset.labels
    assert dataset.portraits[a] is not None
    assert dataset.portraits[b] is not None
    assert labels["age"][b] - labels["age"][a] > 10
    assert labels["gender"][b] > labels["gender"][a]
    assert np.isfinite(dataset.psnr[[a, b]]).all()

"""The bundled portraits: held against their data card, and read from files that are none."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image
from safetensors.numpy import save_file

from explorer.data import DATASETS, FIRST, Arguments, Dataset, DatasetError, Shipped, labels_of
from explorer.data.portraits import FEATURED, PORTRAITS, first_pair, load, telling
from models.faces.world.factors import FACTORS
from models.media import Picture


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return load()


@pytest.fixture(scope="module")
def shipped(bundled: Dataset) -> Shipped:
    assert bundled.shipped is not None
    return bundled.shipped


def size_of(file: bytes | None) -> tuple[int, int]:
    assert file is not None
    with Image.open(BytesIO(file)) as picture:
        return picture.size


def test_they_are_the_first_data_set(bundled: Dataset) -> None:
    assert DATASETS[FIRST] == load.__module__
    assert bundled.name == FIRST == "portraits", "a bare number has meant a portrait since the first version"


def test_the_bundled_portraits_are_what_the_data_card_says(bundled: Dataset, shipped: Shipped) -> None:
    assert (bundled.splits == "train").sum() == 5000
    assert (bundled.splits == "held-out").sum() == 512
    assert list(bundled.labels.columns) == list(FACTORS)
    assert shipped.model == "face-vae"
    assert shipped.note.startswith("The latents are posterior means")
    assert shipped.latents.shape[0] == len(shipped.coordinates) == len(shipped.psnr) == len(bundled) == 5512
    assert np.isfinite(shipped.coordinates).all()
    assert shipped.latents.isfinite().all()
    assert Arguments(**json.loads(shipped.arguments)).method == "umap"


def test_thumbnails_and_files_are_pictures(bundled: Dataset) -> None:
    for row in (0, 1023, 5511):
        assert size_of(bundled.thumbnails[row]) == (64, 64)
    shown = bundled.with_files()
    assert len(shown) == len(shown.labels) == 1024
    assert (shown.splits == "held-out").sum() == 512
    assert size_of(shown.files[1023]) == (128, 128)
    assert bundled.media == Picture(128)
    assert bundled.files[1024] is None


def test_labels_are_the_factors_of_their_kind(bundled: Dataset) -> None:
    for name, factor in FACTORS.items():
        for value in bundled.labels[name].iloc[:20]:
            if factor.kind == "categorical":
                assert value in factor.classes
            else:
                assert factor.low - 1e-5 <= value <= factor.high + 1e-5


def test_maps_that_ship_are_read_by_model(tmp_path: Path) -> None:
    maps, first = tmp_path / "maps.safetensors", np.ones((4, 2, 2), np.float16)
    coordinates = np.arange(8, dtype=np.float32).reshape(4, 2)
    save_file(
        {"other/coordinates": coordinates, "other/first": first}, maps, {"other": Arguments().to_json()}
    )
    (placed,) = load(maps=maps).placed.values()
    np.testing.assert_array_equal(placed.coordinates, coordinates)
    np.testing.assert_array_equal(placed.first, np.ones((4, 2, 2), np.float32))
    assert Arguments(**json.loads(placed.arguments)) == Arguments()


def test_without_the_file_of_maps_they_are_made(bundled: Dataset, tmp_path: Path) -> None:
    assert load(maps=tmp_path / "absent.safetensors").placed == {}


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"portraits .*absent.parquet are missing: get it with `git"):
        load(tmp_path / "absent.parquet")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(PORTRAITS.read_bytes()[:10_000])
    with pytest.raises(DatasetError, match=r"cut.parquet are damaged .*: get it with `git"):
        load(cut)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.parquet"
    pq.write_table(pq.read_table(PORTRAITS, columns=["id", "split"]), foreign)
    with pytest.raises(DatasetError, match="are damaged"):
        load(foreign)


def test_a_file_that_is_no_file_of_maps_is_refused(tmp_path: Path) -> None:
    noise, foreign = tmp_path / "noise.safetensors", tmp_path / "foreign.safetensors"
    noise.write_bytes(b"damaged")
    save_file({"w": np.zeros(3)}, foreign)
    for maps in (noise, foreign):
        with pytest.raises(DatasetError, match="are damaged"):
            load(maps=maps)


def test_a_label_knows_its_range_and_unit(bundled: Dataset) -> None:
    labels = labels_of(bundled)
    assert list(labels) == [*FACTORS, "split", "reconstruction"]
    header = labels["age"].header()
    assert (header["kind"], header["unit"]) == ("continuous", "years")
    age = bundled.labels["age"]
    assert (header["low"], header["high"]) == pytest.approx((age.min(), age.max()))
    assert labels["yaw"].unit == "°"


def test_codes_of_a_label_with_classes_point_at_them(bundled: Dataset) -> None:
    label = labels_of(bundled)["hair_style"]
    assert [label.classes[code] for code in label.values[:50]] == bundled.labels["hair_style"][:50].tolist()


def test_what_the_page_begins_with_is_there(bundled: Dataset) -> None:
    told = bundled.presentation
    assert set(FEATURED) <= set(bundled.labels.columns)
    assert told.featured == FEATURED
    assert told.colour in bundled.labels
    assert told.describe(bundled.labels.iloc[0])[0].endswith("years")


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
def test_telling_names_what_a_person_would(row: dict[str, object], told: list[str]) -> None:
    assert telling(pd.Series(row)) == told


def test_the_first_pair_is_on_every_map_and_unlike(bundled: Dataset, shipped: Shipped) -> None:
    a, b = map(int, bundled.presentation.pair)
    labels = bundled.labels
    assert bundled.files[a] is not None
    assert bundled.files[b] is not None
    assert labels["age"][b] - labels["age"][a] > 10
    assert labels["gender"][b] > labels["gender"][a]
    assert np.isfinite(shipped.psnr[[a, b]]).all()


@pytest.mark.parametrize(("count", "pair"), [(0, ("0", "0")), (1, ("0", "0")), (9, ("0", "1"))])
def test_portraits_without_such_labels_begin_with_the_first_two(count: int, pair: tuple[str, str]) -> None:
    assert first_pair(pd.DataFrame({"height": np.arange(count)}), np.ones(count)) == pair

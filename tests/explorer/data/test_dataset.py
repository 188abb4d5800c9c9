from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from explorer.data.dataset import Dataset, DatasetError
from models.pictures import open_picture
from explorer.data.projection import Arguments
from explorer.workspace import PORTRAITS
from models.faces.world.factors import FACTORS


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return Dataset.load(PORTRAITS)


def test_the_bundled_portraits_are_what_the_data_card_says(bundled: Dataset) -> None:
    assert (bundled.splits == "train").sum() == 5000
    assert (bundled.splits == "held-out").sum() == 512
    assert list(bundled.labels.columns) == list(FACTORS)
    assert bundled.latents.shape[0] == len(bundled.coordinates) == len(bundled.psnr) == len(bundled) == 5512
    assert np.isfinite(bundled.coordinates).all()
    assert bundled.latents.isfinite().all()
    assert Arguments.from_json(bundled.metadata["map"]).method == "umap"


def test_thumbnails_and_portraits_are_pictures(bundled: Dataset) -> None:
    for row in (0, 1023, 5511):
        assert open_picture(bundled.thumbnails[row]).size == (64, 64)
    shown = bundled.with_portraits()
    assert len(shown) == len(shown.labels) == len(shown.latents) == 1024
    assert (shown.splits == "held-out").sum() == 512
    pictures = [picture for picture in shown.portraits if picture is not None]
    assert open_picture(pictures[1023]).size == (128, 128)
    assert bundled.portraits[1024] is None


def test_labels_are_the_factors_of_their_kind(bundled: Dataset) -> None:
    for name, factor in FACTORS.items():
        for value in bundled.labels[name].iloc[:20]:
            if factor.kind == "categorical":
                assert value in factor.classes
            else:
                assert factor.low - 1e-5 <= value <= factor.high + 1e-5


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"portraits .*absent.parquet are missing: get it with `git"):
        Dataset.load(tmp_path / "absent.parquet")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(PORTRAITS.read_bytes()[:10_000])
    with pytest.raises(DatasetError, match=r"cut.parquet are damaged .*: get it with `git"):
        Dataset.load(cut)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.parquet"
    pq.write_table(pq.read_table(PORTRAITS, columns=["id", "split"]), foreign)
    with pytest.raises(DatasetError, match="are damaged"):
        Dataset.load(foreign)

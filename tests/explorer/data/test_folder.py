"""A folder of own pictures as a data set."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import DatasetError, kept_latents, labels_of, load_datasets
from explorer.data.folder import load_folder
from models.picture_files import NAMED
from models.pictures import PictureError
from models.toys.vector import ToyModel

SIDE = 40


def draw(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (SIDE, SIDE), (level, level, level)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pictures in two sub-folders and above them, with what file managers leave behind."""
    for number, name in enumerate(
        ["a.png", "b.jpg", "cats/c.png", "cats/d.gif", "dogs/e.png", "dogs/f.tiff"]
    ):
        draw(tmp_path / "own" / name, 40 * number)
    for name in (".DS_Store", "cats/Thumbs.db", "__MACOSX/._c.png", ".hidden/g.png"):
        path = tmp_path / "own" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"litter")
    return tmp_path / "own"


def test_its_pictures_are_the_items_and_its_sub_folders_a_label(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = load_folder(folder)
    assert (dataset.name, dataset.title, len(dataset)) == ("pictures", "Pictures in own", 6)
    assert dataset.labels["folder"].tolist() == [".", ".", "cats", "cats", "dogs", "dogs"]
    assert [*labels_of(dataset)] == ["folder", "split"]
    assert dataset.presentation.describe(dataset.labels.iloc[2]) == ["cats"]
    assert [np.asarray(dataset.media.unpack(file).value).mean() for file in dataset.files if file] == (
        pytest.approx([0, 40, 80, 120, 160, 200], abs=1)
    )
    assert caplog.records == [], "what file managers leave is nobody's picture"


def test_files_are_read_when_they_are_asked_for(folder: Path) -> None:
    dataset = load_folder(folder)
    draw(folder / "a.png", 250)
    assert dataset.files[0] == (folder / "a.png").read_bytes()
    assert [*dataset.files[1:3]] == [(folder / name).read_bytes() for name in ("b.jpg", "cats/c.png")]
    assert dataset.with_files() is dataset


def test_what_cannot_be_read_is_named(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(NAMED + 2):
        (folder / f"note {number:02}.txt").write_text("no picture")
    with caplog.at_level(logging.WARNING):
        assert len(load_folder(folder)) == 6
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == NAMED + 1
    assert "skipped note 00.txt: This file is not a picture" in told[0]
    assert told[-1] == "pictures: skipped 2 more files"


def test_without_sub_folders_there_is_no_label(tmp_path: Path) -> None:
    for number in range(4):
        draw(tmp_path / f"{number}.png", number)
    dataset = load_folder(tmp_path)
    assert [*dataset.labels] == []
    assert [*labels_of(dataset)] == ["split"]


def test_too_few_pictures_and_no_folder_are_refused(tmp_path: Path) -> None:
    draw(tmp_path / "one.png", 0)
    with pytest.raises(DatasetError, match=r"expected at least 4 in .*, found 1 that can be read"):
        load_folder(tmp_path)
    with pytest.raises(DatasetError, match="there is no folder"):
        load_datasets(tmp_path / "nowhere")


def test_own_pictures_come_first(folder: Path) -> None:
    assert [*load_datasets(folder)] == ["pictures", "portraits"]


def test_what_is_not_shown_as_it_is_is_counted(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), colour) for colour in ("red", "blue")]
    for name in ("g.gif", "h.gif"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
    load_folder(folder)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["pictures: 2 of 8: This GIF has several frames: the first is used."]


def test_a_changed_file_has_another_cache_and_none_is_read_for_that(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = load_folder(folder)

    def path() -> Path:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
            return kept_latents(Path(), ToyModel(), None, dataset).path

    first = path()
    assert path() == first
    draw(folder / "cats/c.png", 33).write_bytes(b"another")
    second = path()
    (folder / "a.png").unlink()
    assert len({first, second, path()}) == 3


def test_a_file_that_is_gone_says_so(folder: Path) -> None:
    dataset = load_folder(folder)
    (folder / "a.png").unlink()
    with pytest.raises(PictureError, match=r"a\.png cannot be read any more: No such file"):
        dataset.files[0]


def test_links_that_lead_out_are_left_and_told(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draw(tmp_path / "secret.png", 9)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    assert len(load_folder(folder)) == 6
    told = [record.getMessage() for record in caplog.records]
    assert told == ["pictures: passed over: link that leads out (1)"]


def test_a_metadata_file_gives_labels(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = ["file_name,kind,age", "cats/c.png,µ,3", "a.png,,1", "gone.png,x,2"]
    (folder / "metadata.csv").write_text("\n".join(lines))
    dataset = load_folder(folder)
    assert [*labels_of(dataset)] == ["folder", "kind", "age", "split"]
    assert dataset.labels["kind"].dropna().to_dict() == {2: "µ"}
    assert dataset.labels["age"].dropna().to_dict() == {0: 1, 2: 3}
    assert dataset.presentation.describe(dataset.labels.iloc[0]) == [".", "age 1"]
    told = [record.getMessage() for record in caplog.records]
    assert told == ["pictures: passed over: name in metadata.csv that no file has (1)"]


def test_damaged_metadata_are_refused(folder: Path) -> None:
    (folder / "metadata.csv").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"pictures: metadata\.csv cannot be read as CSV"):
        load_folder(folder)

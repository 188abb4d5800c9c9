"""The store: found again by another process, damaged ones left out, another's never touched."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from explorer.data import Store, Stored, StoreError, labels_of
from explorer.data.store import KeptLatents
from explorer.data.store.about import FILE
from explorer.data.store.stored import writing
from models.errors import InputError
from models.pictures import PictureError
from tests.explorer.data.store.conftest import draw, read


def test_a_whole_one_is_a_data_set_also_for_the_next_start(store: Store, whole: Stored) -> None:
    for each in (store, Store(store.folder)):
        [(name, dataset)] = each.datasets().items()
        assert name == whole.name
        assert (dataset.title, len(dataset), dataset.owner) == ("Cats & dogs", 40, None)
        assert [*labels_of(dataset)] == ["folder", "split"]
        assert dataset.files[0] == (whole.source / "cats/01.png").read_bytes()
        assert len(dataset.thumbnails) == 40
        assert dataset.presentation.describe(dataset.labels.iloc[0]) == ["cats"]
    assert store.datasets()[name] is store.datasets()[name], "it is opened once"


def test_its_name_says_the_title_and_cannot_be_guessed(store: Store, pictures: Path) -> None:
    names = {store.begin(pictures, None, "Ünser Zoo / µ 🐈").name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("nser-zoo-") and len(name) == 9 + 16 for name in names)
    assert store.begin(pictures, None, "🐈").name.startswith("pictures-")


def test_one_that_is_not_whole_is_no_data_set_yet(store: Store, pictures: Path) -> None:
    stored = store.begin(pictures, None)
    assert store.datasets() == {}
    assert read(store, stored.name)
    assert [*store.datasets()] == [stored.name]


@pytest.mark.parametrize("damaged", [FILE, "items.lance"])
def test_a_damaged_one_is_left_out_and_can_be_deleted(
    store: Store, whole: Stored, pictures: Path, damaged: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = store.begin(pictures, None)
    assert read(store, other.name)
    here = whole.folder / damaged
    for path in [here] if here.is_file() else here.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    again = Store(store.folder)
    assert [*again.datasets()] == [other.name]
    assert f"the data set {whole.name} is left out" in caplog.text
    again.delete(whole.name)
    assert not whole.folder.exists()
    assert again.names() == [other.name]


def test_deleting_leaves_pictures_where_they_lie(store: Store, whole: Stored, pictures: Path) -> None:
    store.delete(whole.name)
    assert store.names() == []
    assert store.datasets() == {}
    assert len([*pictures.rglob("*.png")]) == 40
    with pytest.raises(StoreError, match="There is no data set"):
        store.delete(whole.name)


@pytest.mark.parametrize("name", ["../own", "", ".", "own", "..", "/etc"])
def test_no_name_leads_out_of_the_store(store: Store, whole: Stored, pictures: Path, name: str) -> None:
    with pytest.raises(StoreError, match="There is no data set"):
        store.delete(name)
    assert len([*pictures.rglob("*.png")]) == 40


def test_a_file_that_is_brought_lies_in_the_data_set_and_goes_with_it(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "Holiday.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5):
            archive.write(draw(tmp_path / f"{number}.png", number), f"top/{number}.png")
    stored = store.begin(path, "me", moved=True)
    assert not path.exists()
    assert read(store, stored.name)
    dataset = store.datasets()[stored.name]
    assert (dataset.title, dataset.owner, len(dataset)) == ("Holiday", "me", 5)
    assert dataset.files[4] == (tmp_path / "4.png").read_bytes()
    assert store.owners() == {"me"}
    assert store.used_by("me") > stored.source.stat().st_size > 0
    assert store.used_by("you") == 0
    store.delete(stored.name)
    assert [*store.folder.iterdir()] == []


def test_a_picture_that_has_changed_since_is_not_shown_for_what_it_was(store: Store, whole: Stored) -> None:
    dataset = store.datasets()[whole.name]
    draw(whole.source / "cats/01.png", 99)
    with pytest.raises(PictureError, match=r"cats/01\.png has changed since it was imported"):
        dataset.files[0]
    (whole.source / "cats/03.png").unlink()
    with pytest.raises(PictureError, match=r"cats/03\.png cannot be read any more"):
        dataset.files[1]


def test_a_stale_view_of_a_data_set_doubles_no_row(store: Store, pictures: Path) -> None:
    """Whoever opened it before another process went on with it would have read everything once more."""
    stored = store.begin(pictures, None)
    assert len(stored.items) == 0
    assert read(Store(store.folder), stored.name)
    assert read(store, stored.name)
    assert len(store.get(stored.name).items) == 40


def test_labels_that_have_changed_since_are_not_put_under_others_names(store: Store, tmp_path: Path) -> None:
    for number in range(3):
        draw(tmp_path / "own" / f"{number}.png", number)
    (tmp_path / "own" / "metadata.csv").write_text("file_name,a\n0.png,1\n")
    stored = store.begin(tmp_path / "own", None)
    draw(tmp_path / "own" / "sub" / "3.png", 3)
    with pytest.raises(InputError, match="The labels of own have changed since its import began"):
        read(store, stored.name)


def test_one_that_is_deleted_comes_back_by_nothing(store: Store, whole: Stored) -> None:
    kept = KeptLatents(whole.folder, "latents-toy", (8,), makes_folder=False)
    store.delete(whole.name)
    kept.append([0], torch.zeros(1, 8))
    with pytest.raises(StoreError):
        Stored(whole.folder)
    with pytest.raises(StoreError, match="There is no data set"), store.writing(whole.name):
        pass
    with pytest.raises(StoreError, match="There is no data set"), writing(whole.folder):
        pass
    assert [*store.folder.iterdir()] == []


def test_what_a_killed_delete_has_left_is_swept(store: Store, whole: Stored) -> None:
    whole.folder.rename(store.folder / f"{whole.name}.gone")
    store.sweep()
    assert [*store.folder.iterdir()] == []


def test_an_archive_is_let_go_of_once_its_data_set_is_deleted(store: Store, tmp_path: Path) -> None:
    """Else its space on the disk would be taken for as long as the app runs."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(draw(tmp_path / "0.png", 0), "0.png")
    stored = store.begin(path, "me", moved=True)
    assert read(store, stored.name)
    assert store.datasets()[stored.name].files[0]
    here = psutil.Process()
    assert str(stored.source) in {file.path for file in here.open_files()}
    store.delete(stored.name)
    assert store.datasets() == {}
    assert not [file.path for file in here.open_files() if "source.zip" in file.path]


def test_what_is_no_source_makes_no_data_set(store: Store, tmp_path: Path) -> None:
    text = tmp_path / "letter.zip"
    text.write_text("Dear diary")
    for path in (text, tmp_path / "absent"):
        with pytest.raises(InputError):
            store.begin(path, None)
    assert store.names() == []


def test_labels_are_numbers_where_all_that_are_known_are(store: Store, pictures: Path) -> None:
    lines = ["file_name,size,kind,mixed"]
    lines += [
        f"cats/{i:02}.png,{i / 2},{'µ/🐈' if i > 9 else ''},{i if i > 9 else 'x'}" for i in range(1, 40, 2)
    ]
    (pictures / "metadata.csv").write_text("\n".join(lines))
    stored = store.begin(pictures, None)
    assert read(store, stored.name)
    labels = labels_of(store.datasets()[stored.name])
    assert [(label.name, label.kind) for label in labels.values()] == [
        ("folder", "categorical"), ("size", "continuous"), ("kind", "categorical"),
        ("mixed", "categorical"), ("split", "categorical"),
    ]  # fmt: skip
    assert labels["kind"].classes == ("µ/🐈", "not known")
    assert labels["size"].values[1] == 1.5
    assert np.isnan(labels["size"].values[39])


def test_two_at_once_read_and_write(store: Store, pictures: Path) -> None:
    async def both() -> None:
        stored = store.begin(pictures, None)
        await asyncio.gather(
            asyncio.to_thread(read, store, stored.name),
            *(asyncio.to_thread(lambda: Store(store.folder).datasets()) for _ in range(20)),
        )

    asyncio.run(both())
    assert len(next(iter(store.datasets().values()))) == 40

"""A folder as a source: what is an entry, what is passed over, and that nothing outside is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explorer.data.sources import Folder, SourceError
from models.pictures import PictureError

Make = Callable[..., Path]


def names(folder: Path) -> list[str]:
    return [entry.where for entry in Folder(folder).entries()]


def test_its_files_are_entries_in_the_order_of_their_paths(make_folder: Make) -> None:
    root = make_folder("b.png", "a/z.png", "a.b/c.png", "a/d/e.png", "B.jpg", "µ/🦊 1.png")
    expected = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]
    assert names(root) == expected
    folder = Folder(root)
    assert folder.labels == ("folder",)
    assert [entry.labels["folder"] for entry in folder.entries()] == [".", "a/d", "a", "a.b", ".", "µ"]
    assert all(folder.read(name) == name.encode() for name in expected)


def test_one_folder_is_no_label(make_folder: Make) -> None:
    folder = Folder(make_folder("cats/a.png", "cats/b.png"))
    assert folder.labels == ()
    assert [entry.labels for entry in folder.entries()] == [{}, {}]


def test_litter_is_counted_by_its_kind(make_folder: Make) -> None:
    folder = Folder(
        make_folder(
            "a.png",
            ".DS_Store",
            "x/.DS_Store",
            "Thumbs.db",
            "desktop.ini",
            "__MACOSX/x/._a.png",
            ".git/objects/b.png",
            "x/.c.png",
        )
    )
    assert [entry.where for entry in folder.entries()] == ["a.png"]
    assert folder.passed_over == {
        ".DS_Store": 2,
        "Thumbs.db": 1,
        "desktop.ini": 1,
        "__MACOSX": 1,
        "hidden file": 2,
    }


def test_folders_without_files_are_named(make_folder: Make) -> None:
    root = make_folder("cats/a.png", "dogs/Thumbs.db", "deep/er/b.png")
    (root / "birds/small").mkdir(parents=True)
    (root / ".hidden").mkdir()
    assert Folder(root).empty == ["birds/small", "dogs"]


def test_no_link_leads_out(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder("in/a.png")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/b.png").write_bytes(b"secret")
    (root / "file.png").symlink_to(tmp_path / "secret/b.png")
    (root / "relative.png").symlink_to("../secret/b.png")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "chain.png").symlink_to("file.png")
    (root / "beside").symlink_to(f"{root}-beside")
    folder = Folder(root)
    assert [entry.where for entry in folder.entries()] == ["in/a.png"]
    assert folder.passed_over == {"link that leads out": 4, "link that leads nowhere": 1}
    for where in ("file.png", "folder/b.png", "chain.png"):
        with pytest.raises(PictureError, match="leads out of the folder own"):
            folder.read(where)
    for where in ("../secret/b.png", str(tmp_path / "secret/b.png"), "in/../../secret/b.png", "a\0.png"):
        with pytest.raises(PictureError, match="is no name of a file in the folder own"):
            folder.read(where)


def test_a_file_that_becomes_a_link_out_is_not_read(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder("a.png", "in/b.png")
    folder = Folder(root)
    (tmp_path / "b.png").write_bytes(b"secret")
    (root / "in/b.png").unlink()
    (root / "in").rmdir()
    (root / "in").symlink_to(tmp_path)
    with pytest.raises(PictureError, match="leads out"):
        folder.read("in/b.png")


def test_links_within_are_files_and_never_go_round(make_folder: Make) -> None:
    root = make_folder("all/a.png")
    (root / "cats").mkdir()
    (root / "cats/a.png").symlink_to("../all/a.png")
    (root / "all/round").symlink_to(root)
    (root / "self").symlink_to("self")
    folder = Folder(root)
    assert [entry.where for entry in folder.entries()] == ["all/a.png", "cats/a.png"]
    assert folder.read("cats/a.png") == b"all/a.png"
    assert folder.passed_over == {"link to a folder": 1, "link that leads nowhere": 1}


def test_a_folder_named_by_a_link_is_read(make_folder: Make, tmp_path: Path) -> None:
    make_folder("a.png")
    (tmp_path / "link").symlink_to("own")
    assert Folder(tmp_path / "link").read("a.png") == b"a.png"
    assert names(tmp_path / "link") == ["a.png"]


def test_a_pipe_is_not_waited_for(make_folder: Make) -> None:
    root = make_folder("a.png")
    os.mkfifo(root / "pipe.png")
    folder = Folder(root)
    assert [entry.where for entry in folder.entries()] == ["a.png"]
    assert folder.passed_over == {"neither file nor folder": 1}
    with pytest.raises(PictureError, match="It is no file"):
        folder.read("pipe.png")


def test_a_name_that_is_no_text_is_counted(make_folder: Make) -> None:
    root = make_folder("a.png")
    try:
        (root / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    folder = Folder(root)
    assert [entry.where for entry in folder.entries()] == ["a.png"]
    assert folder.passed_over == {"name that is not UTF-8": 1}


def test_many_empty_files_are_plain_entries(make_folder: Make) -> None:
    root = make_folder("a/0.png")
    for number in range(2_000):
        (root / f"a/{number}.png").touch()
    folder = Folder(root)
    assert len(list(folder.entries())) == 2_000
    assert folder.read("a/17.png") == b""


def test_what_cannot_be_read_says_so(make_folder: Make, small_files: int) -> None:
    root = make_folder("a.png", "b/c.png", "large.png", **{"large.png": bytes(small_files + 1)})
    folder = Folder(root)
    (root / "b/c.png").unlink()
    with pytest.raises(PictureError, match=r"b/c\.png cannot be read any more: No such file"):
        folder.read("b/c.png")
    with pytest.raises(PictureError, match=r"b/c\.png cannot be read any more: No such file"):
        folder.path("b/c.png")
    with pytest.raises(PictureError, match=r"large\.png is too large: at most 1 MiB"):
        folder.read("large.png")
    (root / "large.png").write_bytes(bytes(small_files))
    assert len(folder.read("large.png")) == small_files


def test_a_folder_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"The folder nowhere cannot be opened: No such file"):
        Folder(tmp_path / "nowhere")


def test_threads_read_at_the_same_time(make_folder: Make) -> None:
    folder = Folder(make_folder(*(f"{number}.png" for number in range(200))))
    where = [entry.where for entry in folder.entries()]
    with ThreadPoolExecutor(8) as readers:
        assert list(readers.map(folder.read, where)) == [name.encode() for name in where]

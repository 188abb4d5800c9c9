"""A ZIP archive as a source: names, what is refused, bombs, and damage."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explorer.data.sources import Source, SourceError, archive, base, open_source
from models.pictures import PictureError

Make = Callable[..., Path]


def names(source: Source) -> list[str]:
    return [entry.where for entry in source.entries()]


def overwrite(path: Path, found: bytes, new: bytes) -> None:
    """Put other bytes of the same number in a file, wherever they are found."""
    assert len(found) == len(new)
    content = path.read_bytes()
    assert found in content
    path.write_bytes(content.replace(found, new))


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return member


def test_members_are_entries_and_the_common_folder_no_label(make_zip: Make) -> None:
    members = {
        "own/": b"",
        "own/b.png": b"B",
        "own/cats/a.png": b"A",
        "own/__MACOSX/x": b"",
        ".DS_Store": b"",
    }
    source = open_source(make_zip(members | {"__MACOSX/own/._b.png": b"", "own/cats/.c.png": b""}))
    assert source.labels == ("folder",)
    assert [(entry.where, entry.labels) for entry in source.entries()] == [
        ("own/b.png", {"folder": "."}),
        ("own/cats/a.png", {"folder": "cats"}),
    ]
    assert source.read("own/cats/a.png") == b"A"
    assert source.passed_over == {"__MACOSX": 2, ".DS_Store": 1, "hidden file": 1}
    assert source.empty == []


def test_without_a_common_folder_all_are_labels(make_zip: Make) -> None:
    source = open_source(make_zip({"cats/a.png": b"", "dogs/b.png": b"", "birds/": b"", "mice/.x": b""}))
    assert [entry.labels["folder"] for entry in source.entries()] == ["cats", "dogs"]
    assert source.empty == ["birds"]
    assert open_source(make_zip({"cats/a.png": b"", "cats/b.png": b""})).labels == ()


def test_names_are_read_as_they_were_meant(make_zip: Make) -> None:
    path = make_zip(
        {"µ/🦊.png": b"1", "win\\dows\\ä.png": b"2", "./x//y.png": b"3", "mac__.png": b"4", "p_.png": b"5"}
    )
    overwrite(path, b"mac__.png", b"mac\xc3\xa9.png")  # UTF-8, and no flag says so
    overwrite(path, b"p_.png", b"p\xe6.png")  # µ in cp437
    source = open_source(path)
    expected = {"µ/🦊.png": b"1", "win/dows/ä.png": b"2", "x/y.png": b"3", "macé.png": b"4", "pµ.png": b"5"}
    assert {name: source.read(name) for name in names(source)} == expected


def test_what_is_refused_is_counted(make_zip: Make) -> None:
    kept = {"cats/a.png": b"A", "cats/b.png": b"B"}
    refused = {
        "/etc/c.png": b"",
        "C:\\d.png": b"",
        "../e.png": b"",
        "x/../../f.png": b"",
        "cats/more.ZIP": b"",
    }
    links: dict[zipfile.ZipInfo, bytes] = {link("only links/g.png"): b"/etc/passwd"}
    path = make_zip(kept | refused | links)
    source = open_source(path)
    assert names(source) == ["cats/a.png", "cats/b.png"]
    assert source.passed_over == {
        "absolute name": 2,
        "name that leads out": 2,
        "link": 1,
        "archive in the archive": 1,
    }
    assert source.empty == ["only links"]
    for name in ("only links/g.png", "/etc/c.png", "../e.png", "nothing"):
        with pytest.raises(PictureError, match="There is no file"):
            source.read(name)


def test_the_later_of_two_members_counts(make_zip: Make) -> None:
    source = open_source(make_zip({"a.png": b"1", ".//a.png": b"2"}))
    assert (names(source), source.read("a.png")) == (["a.png"], b"2")
    assert source.passed_over == {"file that a later one of its name replaces": 1}


def encrypt(path: Path, name: bytes) -> None:
    """Set the flag of a member, in its own header and in the directory."""
    content = bytearray(path.read_bytes())
    for signature, flags, length in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        at = content.index(name) if length == 30 else content.rindex(name)
        start = at - length
        assert content[start : start + 4] == signature
        content[start + flags] |= 1
    path.write_bytes(content)


def test_encrypted_members_are_counted_and_nothing_but_these_is_refused(make_zip: Make) -> None:
    path = make_zip({"a.png": b"A", "b.png": b"B"})
    encrypt(path, b"a.png")
    source = open_source(path)
    assert names(source) == ["b.png"]
    assert source.passed_over == {"encrypted file": 1}
    source.close()
    encrypt(path, b"b.png")
    with pytest.raises(SourceError, match=r"own\.zip is encrypted; give it without a password"):
        open_source(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_cannot_be_stopped_are_counted(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "own.zip", "w", method) as file:
        file.writestr("a.png", b"A" * 1000)
    source = open_source(tmp_path / "own.zip")
    assert names(source) == []
    assert source.passed_over == {"file in a compression that is not read": 1}


def test_a_bomb_is_not_inflated(make_zip: Make, small_files: int) -> None:
    path = make_zip({"a.png": bytes(small_files), "bomb.png": bytes(3 * small_files)})
    source = open_source(path)
    assert len(source.read("a.png")) == small_files
    with pytest.raises(PictureError, match=r"bomb\.png is too large: at most 1 MiB"):
        source.read("bomb.png")
    source.close()
    overwrite(path, struct.pack("<L", 3 * small_files), struct.pack("<L", 1000))  # the header says otherwise
    with pytest.raises(PictureError, match=r"bomb\.png is damaged"):
        open_source(path).read("bomb.png")


def test_members_that_overlap_are_not_read(make_zip: Make) -> None:
    path = make_zip({"a.png": b"A" * 100, "b.png": b"B" * 100})
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        first, second = (member.header_offset for member in file.infolist())
    at = content.rindex(b"b.png") - 46 + 42  # where the directory says where the second one is
    assert content[at : at + 4] == struct.pack("<L", second)
    path.write_bytes(content[:at] + struct.pack("<L", first) + content[at + 4 :])
    source = open_source(path)
    assert names(source) == ["b.png"]
    assert source.passed_over == {"file that overlaps another": 1}


def test_too_many_members_are_refused(make_zip: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip({f"{number}.png": b"" for number in range(4)})
    monkeypatch.setattr(base, "MAX_ENTRIES", 3)
    with pytest.raises(SourceError, match=r"own\.zip has 4 files: at most 3 can be"):
        open_source(path)


def test_members_are_counted_before_they_are_parsed(make_zip: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip({f"{number}.png": b"" for number in range(4)})
    overwrite(path, struct.pack("<HH", 4, 4), struct.pack("<HH", 1, 1))  # which is what the archive tells
    parsed = []
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *told: parsed.append(told))
    monkeypatch.setattr(base, "MAX_ENTRIES", 3)
    with pytest.raises(SourceError, match=r"own\.zip has 4 files: at most 3 can be"):
        open_source(path)
    assert parsed == []


@pytest.mark.parametrize("is_64", [False, True])
def test_a_list_of_members_that_is_too_large_is_not_read(
    make_zip: Make, monkeypatch: pytest.MonkeyPatch, is_64: bool
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3 if is_64 else 2**16 - 1)
    path = make_zip({f"{number}.png": b"" for number in range(4)})
    assert (b"PK\6\6" in path.read_bytes()) is is_64
    monkeypatch.setattr(archive, "DIRECTORY", 4 * (46 + 5))
    assert len(names(open_source(path))) == 4
    monkeypatch.setattr(archive, "DIRECTORY", 4 * (46 + 5) - 1)
    with pytest.raises(SourceError, match=r"The list of files in own\.zip is too large: at most 0 MiB"):
        open_source(path)


@pytest.mark.parametrize("cut", [20, 200, 5000])
def test_an_incomplete_archive_is_refused(make_zip: Make, cut: int) -> None:
    path = make_zip({f"{number}.png": bytes(range(256)) for number in range(40)})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match=r"own\.zip is no ZIP archive, or is damaged or incomplete"):
        open_source(path)


def test_a_damaged_member_takes_no_other_along(make_zip: Make) -> None:
    member = zipfile.ZipInfo("a.png")  # stored as it is
    path = make_zip({member: b"whole content", "b.png": b"B"})
    overwrite(path, b"whole content", b"other content")
    source = open_source(path)
    with pytest.raises(PictureError, match=r"a\.png is damaged in the archive"):
        source.read("a.png")
    assert source.read("b.png") == b"B"


def test_a_closed_archive_says_so(make_zip: Make) -> None:
    source = open_source(make_zip({"a.png": b"A"}))
    source.close()
    with pytest.raises(PictureError, match="cannot be read any more"):
        source.read("a.png")


def test_threads_read_at_the_same_time(make_zip: Make) -> None:
    source = open_source(make_zip({f"{number}.png": str(number).encode() * 5000 for number in range(200)}))
    where = names(source) * 3
    with ThreadPoolExecutor(8) as readers:
        contents = list(readers.map(source.read, where))
    assert contents == [name.removesuffix(".png").encode() * 5000 for name in where]

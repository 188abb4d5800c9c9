"""A metadata file beside the pictures, in a folder and in an archive."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explorer.data.sources import Folder, Source, SourceError, base, formats, metadata, open_source
from explorer.data.sources.columns import LONGEST

Make = Callable[..., Path]
Peak = Callable[[], AbstractContextManager[pa.MemoryPool]]

CSV = (
    "\ufefffile_name,kind,age,weight,tame\n"
    "b/c.png,µ/🦊,3,1.5,True\n./a.png,cat,,,False\ngone.png,dog,1,2,True\n"
)


def labels(source: Source) -> dict[str, dict[str, object]]:
    return {entry.where: dict(entry.labels) for entry in source.entries()}


def test_rows_are_joined_by_file_name(make_folder: Make) -> None:
    root = make_folder("a.png", "b/c.png", "d.png", "metadata.csv", **{"metadata.csv": CSV.encode()})
    folder = Folder(root)
    assert folder.labels == ("folder", "kind", "age", "weight", "tame")
    assert labels(folder) == {
        "a.png": {"folder": ".", "kind": "cat", "age": None, "weight": None, "tame": False},
        "b/c.png": {"folder": "b", "kind": "µ/🦊", "age": 3, "weight": 1.5, "tame": True},
        "d.png": {"folder": ".", "kind": None, "age": None, "weight": None, "tame": None},
    }
    assert type(labels(folder)["b/c.png"]["age"]) is int
    assert folder.passed_over == {"name in metadata.csv that no file has": 1}


def test_an_archive_has_the_same_rule_within_its_common_folder(make_zip: Make) -> None:
    members = {"own/metadata.csv": CSV.encode(), "own/a.png": b"", "own/b/c.png": b""}
    source = open_source(make_zip(members))
    assert source.labels == ("folder", "kind", "age", "weight", "tame")
    found = labels(source)
    assert [*found] == ["own/a.png", "own/b/c.png"]
    assert (found["own/b/c.png"]["folder"], found["own/b/c.png"]["kind"]) == ("b", "µ/🦊")
    assert source.passed_over == {"name in metadata.csv that no file has": 1}


def test_json_lines(make_folder: Make) -> None:
    rows = [{"file_name": "a.png", "kind": "cat", "boxes": [1, 2]}, {"file_name": "b.png", "age": 2}]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    folder = Folder(make_folder("a.png", "b.png", "metadata.jsonl", **{"metadata.jsonl": content}))
    assert labels(folder) == {"a.png": {"kind": "cat", "age": None}, "b.png": {"kind": None, "age": 2}}
    assert folder.passed_over == {"column boxes (list)": 1}


def test_parquet(make_folder: Make) -> None:
    buffer = BytesIO()
    day = datetime(2020, 1, 2, 3, 4)
    pq.write_table(pa.table({"file_name": ["a.png"], "kind": ["cat"], "taken": [day]}), buffer)
    content = buffer.getvalue()
    folder = Folder(make_folder("a.png", "metadata.parquet", **{"metadata.parquet": content}))
    assert labels(folder) == {"a.png": {"kind": "cat", "taken": "2020-01-02 03:04:00"}}


def test_names_are_the_same_however_they_are_written(make_folder: Make) -> None:
    accent = "café/é.png"
    content = f"file_name,n\n{unicodedata.normalize('NFC', accent)},1\nx\\y.png,2\n".encode()
    there = unicodedata.normalize("NFD", accent)
    folder = Folder(make_folder(there, "x/y.png", "labels.csv", **{"labels.csv": content}))
    assert {where: row["n"] for where, row in labels(folder).items()} == {there: 1, "x/y.png": 2}
    assert folder.passed_over == {}


def test_the_first_of_two_files_is_used_and_a_second_row_is_counted(make_folder: Make) -> None:
    contents = {"metadata.csv": b"file_name,n\na.png,1\na.png,2\n", "labels.csv": b"file_name,n\na.png,3\n"}
    folder = Folder(make_folder("a.png", *contents, **contents))
    assert labels(folder) == {"a.png": {"n": 1}}
    assert folder.passed_over == {
        "row of metadata.csv for a file named before": 1,
        "labels.csv beside metadata.csv": 1,
    }


def test_a_folder_column_is_the_label_of_that_name(make_folder: Make) -> None:
    content = b"file_name,folder\na/b.png,mine\nc.png,yours\n"
    folder = Folder(make_folder("a/b.png", "c.png", "metadata.csv", **{"metadata.csv": content}))
    assert labels(folder) == {"a/b.png": {"folder": "mine"}, "c.png": {"folder": "yours"}}


def test_a_file_about_something_else_takes_nothing_along(make_folder: Make) -> None:
    folder = Folder(make_folder("a.png", "labels.csv", **{"labels.csv": b"id,name\n1,cat\n"}))
    assert labels(folder) == {"a.png": {}}
    assert folder.passed_over == {"labels.csv without a column file_name": 1}


def test_only_the_root_has_one(make_folder: Make) -> None:
    content = b"file_name,n\nb.png,1\n"
    folder = Folder(make_folder("a/b.png", "a/metadata.csv", **{"a/metadata.csv": content}))
    assert [*labels(folder)] == ["a/b.png", "a/metadata.csv"]
    assert folder.labels == ()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metadata.csv", b"", "metadata.csv cannot be read as CSV"),
        ("metadata.csv", b"file_name,kind\na.png,\xe9\n", "metadata.csv is not in UTF-8"),
        ("metadata.csv", b"file_name,kind\na.png,b,c\n", "more fields than its header"),
        ("metadata.jsonl", b'{"file_name": ', "metadata.jsonl cannot be read as JSON lines"),
        ("metadata.parquet", b"PAR1 no", "metadata.parquet is no Parquet file, or is damaged"),
    ],
)
def test_a_damaged_one_is_refused(make_folder: Make, name: str, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        Folder(make_folder("a.png", name, **{name: content}))


def parquet(columns: dict[str, object]) -> bytes:
    buffer = BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl", "metadata.parquet", "labels.csv"])
def test_a_large_one_is_not_parsed(make_folder: Make, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(metadata, "MAX_METADATA", 2**20)
    root = make_folder("a.png", name, **{name: b"x" * (2**20 + 1)})
    with pytest.raises(SourceError, match=rf"^{name} is too large: at most 1 MiB are read\.$"):
        Folder(root)


def test_parquet_that_unpacks_to_much_takes_little_memory(make_folder: Make, arrow_peak: Peak) -> None:
    count, text = 300, "µ" * 2**19
    content = parquet({"file_name": [f"{n}.png" for n in range(count)], "kind": [text] * count})
    assert len(content) < 2**16, "which would be 300 MiB"
    root = make_folder("0.png", "299.png", "metadata.parquet", **{"metadata.parquet": content})
    with arrow_peak() as pool:
        kinds = [row["kind"] for row in labels(Folder(root)).values()]
    assert kinds == [text[:LONGEST]] * 2
    assert kinds[0] is kinds[1], "texts are held once"
    assert 2**20 < pool.max_memory() < 2**26


def test_parquet_with_too_much_text_or_too_many_rows_is_refused(
    make_folder: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"file_name": [f"{n}.png" for n in range(50)], "kind": [f"{n:0100}" for n in range(50)]}
    root = make_folder("0.png", "metadata.parquet", **{"metadata.parquet": parquet(columns)})
    assert labels(Folder(root))["0.png"]["kind"] == "0" * 100
    monkeypatch.setattr(metadata, "MAX_TEXT", 5_000)
    with pytest.raises(SourceError, match="it has more than 5,000 characters of text"):
        Folder(root)
    monkeypatch.setattr(base, "MAX_ENTRIES", 49)
    with pytest.raises(SourceError, match=r"metadata\.parquet has 50 rows: at most 49 can be"):
        Folder(root)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", b"file_name" + b",x" * 99 + b"\n" + b"a\n" * 100),
        ("metadata.csv", b"\nfile_name\n \na" + b",1" * 99 + b"\n" + b"a\n" * 100),
        ("metadata.jsonl", b"".join(b'{"a": {"%d": 1}}\n' % n for n in range(99)) + b"{}\n"),
    ],
)
def test_rows_that_leave_out_most_columns_are_refused(
    make_folder: Make, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setattr(formats, "CELLS", 10_000)
    with pytest.raises(SourceError, match=rf"^{name} is too large: it has 100 columns and about 10\d lines"):
        Folder(make_folder("a.png", name, **{name: content}))


def test_json_that_is_nested_too_deep_is_refused(make_folder: Make) -> None:
    content = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(SourceError, match=r"metadata\.jsonl cannot be read as JSON lines"):
        Folder(make_folder("a.png", "metadata.jsonl", **{"metadata.jsonl": content}))


def test_one_that_leads_out_is_not_read(make_folder: Make, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("file_name,secret\na.png,1\n")
    root = make_folder("a.png")
    (root / "metadata.csv").symlink_to(tmp_path / "secret.csv")
    folder = Folder(root)
    assert labels(folder) == {"a.png": {}}
    assert folder.passed_over == {"link that leads out": 1}

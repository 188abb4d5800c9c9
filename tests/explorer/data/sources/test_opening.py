"""Which kind of source a path is: by what it holds, then by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explorer.data.sources import Folder, SourceError, open_source
from explorer.data.sources.archive import Archive
from explorer.data.sources.table import Table
from models.errors import InputError

Make = Callable[..., Path]


def test_a_folder_and_files_by_what_they_hold(make_folder: Make, make_zip: Make, tmp_path: Path) -> None:
    assert isinstance(open_source(make_folder("a.png")), Folder)
    assert isinstance(open_source(make_zip({"a.png": b"A"}).rename(tmp_path / "other.name")), Archive)
    assert list(open_source(make_zip({})).entries()) == []
    pq.write_table(pa.table({"image": [b"A"]}), tmp_path / "own.data")
    assert open_source(tmp_path / "own.data").read("0") == b"A"
    (tmp_path / "OWN.CSV").write_text("path\na.png\n")
    assert isinstance(open_source(tmp_path / "OWN.CSV"), Table)


def test_each_tells_how_many_entries_it_has(make_folder: Make, make_zip: Make, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"image": [b"A", None, b"C"], "kind": ["x", "y", None]}), tmp_path / "own.parquet"
    )
    (tmp_path / "own.csv").write_text("path,kind\na.png,1\n,2\n")
    members = {"a.png": b"A", ".DS_Store": b"", "metadata.csv": b"file_name,kind\na.png,1\n"}
    paths = make_folder("a.png", "b/c.png", ".DS_Store"), make_zip(members), *tmp_path.glob("own.[pc]*")
    sources = [open_source(path) for path in paths]
    assert sorted(map(len, sources)) == [1, 2, 2, 3]
    assert [*map(len, sources)] == [len([*source.entries()]) for source in sources]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own.zip", "is no ZIP archive, or is damaged or incomplete"),
        ("own.parquet", "is no Parquet file, or is damaged or incomplete"),
        ("own.csv", r"cannot be read as CSV: No columns to parse from file\.$"),
        ("own.png", "is no folder, ZIP archive, or table in CSV or Parquet"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(SourceError, match=message):
        open_source(tmp_path / name)


def test_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file or folder to open at .*nowhere: No such file"):
        open_source(tmp_path / "nowhere")

"""Tables as sources: CSV and Parquet, labels of all kinds, and pictures by row."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explorer.data.sources import SourceError, open_source, rows
from explorer.data.sources.table import Table
from models.pictures import PictureError

Make = Callable[..., Path]


def write(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "own.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def as_hugging_face(table: pa.Table, features: dict[str, Any]) -> pa.Table:
    told = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({b"huggingface": told.encode()})


def test_rows_of_a_csv_name_files_beside_it(make_folder: Make) -> None:
    root = make_folder("a.png", "sub/µ.png")
    lines = ["\ufefffile_name,kind,n,note", "a.png,🦊/µ,1,", 'sub\\µ.png,,2,"x, y"']
    (root / "own.csv").write_text("\n".join(lines), encoding="utf-8")
    source = open_source(root / "own.csv")
    assert (source.labels, source.empty) == (("kind", "n", "note"), [])
    assert [tuple(entry) for entry in source.entries()] == [
        ("0", {"kind": "🦊/µ", "n": 1, "note": None}),
        ("1", {"kind": None, "n": 2, "note": "x, y"}),
    ]
    assert [source.read("0"), source.read("1")] == [b"a.png", "sub/µ.png".encode()]


def test_no_row_leads_out_of_the_folder(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder("a.png")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    paths = ["../secret.png", str(tmp_path / "secret.png"), "x/../../secret.png", "link.png", "gone.png", ""]
    paths += ["https://example.org/a.png", "file:///etc/passwd"]
    (root / "own.csv").write_text("\n".join(["path,n", *(f"{path},1" for path in paths)]))
    source = open_source(root / "own.csv")
    said = ["is no name of a file"] * 3 + ["leads out", "No such file", "It holds no picture"]
    for row, message in enumerate([*said, "nothing is fetched", "nothing is fetched"]):
        with pytest.raises(PictureError, match=rf"^Row {row}.*{message}"):
            source.read(str(row))
    for where in ("8", "-1", "x", "", "²", "9" * 30):
        with pytest.raises(PictureError, match="There is no row"):
            source.read(where)


def test_labels_of_every_kind(tmp_path: Path) -> None:
    columns = {
        "image": [b"1", b"2"],
        "text": pa.array(["µ", None]),
        "whole": pa.array([2**40, None]),
        "real": pa.array([0.5, float("nan")]),
        "exact": pa.array([Decimal("1.50"), None]),
        "yes": pa.array([True, None]),
        "class": pa.array(["a", "b"]).dictionary_encode(),
        "time": pa.array([datetime(2020, 1, 2), None], pa.timestamp("ns")),
        "day": pa.array([date(2020, 1, 2), None]),
        "length": pa.array([timedelta(hours=1), None]),
        "list": [[1], [2]],
        "nested": [{"a": 1}, {"a": 2}],
        "other": [b"x", b"y"],
    }
    source = open_source(write(tmp_path, columns))
    first, second = (entry.labels for entry in source.entries())
    assert first == {
        "text": "µ",
        "whole": 2**40,
        "real": 0.5,
        "exact": 1.5,
        "yes": True,
        "class": "a",
        "time": "2020-01-02 00:00:00",
        "day": "2020-01-02",
        "length": "1:00:00",
    }
    assert second == dict.fromkeys(first) | {"class": "b"}
    assert source.labels == tuple(first)
    passed_over = {"column list (list)": 1, "column nested (struct)": 1, "column other (binary)": 1}
    assert source.passed_over == passed_over


def test_a_table_without_labels_has_its_rows(tmp_path: Path) -> None:
    source = open_source(write(tmp_path, {"image": [b"", b"2", None]}))
    assert [tuple(entry) for entry in source.entries()] == [("0", {}), ("1", {}), ("2", {})]
    assert [source.read("0"), source.read("1")] == [b"", b"2"]
    with pytest.raises(PictureError, match="Row 2: It holds no picture"):
        source.read("2")


def test_pictures_and_classes_as_hugging_face_writes_them(make_folder: Make) -> None:
    root = make_folder("b.png")
    pictures = [
        {"bytes": b"A", "path": "a.png"},
        {"bytes": None, "path": "b.png"},
        {"bytes": None, "path": None},
    ]
    table = pa.table({"photograph": pictures, "label": [1, -1, 0], "n": [1, 2, 3]})
    features = {"photograph": {"_type": "Image"}, "label": {"names": ["cat", "µ/🦊"], "_type": "ClassLabel"}}
    pq.write_table(as_hugging_face(table, features), root / "own.parquet")
    source = open_source(root / "own.parquet")
    assert [entry.labels for entry in source.entries()] == [
        {"label": "µ/🦊", "n": 1},
        {"label": None, "n": 2},
        {"label": "cat", "n": 3},
    ]
    assert [source.read("0"), source.read("1")] == [b"A", b"b.png"]
    with pytest.raises(PictureError, match="Row 2: It holds no picture"):
        source.read("2")


@pytest.mark.parametrize("told", [b"no json", b"[]", b'{"info": {"features": [1]}}', b'{"info": null}'])
def test_what_hugging_face_never_wrote_is_ignored(tmp_path: Path, told: bytes) -> None:
    table = pa.table({"image": [b"A"], "label": [0]}).replace_schema_metadata({b"huggingface": told})
    pq.write_table(table, tmp_path / "own.parquet")
    assert [entry.labels for entry in open_source(tmp_path / "own.parquet").entries()] == [{"label": 0}]


def test_the_column_is_guessed_or_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"Path": ["x"], "IMAGE": [b"A"], "scan": [b"B"], "n": [1], "many": [[b"C"]]})
    assert open_source(path).read("0") == b"A"
    assert open_source(path, "scan").read("0") == b"B"
    with pytest.raises(SourceError, match="no column picture; the columns are Path, IMAGE, scan, n, many"):
        open_source(path, "picture")
    for wrong in ("n", "many"):
        with pytest.raises(SourceError, match=rf"The column {wrong} holds .*, no pictures or paths"):
            open_source(path, wrong)
    with pytest.raises(SourceError, match=r"No column is called image or img .*; name one of a, b"):
        open_source(write(tmp_path, {"a": [1], "b": [b"A"]}))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.table([[b"A"], [1], [2]], names=["image", "n", "n"])
    pq.write_table(table, tmp_path / "own.parquet")
    with pytest.raises(SourceError, match="Two columns have one name; the columns are image, n, n"):
        open_source(tmp_path / "own.parquet")


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """1,000 pictures in row groups of 300, read by a few rows, of which few are held."""
    monkeypatch.setattr(rows, "CACHE", 20_000)
    pictures = [{"bytes": str(row).encode() * 100, "path": None} for row in range(1000)]
    source = open_source(write(tmp_path, {"image": pictures, "n": range(1000)}, row_group_size=300))
    assert isinstance(source, Table)
    return source


def test_every_row_has_its_own_picture_in_any_order(many: Table) -> None:
    order = list(range(1000))
    random.Random(0).shuffle(order)
    assert all(many.read(str(row)) == str(row).encode() * 100 for row in [*range(1000), 999, 0, *order[:100]])


def test_threads_read_at_the_same_time_as_labels_are(many: Table) -> None:
    entries = many.entries()
    with ThreadPoolExecutor(8) as readers:
        contents = list(readers.map(lambda entry: many.read(entry.where), entries))
    assert contents == [str(row).encode() * 100 for row in range(1000)]
    assert [entry.labels["n"] for entry in many.entries()] == list(range(1000))


def test_what_is_held_is_bounded_and_read_once_by_who_goes_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CACHE", 200_000)
    path = write(tmp_path, {"image": [bytes([row]) * 5000 for row in range(200)]}, use_dictionary=False)
    read = rows.ParquetRows(path)
    started = []
    iter_batches = read._file.iter_batches
    monkeypatch.setattr(
        read._file, "iter_batches", lambda *a, **k: started.append(a) or iter_batches(*a, **k)
    )
    for row in range(200):
        for behind in (row, max(0, row - 8)):
            assert read.item("image", behind) == bytes([behind]) * 5000
    assert len(started) == 1, "the row group is gone through once"
    assert 0 < read._held.currsize <= 200_000


def test_no_picture_is_read_for_the_labels(many: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    batches = many._rows.batches
    monkeypatch.setattr(many._rows, "batches", lambda columns: asked.append(columns) or batches(columns))
    assert len(list(many.entries())) == 1000
    assert asked == [("n",)]


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path, small_files: int) -> None:
    source = open_source(write(tmp_path, {"image": [bytes(small_files), bytes(small_files + 1)]}))
    assert len(source.read("0")) == small_files
    with pytest.raises(PictureError, match="Row 1 is too large: at most 1 MiB"):
        source.read("1")


@pytest.mark.parametrize("keep", [8, 1000])
def test_an_incomplete_table_is_refused(tmp_path: Path, keep: int) -> None:
    path = write(tmp_path, {"image": [bytes(range(256))] * 100})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SourceError, match=r"own\.parquet is no Parquet file, or is damaged or incomplete"):
        open_source(path)


def test_a_damaged_part_is_said(tmp_path: Path) -> None:
    columns = {"n": list(range(5000)), "image": [b"A" * 50] * 5000}
    path = write(tmp_path, columns, use_dictionary=False, write_page_checksum=False)
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * (len(content) // 2) + content[4 + len(content) // 2 :])
    source = open_source(path)
    with pytest.raises(SourceError, match=r"own\.parquet is no Parquet file, or is damaged"):
        list(source.entries())


def test_a_closed_table_says_so(many: Table) -> None:
    many.close()
    with pytest.raises(PictureError, match="Row 0 cannot be read: the table is damaged or gone"):
        many.read("0")

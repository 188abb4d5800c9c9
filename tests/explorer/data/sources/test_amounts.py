"""Tables of few bytes that would unpack to many: what is read of them stays small."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explorer.data.sources import SourceError, base, open_source, parquet, rows
from explorer.data.sources.columns import LONGEST
from models.pictures import PictureError

MIB = 2**20
Peak = Callable[[], AbstractContextManager[pa.MemoryPool]]
ENCODINGS = {
    "dictionary": {},
    "plain": {"use_dictionary": False},
    "prefix": {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"},
}


def write(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path, pages = folder / "own.parquet", {"data_page_size": MIB, "write_batch_size": 1}
    pq.write_table(pa.table(columns), path, compression="zstd", **pages, **options)
    return path


@pytest.mark.parametrize("is_struct", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_row_is_unpacked_without_the_others(
    tmp_path: Path, arrow_peak: Peak, encoding: str, is_struct: bool
) -> None:
    value = bytes(2 * MIB)
    column = [{"bytes": value, "path": "a.png"} if is_struct else value] * 100
    path = write(tmp_path, {"image": column}, **ENCODINGS[encoding])
    assert path.stat().st_size < MIB, "which would be 200 MiB"
    with arrow_peak() as pool:
        source = open_source(path)
        assert source.read("0") == value
        assert 2 * MIB < pool.max_memory() < 16 * MIB
        assert source.read("7") == value
        assert pool.max_memory() < 40 * MIB, "which holds the rows between, and no others"
        source.close()


def test_a_value_is_measured_before_python_has_it(tmp_path: Path, small_files: int) -> None:
    table = rows.ParquetRows(write(tmp_path, {"image": [bytes(small_files), bytes(2 * small_files)]}))
    assert len(table.item("image", 0)) == small_files
    with pytest.raises(PictureError, match="It is too large: at most 1 MiB"):
        table.item("image", 1)
    table.close()


@pytest.mark.parametrize(
    ("encoding", "is_category"), [*product(ENCODINGS, [False]), ("dictionary", True), ("plain", True)]
)
def test_labels_are_cut_before_they_are_unpacked_together(
    tmp_path: Path, arrow_peak: Peak, encoding: str, is_category: bool
) -> None:
    text = "µ" * MIB
    kinds = pa.array([text] * 100)
    columns = {"image": [b"A"] * 100, "kind": kinds.dictionary_encode() if is_category else kinds}
    path = write(tmp_path, columns, **ENCODINGS[encoding])
    with arrow_peak() as pool:
        found = [entry.labels["kind"] for entry in open_source(path).entries()]
    assert found == [text[:LONGEST]] * 100
    assert 2 * MIB < pool.max_memory() < 64 * MIB


def test_rows_and_groups_with_very_long_labels_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"image": [b"A"] * 5, **{name: ["x" * 600 + name] * 5 for name in "ab"}}
    source = open_source(write(tmp_path, columns))
    assert len(list(source.entries())) == 5
    monkeypatch.setattr(parquet, "ROW", 1000)
    with pytest.raises(SourceError, match=r"^own\.parquet has a row with labels of more than 0 MiB\.$"):
        list(source.entries())
    monkeypatch.setattr(parquet, "GROUP", 1000)
    with pytest.raises(SourceError, match=r"^own\.parquet has too many labels: at most 0 MiB in a row group"):
        list(source.entries())


def test_many_labels_are_given_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"image": [b"A"] * 95, "n": range(95), "kind": [f"{n}" for n in range(95)]})
    monkeypatch.setattr(parquet, "TOGETHER", 10)
    monkeypatch.setattr(parquet, "LABELLED", 30)
    table = rows.ParquetRows(path)
    assert [len(part) for part in table.batches(["kind", "n"])] == [10] * 9 + [5]
    assert [len(part) for part in table.batches(["n"])] == [30] * 3 + [5]
    expected = [{"n": n, "kind": str(n)} for n in range(95)]
    assert [entry.labels for entry in open_source(path).entries()] == expected
    table.close()


def test_a_table_of_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.csv").write_text("path\na\nb\n")
    monkeypatch.setattr(base, "MAX_ENTRIES", 2)
    assert len(list(open_source(tmp_path / "own.csv").entries())) == 2
    for path in (tmp_path / "own.csv", write(tmp_path, {"image": [b"A"] * 3})):
        monkeypatch.setattr(base, "MAX_ENTRIES", 1)
        with pytest.raises(SourceError, match=rf"^{path.name} has [23] rows: at most 1 can be\.$"):
            open_source(path)


def test_a_large_csv_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.csv"
    path.write_text("path\n" + "a\n" * MIB)
    monkeypatch.setattr(rows, "MAX_CSV", MIB)
    with pytest.raises(SourceError, match=r"^own\.csv is too large: at most 1 MiB of CSV are read"):
        open_source(path)

"""Labels from a file beside the pictures, as Hugging Face has it: a row a picture, found by file_name."""

from __future__ import annotations

import unicodedata
from collections import Counter
from io import BytesIO
from typing import Any, NamedTuple

from explorer.data.sources.base import Scalar
from explorer.data.sources.columns import PATHS, check_names, choose_labels, values_of
from explorer.data.sources.formats import read_csv, read_json_lines, read_parquet

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet", "labels.csv")


class Metadata(NamedTuple):
    """Further labels of files."""

    labels: tuple[str, ...]
    rows: dict[str, tuple[Scalar, ...]]  # by key

    @staticmethod
    def key(name: str) -> str:
        """A file's name whichever way its slashes and accents are written."""
        return unicodedata.normalize("NFC", name.replace("\\", "/").removeprefix("./"))

    def of(self, name: str) -> dict[str, Scalar]:
        """The labels of a file, all None where nothing is said of it."""
        values = self.rows.get(self.key(name)) if self.rows else None
        return dict(zip(self.labels, values or [None] * len(self.labels), strict=True))


def load_metadata(name: str, content: bytes) -> tuple[Metadata, Counter[str]]:
    """The labels in a metadata file, and what in it is passed over. Raises SourceError for a damaged one.

    One that names no files is passed over as a whole: a labels.csv may be about anything.
    """
    table = _read(name, content)
    check_names(table.schema)
    by = next((path for path in PATHS if path in table.column_names), None)
    if by is None:
        return Metadata((), {}), Counter({f"{name} without a column file_name": 1})
    labels, passed_over = choose_labels(table.schema, besides=by)
    columns = [values_of(table, label) for label in labels]
    rows: dict[str, tuple[Scalar, ...]] = {}
    for file, *values in zip(table.column(by).to_pylist(), *columns, strict=True):
        key = Metadata.key(str(file))
        if key in rows:
            passed_over[f"row of {name} for a file named before"] += 1
        else:
            rows[key] = tuple(values)
    return Metadata(labels, rows), passed_over


def _read(name: str, content: bytes) -> Any:
    if name.endswith(".jsonl"):
        return read_json_lines(BytesIO(content), name)
    if name.endswith(".parquet"):
        return read_parquet(BytesIO(content), name)
    return read_csv(BytesIO(content), name)

"""Labels from a file beside the pictures, as Hugging Face has it: a row a picture, found by file_name."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from explorer.data.sources import base
from explorer.data.sources.base import Scalar, SourceError
from explorer.data.sources.columns import PATHS, check_names, choose_labels, values_of
from explorer.data.sources.formats import read_csv, read_json_lines
from explorer.data.sources.parquet import open_parquet, read_labels

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet", "labels.csv")
MAX_METADATA = 2**26  # bytes of such a file
MAX_TEXT = 2**27  # characters in one, each text counted once: Parquet packs more than it can be let unpack

Parts = Callable[[Sequence[str]], Iterable[Any]]


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


class _Texts(dict[str, str]):
    """Each text once, however often it is read."""

    def __init__(self, name: str) -> None:
        self._name, self._left = name, MAX_TEXT

    def __missing__(self, text: str) -> str:
        self._left -= len(text)
        if self._left < 0:
            raise SourceError(f"{self._name} is too large: it has more than {MAX_TEXT:,} characters of text.")
        self[text] = text
        return text


def load_metadata(name: str, content: bytes) -> tuple[Metadata, Counter[str]]:
    """The labels in a metadata file, and what in it is passed over.

    One that names no files is passed over as a whole: a labels.csv may be about anything. Raises SourceError
    for one that is damaged, or larger than can be held.
    """
    if len(content) > MAX_METADATA:
        raise SourceError(f"{name} is too large: at most {MAX_METADATA // 2**20} MiB are read.")
    schema, count, parts = _open(name, content)
    if count > base.MAX_ENTRIES:
        raise SourceError(f"{name} has {count:,} rows: at most {base.MAX_ENTRIES:,} can be.")
    check_names(schema)
    by = next((path for path in PATHS if path in schema.names), None)
    if by is None:
        return Metadata((), {}), Counter({f"{name} without a column file_name": 1})
    labels, passed_over = choose_labels(schema, besides=by)
    rows, texts = dict[str, tuple[Scalar, ...]](), _Texts(name)
    for part in parts([by, *labels]):
        columns = [values_of(part, label) for label in labels]
        for file, *values in zip(part.column(by).to_pylist(), *columns, strict=True):
            key = texts[Metadata.key(str(file))]
            if key in rows:
                passed_over[f"row of {name} for a file named before"] += 1
            else:
                rows[key] = tuple(texts[value] if isinstance(value, str) else value for value in values)
    return Metadata(labels, rows), passed_over


def _open(name: str, content: bytes) -> tuple[Any, int, Parts]:
    """The schema, the number of rows, and what gives the columns that are asked for."""
    if name.endswith(".parquet"):
        file = open_parquet(BytesIO(content), name)
        return file.schema_arrow, file.metadata.num_rows, lambda columns: read_labels(file, columns, name)
    table = read_json_lines(content, name) if name.endswith(".jsonl") else read_csv(content, name)
    return table.schema, table.num_rows, lambda columns: [table.select(columns)]

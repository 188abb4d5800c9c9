"""The items of a stored data set: what is known of each picture without opening its file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from explorer.data.store.lance import StoreError, attempt, batches, open_table
from explorer.data.store.on_demand import OnDemand

TABLE = "items"


class Item(NamedTuple):
    """One picture that was read."""

    where: str  # within its source
    digest: str  # SHA-256 of the file
    look: str  # as in looks.py
    notes: Sequence[str]  # a sentence on each thing that is shown otherwise than the file has it
    thumbnail: bytes  # WebP
    labels: Sequence[object]


class Items:
    """The items of one data set, in the order in which they were added; row i stays row i."""

    def __init__(self, folder: Path, labels: Sequence[str], *, is_new: bool = False) -> None:
        """Labels are columns by number, since the table takes no dots in names.

        Raises StoreError where there is no table, unless `is_new`, or a damaged one.
        """
        self._labels = [*labels]
        self._columns = [f"label_{i}" for i in range(len(labels))]
        texts = [(name, pa.string()) for name in ("where", "digest", "look", "notes", *self._columns)]
        self._schema = pa.schema([*texts, ("thumbnail", pa.binary())])
        table = open_table(folder, TABLE, self._schema if is_new else None)
        if table is None:
            raise StoreError(f"store: {folder.name}/{TABLE} is missing")
        self._table = table

    def __len__(self) -> int:
        return attempt(self._table.count_rows, TABLE)

    def append(self, items: Sequence[Item]) -> None:
        """Add all of them, or none. Raises StoreError, such as for a full disk."""
        columns: dict[str, list[object]] = {
            name: [getattr(item, name) for item in items] for name in ("where", "digest", "look", "thumbnail")
        }
        columns["notes"] = [_json(item.notes) for item in items]
        for i, column in enumerate(self._columns):
            columns[column] = [_json(item.labels[i]) for item in items]
        rows = pa.table(columns, schema=self._schema)
        attempt(lambda: self._table.add(rows), TABLE)

    def tidy(self) -> None:
        """Put what was added in many steps into few files, which are read faster, and drop the many."""
        attempt(lambda: self._table.optimize(cleanup_older_than=timedelta(seconds=10)), TABLE)

    def column(self, name: str) -> list[str]:
        """One of where, digest, look and notes (JSON), of every row."""
        return [text for batch in batches(self._table, [name]) for text in batch[name].to_pylist()]

    def labels(self) -> pd.DataFrame:
        """Every label as numbers where all that are known are numbers, else as text; None where not known."""
        n = len(self)
        frame = {
            name: _read(self.column(column)) for name, column in zip(self._labels, self._columns, strict=True)
        }
        return pd.DataFrame(frame, index=range(n))

    @property
    def thumbnails(self) -> Thumbnails:
        """WebP files by row, read when they are asked for."""
        return Thumbnails(self)

    def thumbnail(self, row: int) -> bytes:
        """A WebP file. Raises StoreError."""
        found = self._table.take_offsets([row]).select(["thumbnail"])
        return attempt(lambda: bytes(found.to_arrow()["thumbnail"][0].as_py()), TABLE)


class Thumbnails(OnDemand):
    """WebP files by row."""

    def __init__(self, items: Items) -> None:
        self._items, self._n = items, len(items)

    def __len__(self) -> int:
        return self._n

    def one(self, row: int) -> bytes:
        """As OnDemand."""
        return self._items.thumbnail(row)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read(texts: Sequence[str]) -> pd.Series:
    """JSON texts as one column: few are different, so each is read once."""
    codes, different = pd.factorize(pd.Series(texts, dtype=object))
    values = [json.loads(text) for text in different]
    known = [value for value in values if value is not None]
    are_numbers = bool(known) and all(_is_number(value) for value in known)
    told = [_tell(value, are_numbers) for value in values]
    column = pd.Series(told, dtype=float if are_numbers else object)
    return column.take(codes).reset_index(drop=True)


def _tell(value: object, is_number: bool) -> object:
    if value is None:
        return float("nan") if is_number else None
    if is_number:
        return value
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""The rows of a table file: their labels in order, and the picture of any one."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from cachetools import LRUCache

from explorer.data.sources import base
from explorer.data.sources.base import SourceError
from explorer.data.sources.formats import read_csv
from explorer.data.sources.parquet import open_parquet, read_labels

CACHE = 2**27  # bytes of pictures of one table that are held
HANDLE = 2**11  # bytes that a row takes besides, about
SLACK = 2**16  # bytes of a row that are not the picture's: a path beside it, and Arrow's own
MAX_CSV = 2**28  # bytes of a CSV file


class Rows(Protocol):
    """A table whose rows are read as they are needed."""

    schema: Any

    def __len__(self) -> int: ...
    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """These columns of all rows, in parts, in order."""

    def item(self, column: str, row: int) -> Any:
        """One value, as Python has it; may raise what Arrow raises."""

    def close(self) -> None:
        """Let go of the file."""


class CsvRows:
    """A CSV file, all of which is held: none of more than MAX_CSV bytes is read."""

    def __init__(self, path: Path) -> None:
        """Raises SourceError for a file that is damaged or too large."""
        try:
            with path.open("rb") as file:
                content = file.read(MAX_CSV + 1)
        except OSError as error:
            raise SourceError(f"{path.name} cannot be opened: {error.strerror}.") from error
        if len(content) > MAX_CSV:
            limit = f"at most {MAX_CSV // 2**20} MiB of CSV are read"
            raise SourceError(f"{path.name} is too large: {limit}. Give it as Parquet.")
        self._table = read_csv(content, path.name)
        self.schema = self._table.schema

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """As Rows."""
        yield self._table.select(columns)

    def item(self, column: str, row: int) -> Any:
        """As Rows."""
        return self._table.column(column)[row].as_py()

    def close(self) -> None:
        """Nothing is held open."""


class ParquetRows:
    """A Parquet file, read row by row, of which those used last are held."""

    def __init__(self, path: Path) -> None:
        """Raises SourceError for a file that is damaged."""
        self._path = path
        self._file = open_parquet(path, path.name)
        self.schema, facts = self._file.schema_arrow, self._file.metadata
        groups = [facts.row_group(index).num_rows for index in range(facts.num_row_groups)]
        self._starts: list[int] = [0, *accumulate(groups)]  # of row groups, and the end
        self._held: LRUCache[tuple[int, int], Any] = LRUCache(CACHE, getsizeof=_size)
        self._last: tuple[tuple[int, int], Any] | None = None  # read last, whatever its size
        self._ahead: Iterator[Any] = iter(())  # the rows that follow it in its group
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._starts[-1]

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """As Rows; by a handle of its own, since `item` may be asked for meanwhile. Raises SourceError."""
        with open_parquet(self._path, self._path.name) as file:
            yield from read_labels(file, columns, self._path.name)

    def item(self, column: str, row: int) -> Any:
        """As Rows. Raises PictureError for a value of more than MAX_FILE bytes, before Python has it."""
        group = bisect_right(self._starts, row) - 1
        with self._lock:
            batch = self._get(column, group, row - self._starts[group])
        if batch.get_total_buffer_size() > base.MAX_FILE + SLACK:
            raise base.too_large("It")
        return batch.column(column)[0].as_py()

    def close(self) -> None:
        """As Rows."""
        with self._lock:
            self._held.clear()
            self._last, self._ahead = None, iter(())
            self._file.close()

    def _get(self, column: str, group: int, row: int) -> Any:
        """A group can only be read from its start: those read last serve whoever comes a little later."""
        wanted = (group, row)
        if self._last and self._last[0] == wanted:
            return self._last[1]
        if wanted in self._held:
            return self._held[wanted]
        if self._last is None or self._last[0][0] != group or self._last[0][1] > row:
            self._ahead = self._file.iter_batches(1, [group], [column], use_threads=False)
            self._last = None
        at = self._last[0][1] + 1 if self._last else 0
        for number, batch in enumerate(self._ahead, start=at):
            if len(batch) != 1:
                raise pa.ArrowInvalid("other rows came than were asked for")
            self._last = ((group, number), batch)
            if _size(batch) <= CACHE:
                self._held[group, number] = batch
            if number == row:
                return batch
        raise pa.ArrowInvalid("a row group ends before its rows do")


def _size(batch: Any) -> int:
    return HANDLE + int(batch.get_total_buffer_size())

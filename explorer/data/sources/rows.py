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

from explorer.data.sources.formats import damaged, open_parquet, read_csv

CACHE = 2**27  # bytes of pictures of one table that are held
CHUNK = 2**24  # bytes of pictures that are read at a time, about
MOST_ROWS = 1000  # that are read at a time
LABELLED = 10_000  # rows whose labels are read at a time


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
    """A CSV file: text is small, so all of it is held."""

    def __init__(self, path: Path) -> None:
        """Raises SourceError for a file that is damaged."""
        self._table = read_csv(path, path.name)
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
    """A Parquet file, read by parts of its row groups, of which those used last are held."""

    def __init__(self, path: Path) -> None:
        """Raises SourceError for a file that is damaged."""
        self._path = path
        self._file = open_parquet(path, path.name)
        self.schema, facts = self._file.schema_arrow, self._file.metadata
        groups = [facts.row_group(index).num_rows for index in range(facts.num_row_groups)]
        self._starts: list[int] = [0, *accumulate(groups)]  # of row groups, and the end
        self._held: LRUCache[tuple[int, int], Any] = LRUCache(CACHE, getsizeof=_size)
        self._part: tuple[tuple[int, int], Any] | None = None  # read last, whatever its size
        self._ahead: Iterator[Any] = iter(())  # the parts that follow it in its group
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._starts[-1]

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """As Rows; by a handle of its own, since `item` may be asked for meanwhile. Raises SourceError."""
        with open_parquet(self._path, self._path.name) as file:
            try:
                yield from file.iter_batches(LABELLED, columns=list(columns), use_threads=False)
            except (pa.ArrowException, OSError) as error:
                raise damaged(self._path.name) from error

    def item(self, column: str, row: int) -> Any:
        """As Rows."""
        group = bisect_right(self._starts, row) - 1
        row -= self._starts[group]
        size = self._rows_of_part(group, column)
        with self._lock:
            part = self._get(column, group, row // size, size)
        return part.column(column)[row % size].as_py()

    def close(self) -> None:
        """As Rows."""
        with self._lock:
            self._held.clear()
            self._part, self._ahead = None, iter(())
            self._file.close()

    def _get(self, column: str, group: int, part: int, size: int) -> Any:
        """A group can only be read from its start: those read last serve whoever comes a little later."""
        wanted = (group, part)
        if self._part and self._part[0] == wanted:
            return self._part[1]
        if wanted in self._held:
            return self._held[wanted]
        if self._part is None or self._part[0][0] != group or self._part[0][1] > part:
            self._ahead = self._file.iter_batches(size, [group], [column], use_threads=False)
            self._part = None
        at = self._part[0][1] + 1 if self._part else 0
        for number, batch in enumerate(self._ahead, start=at):
            if len(batch) != min(size, self._starts[group + 1] - self._starts[group] - number * size):
                raise pa.ArrowInvalid("a part has other rows than were asked for")
            self._part = ((group, number), batch)
            if _size(batch) <= CACHE:
                self._held[group, number] = batch
            if number == part:
                return batch
        raise pa.ArrowInvalid("a row group ends before its rows do")

    def _rows_of_part(self, group: int, column: str) -> int:
        """As many as are about CHUNK bytes; the same whenever it is asked."""
        facts = self._file.metadata.row_group(group)
        parts = (facts.column(index) for index in range(facts.num_columns))
        own = [part for part in parts if f"{part.path_in_schema}.".startswith(f"{column}.")]
        size: int = sum(part.total_uncompressed_size for part in own)
        return max(1, min(MOST_ROWS, CHUNK * int(facts.num_rows) // max(1, size)))


def _size(batch: Any) -> int:
    return int(batch.get_total_buffer_size())

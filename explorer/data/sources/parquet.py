"""Parquet files, whose values may take far more memory than the file takes on disk.

A dictionary, a shared prefix or a compressed page makes a large value out of a few bytes, as often as there
are rows, and what the file tells of its own sizes may be wrong. Only a single row is bounded by itself, so
whatever can be long is read a row at a time and measured before the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from explorer.data.sources.base import SourceError

LABELLED = 10_000  # rows without text that are read at a time
TOGETHER = 1000  # rows with text that are given at a time, or
ROW = 2**24  # bytes of their labels; also the most of one row
GROUP = 2**31  # bytes of the labels of a row group, as the file tells: more than its parts could need


def open_parquet(source: Path | BytesIO, name: str) -> Any:
    """A Parquet file of which parts are read. Raises SourceError for any other."""
    try:
        # Buffered: otherwise a column of a row group is read whole, which may be all pictures there are.
        return pq.ParquetFile(source, buffer_size=2**20, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise damaged(name) from error


def read_labels(file: Any, columns: Sequence[str], name: str) -> Iterator[Any]:
    """These columns of all rows, in parts, in order; none is of dictionaries.

    Raises SourceError for a damaged file, and for one whose labels would take too much memory.
    """
    leaves = [
        index
        for index in range(len(file.schema))
        if any(f"{file.schema.column(index).path}.".startswith(f"{column}.") for column in columns)
    ]
    _check_groups(file.metadata, leaves, name)
    is_short = all(file.schema.column(index).physical_type != "BYTE_ARRAY" for index in leaves)
    try:
        if is_short:
            yield from file.iter_batches(LABELLED, columns=list(columns), use_threads=False)
        else:
            yield from _together(_single_rows(file, columns, name))
    except (pa.ArrowException, OSError) as error:
        raise damaged(name) from error


def damaged(name: str) -> SourceError:
    """What to raise for a Parquet file that Arrow cannot read."""
    return SourceError(f"{name} is no Parquet file, or is damaged or incomplete; try to get it again.")


def _check_groups(facts: Any, leaves: list[int], name: str) -> None:
    """A page is unpacked whole, of every column at the same time."""
    for number in range(facts.num_row_groups):
        group = facts.row_group(number)
        if sum(group.column(index).total_uncompressed_size for index in leaves) > GROUP:
            raise SourceError(f"{name} has too many labels: at most {GROUP // 2**20:,} MiB in a row group.")


def _single_rows(file: Any, columns: Sequence[str], name: str) -> Iterator[Any]:
    fields = [_plain(file.schema_arrow.field(column)) for column in columns]
    schema = pa.schema(fields, metadata=file.schema_arrow.metadata)
    for batch in file.iter_batches(1, columns=list(columns), use_threads=False):
        # A dictionary comes along with each row, and grows with the rows of its group.
        if batch.get_total_buffer_size() > ROW:
            raise SourceError(f"{name} has a row with labels of more than {ROW // 2**20} MiB.")
        values = [_decoded(batch.column(column)) for column in columns]
        yield pa.RecordBatch.from_arrays(values, schema=schema)


def _decoded(values: Any) -> Any:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _plain(field: Any) -> Any:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _together(rows: Iterator[Any]) -> Iterator[Any]:
    held, size = list[Any](), 0
    for row in rows:
        held.append(row)
        size += row.get_total_buffer_size()
        if len(held) == TOGETHER or size > ROW:
            yield pa.Table.from_batches(held)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held)

"""Lance tables in a folder: opened when they are asked for, since importing the library takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from models.errors import InputError

if TYPE_CHECKING:
    from lancedb.table import Table


T = TypeVar("T")


class StoreError(InputError):
    """What is stored cannot be read or written; the text says what and why."""


@cache
def _connect(folder: Path) -> Any:
    import lancedb

    return lancedb.connect(folder)


def open_table(folder: Path, name: str, schema: pa.Schema | None = None) -> Table | None:
    """The table of a folder; made where there is none and a `schema` is given, else None then.

    Raises StoreError where it is damaged or cannot be made.
    """
    if not (folder / f"{name}.lance").is_dir() and schema is None:
        return None
    connection = _connect(folder)

    def make() -> Table:
        table: Table
        if schema is None:
            table = connection.open_table(name)
        else:
            table = connection.create_table(name, schema=schema, exist_ok=True)
        return table

    return attempt(make, f"{folder.name}/{name}")


def drop_table(folder: Path, name: str) -> None:
    """Remove a table, whatever its state."""
    attempt(lambda: _connect(folder).drop_table(name, ignore_missing=True), f"{folder.name}/{name}")


def batches(table: Table, columns: list[str], size: int = 1024) -> Iterator[pa.RecordBatch]:
    """All rows in their order, some columns of them, without holding them all."""
    reader = attempt(lambda: table.search().select(columns).to_batches(size), table.name)
    while (batch := attempt(lambda: next(reader, None), table.name)) is not None:
        yield batch


def attempt(work: Callable[[], T], what: str) -> T:
    """What `work` gives; what the library raises, among it plain RuntimeError, becomes a StoreError."""
    try:
        return work()
    except (RuntimeError, ValueError, OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:200]
        if "No space left" in str(error):
            reason = "the disk is full"
        raise StoreError(f"store: {what} cannot be used: {reason}") from error

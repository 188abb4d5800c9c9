"""Files of text with rows and columns, each as a table with typed columns."""

from __future__ import annotations

import csv
import json
from io import BytesIO, TextIOWrapper
from itertools import islice
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.json

from explorer.data.sources.base import SourceError

BLOCK = 2**24  # bytes of JSON lines that are parsed at a time: no line may be longer
CELLS = 2**27  # rows times columns: rows that leave some out take memory for them all the same
COLUMNS = 10_000
EXTRA = "it has rows with more fields than its header"


def read_csv(content: bytes, name: str) -> Any:
    """A CSV file in UTF-8, with a header, as a pyarrow table. Raises SourceError for any other."""
    try:
        _check_cells(content, _width(content), name)
        # Types that know missing values, so that whole numbers stay whole; one type for all of a column.
        options: dict[str, Any] = {"dtype_backend": "numpy_nullable", "low_memory": False}
        frame = pd.read_csv(BytesIO(content), encoding="utf-8-sig", **options)
    except SourceError:
        raise
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} is not in UTF-8; save it as CSV in UTF-8.") from error
    except (ValueError, OSError, csv.Error) as error:  # pandas' own errors are of the first kind
        raise SourceError(f"{name} cannot be read as CSV: {_line(error)}.") from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first columns for names of rows
        raise SourceError(f"{name} cannot be read as CSV: {EXTRA}.")
    return pa.Table.from_pandas(frame, preserve_index=False)


def read_json_lines(content: bytes, name: str) -> Any:
    """A file of one JSON object a line, as a pyarrow table. Raises SourceError for any other."""
    try:
        _check_cells(content, len(_keys(content)), name)
        return pyarrow.json.read_json(BytesIO(content), pyarrow.json.ReadOptions(block_size=BLOCK))
    except SourceError:
        raise
    except (pa.ArrowException, ValueError, RecursionError) as error:
        raise SourceError(f"{name} cannot be read as JSON lines: {_line(error)}.") from error


def _check_cells(content: bytes, columns: int, name: str) -> None:
    lines = 1 + content.count(b"\n") + content.count(b"\r")
    if columns > COLUMNS or lines * columns > CELLS:
        raise SourceError(f"{name} is too large: it has {columns:,} columns and about {lines:,} lines.")


def _width(content: bytes) -> int:
    """The fields of the header or first row: pandas gives every later row as many."""
    lines = TextIOWrapper(BytesIO(content), "utf-8-sig")
    filled = (row for row in csv.reader(lines) if len(row) > 1 or "".join(row).strip())
    return max(map(len, islice(filled, 2)), default=0)


def _keys(content: bytes) -> set[str]:
    """The keys of all objects, nested ones too: Arrow gives every row all of them."""
    keys = set[str]()
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: keys.update(key for key, _ in pairs))
    for line in BytesIO(content):
        if line.strip():
            decoder.decode(line.decode("utf-8-sig"))
    return keys


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__

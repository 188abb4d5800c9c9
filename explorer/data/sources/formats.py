"""Files of rows and columns, each as a table with typed columns."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from explorer.data.sources.base import SourceError

BLOCK = 2**24  # bytes of JSON lines that are parsed at a time: no line may be longer


def read_csv(source: Path | BytesIO, name: str) -> Any:
    """A CSV file in UTF-8, with a header, as a pyarrow table. Raises SourceError for any other."""
    try:
        # Types that know missing values, so that whole numbers stay whole; one type for all of a column.
        frame = pd.read_csv(source, encoding="utf-8-sig", dtype_backend="numpy_nullable", low_memory=False)
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} is not in UTF-8; save it as CSV in UTF-8.") from error
    except (ValueError, OSError) as error:  # as pandas' own errors are
        raise SourceError(f"{name} cannot be read as CSV: {_line(error)}.") from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first columns for names of rows
        raise SourceError(f"{name} cannot be read as CSV: it has rows with more fields than its header.")
    return pa.Table.from_pandas(frame, preserve_index=False)


def read_json_lines(source: BytesIO, name: str) -> Any:
    """A file of one JSON object a line, as a pyarrow table. Raises SourceError for any other."""
    try:
        return pyarrow.json.read_json(source, pyarrow.json.ReadOptions(block_size=BLOCK))
    except pa.ArrowException as error:
        raise SourceError(f"{name} cannot be read as JSON lines: {_line(error)}.") from error


def read_parquet(source: BytesIO, name: str) -> Any:
    """A whole Parquet file as a pyarrow table. Raises SourceError for any other."""
    with open_parquet(source, name) as file:
        try:
            return file.read()
        except (pa.ArrowException, OSError) as error:
            raise damaged(name) from error


def open_parquet(source: Path | BytesIO, name: str) -> Any:
    """A Parquet file of which parts are read. Raises SourceError for any other."""
    try:
        # Buffered: otherwise a column of a row group is read whole, which may be all pictures there are.
        return pq.ParquetFile(source, buffer_size=2**20, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise damaged(name) from error


def damaged(name: str) -> SourceError:
    """What to raise for a Parquet file that Arrow cannot read."""
    return SourceError(f"{name} is no Parquet file, or is damaged or incomplete; try to get it again.")


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__

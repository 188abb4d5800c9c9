"""Which kind of source a path is."""

from __future__ import annotations

from pathlib import Path

from explorer.data.sources.archive import Archive
from explorer.data.sources.base import Source, SourceError
from explorer.data.sources.folder import Folder
from explorer.data.sources.rows import CsvRows, ParquetRows, Rows
from explorer.data.sources.table import Table

STARTS = {b"PK\3\4": ".zip", b"PK\5\6": ".zip", b"PAR1": ".parquet"}  # whatever the file is called


def open_source(path: Path, image: str | None = None) -> Source:
    """The pictures of a folder, a ZIP archive, or a CSV or Parquet table, of which `image` names the column.

    Raises SourceError where there is nothing of these kinds, or where it is damaged.
    """
    if path.is_dir():
        return Folder(path)
    kind = STARTS.get(_start(path), path.suffix.lower())
    if kind == ".zip":
        return Archive(path)
    if kind not in (".csv", ".parquet"):
        raise SourceError(f"{path.name} is no folder, ZIP archive, or table in CSV or Parquet.")
    rows: Rows = CsvRows(path) if kind == ".csv" else ParquetRows(path)
    try:
        return Table(path, rows, image)
    except SourceError:
        rows.close()
        raise


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise SourceError(f"There is no file or folder to open at {path}: {error.strerror}.") from error

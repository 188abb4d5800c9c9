"""A table of pictures: each row holds one, or says where it lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, repeat
from pathlib import Path
from typing import Any

import pyarrow as pa

from explorer.data.sources import base
from explorer.data.sources.base import Entry, Source, SourceError
from explorer.data.sources.columns import choose_labels, choose_pictures, values_of
from explorer.data.sources.inside import read_file
from explorer.data.sources.rows import Rows
from models.pictures import PictureError

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class Table(Source):
    """The rows of a table, by their numbers from 0; every column with one value a row is a label."""

    def __init__(self, path: Path, rows: Rows, image: str | None) -> None:
        """`image` names the column with the pictures. Raises SourceError where there is none such.

        So it does for more than MAX_ENTRIES rows, of which a file of few bytes can have any number.
        """
        if len(rows) > base.MAX_ENTRIES:
            raise SourceError(f"{path.name} has {len(rows):,} rows: at most {base.MAX_ENTRIES:,} can be.")
        self._path, self._rows = path, rows
        self._image = choose_pictures(rows.schema, image)
        self.labels, self.passed_over = choose_labels(rows.schema, besides=self._image)
        self.empty = []

    def __len__(self) -> int:
        return len(self._rows)

    def entries(self) -> Iterator[Entry]:
        """A row each."""
        numbers = count()
        for batch in self._rows.batches(self.labels):
            columns = [values_of(batch, name) for name in self.labels]
            values = zip(*columns, strict=True) if columns else repeat((), len(batch))
            for row in values:
                yield Entry(str(next(numbers)), dict(zip(self.labels, row, strict=True)))

    def read(self, where: str) -> bytes:
        """As every source."""
        is_row = where.isascii() and where.isdecimal() and len(where) < 19 and int(where) < len(self._rows)
        if not is_row:
            raise PictureError(f"There is no row {where} in {self._path.name}.")
        try:
            content = self._content(self._rows.item(self._image, int(where)))
        except OSError as error:
            reason = error.strerror or "the table is damaged or gone"
            raise PictureError(f"Row {where} cannot be read: {reason}.") from error
        except (pa.ArrowException, ValueError) as error:
            if isinstance(error, PictureError):
                raise PictureError(f"Row {where}: {error}") from error
            raise PictureError(f"Row {where} cannot be read: the table is damaged or gone.") from error
        if len(content) > base.MAX_FILE:
            raise base.too_large(f"Row {where}")
        return content

    def close(self) -> None:
        """As every source."""
        self._rows.close()

    def _content(self, value: Any) -> bytes:
        """A row's own bytes, or the file that it names."""
        if isinstance(value, dict):  # as Hugging Face writes pictures: a path beside bytes is only a name
            value = value.get("path") if value.get("bytes") is None else value["bytes"]
        if value is None:
            raise PictureError("It holds no picture.")
        if isinstance(value, bytes):
            return value
        if ADDRESS.match(str(value)):
            raise PictureError(f"{value} is an address, and nothing is fetched from addresses.")
        return read_file(self._path.parent, str(value).replace("\\", "/"))

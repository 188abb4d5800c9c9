"""Files by row that are read when they are asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload


class OnDemand(Sequence[bytes]):
    """As a list, but on disk."""

    @abstractmethod
    def one(self, row: int) -> bytes:
        """Read the file of a row, which is in range."""

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        rows = range(len(self))[index]
        return self.one(rows) if isinstance(rows, int) else [self.one(row) for row in rows]

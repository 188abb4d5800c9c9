"""What every source of pictures answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from models.errors import InputError
from models.pictures import PictureError

MAX_FILE = 200 * 2**20
"""Bytes of one file: beyond any picture that is opened, and what each reader may have to hold."""
MAX_ENTRIES = 1_000_000
"""Items of one archive or table: their names are all held in memory."""

Scalar = str | float | int | bool | None


class SourceError(InputError):
    """There are no pictures to be had from what a person named; the text is a sentence for them."""


class Entry(NamedTuple):
    """One item before it is read; nothing says yet that it is a picture."""

    where: str  # what `read` takes, and how it is called: a path in the folder or archive, or a row's number
    labels: dict[str, Scalar]


class Source(ABC):
    """Items with labels, each read when it is asked for; safe to use from any thread."""

    labels: tuple[str, ...]  # the names of the labels that every entry has
    passed_over: Counter[str]  # what is no entry, by its kind
    empty: list[str]  # folders without any file that could be a picture

    @abstractmethod
    def __len__(self) -> int:
        """How many entries there are."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Every item, in the same order always; no picture is read. Raises SourceError for damaged tables."""

    @abstractmethod
    def read(self, where: str) -> bytes:
        """The file of an entry. Raises PictureError where it cannot be had, or is larger than MAX_FILE."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the files; nothing can be read afterwards."""


def too_large(where: str) -> PictureError:
    """What to raise for a file of more than MAX_FILE bytes."""
    return PictureError(f"{where} is too large: at most {MAX_FILE // 2**20} MiB are read.")

"""What a folder and an archive have in common: files in folders, and a metadata file in their root."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from explorer.data.sources.base import Entry, Scalar, Source, SourceError
from explorer.data.sources.metadata import METADATA, Metadata, load_metadata
from models.pictures import PictureError


class Listing(NamedTuple):
    """The files in a tree by name, parted by "/"."""

    files: list[str]  # in the order of entries
    folders: list[str]  # also those without files
    passed_over: Counter[str]
    top: str = ""  # a folder that all is in, with its "/": it tells nothing apart


class Tree(Source):
    """The folder is a label where there are several; a metadata file in the root gives further ones.

    A column of that file which is called "folder" is the label of that name instead.
    """

    def __init__(self, listing: Listing) -> None:
        """Raises SourceError for a metadata file that is damaged. `read` must work already."""
        self.passed_over = Counter(listing.passed_over)
        self._top = listing.top
        own = {listing.top + name: name for name in METADATA}
        found = sorted((own[name] for name in listing.files if name in own), key=METADATA.index)
        self._files = [name for name in listing.files if name not in own]
        self._metadata = self._load_metadata(found)
        self._has_folders = (
            "folder" not in self._metadata.labels and len({self._folder(name) for name in self._files}) > 1
        )
        self.labels = (*(["folder"] if self._has_folders else []), *self._metadata.labels)
        self.empty = _empty(listing.folders, self._files, listing.top)

    def __len__(self) -> int:
        return len(self._files)

    def entries(self) -> Iterator[Entry]:
        """Every file but litter and metadata."""
        for name in self._files:
            labels: dict[str, Scalar] = {"folder": self._folder(name)} if self._has_folders else {}
            yield Entry(name, labels | self._metadata.of(name[len(self._top) :]))

    def _folder(self, name: str) -> str:
        return name[len(self._top) :].rpartition("/")[0] or "."

    def _load_metadata(self, found: list[str]) -> Metadata:
        """The first that is known there; others are only counted, so that no label is of doubtful origin."""
        if not found:
            return Metadata((), {})
        name, *others = found
        try:
            metadata, passed_over = load_metadata(name, self.read(self._top + name))
        except PictureError as error:
            raise SourceError(str(error)) from error
        unknown = metadata.rows.keys() - {Metadata.key(file[len(self._top) :]) for file in self._files}
        passed_over[f"name in {name} that no file has"] += len(unknown)
        passed_over.update({f"{other} beside {name}": 1 for other in others})
        self.passed_over += passed_over  # which drops the kinds of which there are none
        return metadata


def _empty(folders: list[str], files: list[str], top: str) -> list[str]:
    """The innermost folders without a file; their names without the top."""
    filled = set[str]()
    for name in [*files, *folders]:
        folder = name.rpartition("/")[0]
        while folder and folder not in filled:
            filled.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted({folder.removeprefix(top) for folder in folders if folder not in filled} - {top[:-1]})

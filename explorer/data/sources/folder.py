"""A folder of pictures, which stay where they are."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from explorer.data.sources.base import SourceError
from explorer.data.sources.inside import locate, read_file
from explorer.data.sources.tree import Listing, Tree
from models.picture_files import litter
from models.pictures import PictureError

FILE, FOLDER = "file", "folder"


class Folder(Tree):
    """The files in a folder and its sub-folders; none outside is ever read, whatever links there are."""

    def __init__(self, folder: Path) -> None:
        """Raises SourceError where it cannot be listed, or where its metadata are damaged."""
        self.root = folder
        try:
            super().__init__(_list(folder))
        except OSError as error:
            raise SourceError(f"The folder {folder.name} cannot be opened: {error.strerror}.") from error

    def read(self, where: str) -> bytes:
        """As every source."""
        try:
            return read_file(self.root, where)
        except OSError as error:
            raise _gone(where, error) from error

    def path(self, where: str) -> Path:
        """The file of an entry, for who need not read the whole. Raises PictureError as `read`."""
        try:
            return locate(self.root, where)
        except OSError as error:
            raise _gone(where, error) from error

    def close(self) -> None:
        """Nothing is held open."""


def _gone(where: str, error: OSError) -> PictureError:
    return PictureError(f"{where} cannot be read any more: {error.strerror}.")


def _list(folder: Path) -> Listing:
    """By a stack, since folders may be nested deeper than calls can be; links to folders are not followed."""
    files, folders, passed_over = list[str](), list[str](), Counter[str]()
    root, left = Path(os.path.realpath(folder)), _children(folder, "")
    while left:
        name, entry = left.pop()
        what, kind = _what(entry, root), litter(name.split("/"))
        if what == FOLDER:
            folders += [name] if kind is None else []
            try:
                left += _children(entry, f"{name}/")
            except OSError:
                passed_over["folder that cannot be opened"] += 1
        elif kind or what != FILE:
            passed_over[kind or what] += 1
        else:
            files.append(name)
    return Listing(files, folders, passed_over)


def _children(folder: Path | os.DirEntry[str], prefix: str) -> list[tuple[str, os.DirEntry[str]]]:
    """With their names from the root, the last first."""
    with os.scandir(folder) as entries:
        children = [(prefix + entry.name, entry) for entry in entries]
    return sorted(children, key=lambda child: child[1].name, reverse=True)


def _what(entry: os.DirEntry[str], root: Path) -> str:
    """FILE, FOLDER, or as what it is passed over."""
    if not _is_text(entry.name):
        return "name that is not UTF-8"
    if entry.is_symlink():
        return _what_link(entry.path, root)
    if entry.is_dir(follow_symlinks=False):
        return FOLDER
    return FILE if entry.is_file(follow_symlinks=False) else "neither file nor folder"


def _what_link(link: str, root: Path) -> str:
    try:
        target = Path(os.path.realpath(link, strict=True))
    except OSError:
        return "link that leads nowhere"
    if not target.is_relative_to(root):
        return "link that leads out"
    if target.is_dir():
        return "link to a folder"  # whose files are found in their own place
    return FILE if target.is_file() else "neither file nor folder"


def _is_text(name: str) -> bool:
    # Bytes that are no UTF-8 come as lone surrogates, which no page, table or log could be given.
    return name.isascii() or name.encode(errors="ignore").decode() == name

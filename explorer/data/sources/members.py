"""Which members of a ZIP archive could be pictures, and by which names."""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from explorer.data.sources.tree import Listing
from models.picture_files import litter

ENCRYPTED = "encrypted file"
OVERLAPPING = "file that overlaps another"
ARCHIVE = re.compile(r"\.(zip|tar|t?gz|t?bz2|t?xz|zst|7z|rar)$", re.IGNORECASE)
HEADER = 30  # bytes before a member's name and content
UTF8 = 0x800  # flag: the name is UTF-8
UNIX = 16  # bits of a member's attributes, above which Unix has its own


def list_members(members: list[ZipInfo]) -> tuple[dict[str, ZipInfo], Listing]:
    """The members that could be pictures, by name; and all there is to say of the archive."""
    files, folders, passed_over = dict[str, ZipInfo](), set[str](), Counter[str]()
    overlapping = _overlapping(members)
    for member in members:
        raw = _name(member)
        name = "/".join(part for part in raw.split("/") if part not in ("", "."))
        is_folder, kind = raw.endswith("/"), _doubt_name(raw, name) or litter(name.split("/"))
        if kind is None:
            folders.update(_folders_of(f"{name}/" if is_folder else name))
            kind = OVERLAPPING if id(member) in overlapping else _doubt_content(member, name)
        if is_folder:
            continue
        if kind:
            passed_over[kind] += 1
        else:
            passed_over["file that a later one of its name replaces"] += name in files
            files[name] = member
    names = sorted(files, key=lambda name: name.split("/"))
    return files, Listing(names, sorted(folders), +passed_over, _top(names, folders))


def _name(member: ZipInfo) -> str:
    """The name as it was meant."""
    name = member.filename
    if not member.flag_bits & UTF8:
        # Without the flag names are cp437 by the standard, but macOS' own archives hold UTF-8 without it.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")  # as some tools of Windows write


def _doubt_name(raw: str, name: str) -> str | None:
    if raw.startswith("/") or re.match("[A-Za-z]:/", raw):
        return "absolute name"
    return "name that leads out" if ".." in name.split("/") or not name else None


def _doubt_content(member: ZipInfo, name: str) -> str | None:
    if stat.S_ISLNK(member.external_attr >> UNIX):
        return "link"
    if member.flag_bits & 1:
        return ENCRYPTED
    if ARCHIVE.search(name):
        return "archive in the archive"
    # Of these two alone zipfile inflates no more than it was asked for.
    is_known = member.compress_type in (ZIP_STORED, ZIP_DEFLATED)
    return None if is_known else "file in a compression that is not read"


def _overlapping(members: list[ZipInfo]) -> set[int]:
    """The ids of members that run into the next: how a bomb holds the same bytes many times."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    return {
        id(member)
        for member, after in pairwise(ordered)
        if member.header_offset + HEADER + member.compress_size > after.header_offset
    }


def _folders_of(name: str) -> Iterator[str]:
    """All folders that a file is in; that of "a/" is "a"."""
    while name := name.rpartition("/")[0]:
        yield name


def _top(names: list[str], folders: set[str]) -> str:
    """The folder that everything is in, which most archives have."""
    tops = {folder.partition("/")[0] for folder in folders}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""

"""A ZIP archive of pictures, which are read where they lie in it."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

from explorer.data.sources import base
from explorer.data.sources.base import SourceError
from explorer.data.sources.members import ENCRYPTED, list_members
from explorer.data.sources.tree import Tree
from models.pictures import PictureError

MAX_ENTRIES = 1_000_000
"""Members of one archive: their names are all held in memory."""
CHUNK = 2**20  # bytes that are inflated at a time


class Archive(Tree):
    """The members of a ZIP file that could be pictures; nothing is written to disk."""

    kind = "zip"

    def __init__(self, path: Path) -> None:
        """Raises SourceError for one that is damaged, encrypted, or of more than MAX_ENTRIES members."""
        self._lock = threading.Lock()
        self._zip = _open(path)
        try:
            members = self._zip.infolist()
            if len(members) > MAX_ENTRIES:
                raise SourceError(f"{path.name} has {len(members):,} files: at most {MAX_ENTRIES:,} can be.")
            self._members, listing = list_members(members)
            if not self._members and listing.passed_over[ENCRYPTED]:
                raise SourceError(f"{path.name} is encrypted; give it without a password.")
            super().__init__(listing)
        except Exception:
            self._zip.close()
            raise

    def read(self, where: str) -> bytes:
        """As every source."""
        member = self._members.get(where)
        if member is None:
            raise PictureError(f"There is no file {where} in the archive.")
        try:
            return self._inflate(member)
        except PictureError:
            raise
        except Exception as error:  # hostile bytes make zipfile and its decompressors raise nearly anything
            raise PictureError(f"{where} is damaged in the archive, or cannot be read any more.") from error

    def close(self) -> None:
        """As every source."""
        self._zip.close()

    def _inflate(self, member: zipfile.ZipInfo) -> bytes:
        """Stopped where it becomes too large, since the size that the archive tells may be wrong."""
        if member.file_size > base.MAX_FILE:
            raise base.too_large(member.filename)
        chunks, size = list[bytes](), 0
        # Reading takes turns at the file by itself, but opening and closing count the users without a lock.
        with self._lock:
            file = self._zip.open(member)
        try:
            while chunk := file.read(CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > base.MAX_FILE:
                    raise base.too_large(member.filename)
        finally:
            with self._lock:
                file.close()
        return b"".join(chunks)


def _open(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be opened: {error.strerror}.") from error
    except Exception as error:  # as above
        raise SourceError(
            f"{path.name} is no ZIP archive, or is damaged or incomplete; try to get it again."
        ) from error

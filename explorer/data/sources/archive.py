"""A ZIP archive of pictures, which are read where they lie in it."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path

from explorer.data.sources import base
from explorer.data.sources.base import SourceError
from explorer.data.sources.members import ENCRYPTED, list_members
from explorer.data.sources.tree import Tree
from models.pictures import PictureError

CHUNK = 2**20  # bytes that are inflated at a time
DIRECTORY = 2**29  # bytes of the list of members
MEMBER = b"PK\1\2"  # what each in that list begins with


class _Bounded(io.BufferedReader):
    """A ZIP file that is measured as zipfile reads it.

    The list of members comes in one piece, and takes many times its size once it is parsed, so that is where
    it is counted: the numbers that the archive itself tells may be wrong.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY:
            limit = f"at most {DIRECTORY // 2**20} MiB can be"
            raise SourceError(f"The list of files in {Path(self.name).name} is too large: {limit}.")
        content = super().read(size)
        if (count := content.count(MEMBER)) > base.MAX_ENTRIES:
            raise _too_many(Path(self.name), count)
        return content


class Archive(Tree):
    """The members of a ZIP file that could be pictures; nothing is written to disk."""

    def __init__(self, path: Path) -> None:
        """Raises SourceError for one that is damaged, encrypted, or of more than MAX_ENTRIES members."""
        self._lock = threading.Lock()
        self._file, self._zip = _open(path)
        try:
            self._members, listing = list_members(self._zip.infolist())
            if not self._members and listing.passed_over[ENCRYPTED]:
                raise SourceError(f"{path.name} is encrypted; give it without a password.")
            super().__init__(listing)
        except Exception:
            self.close()
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
        self._file.close()

    def __del__(self) -> None:
        # As zipfile does for a file that it has opened itself; there is none where opening has failed.
        if hasattr(self, "_file"):
            self.close()

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


def _open(path: Path) -> tuple[_Bounded, zipfile.ZipFile]:
    try:
        file = _Bounded(io.FileIO(path))
    except OSError as error:
        raise SourceError(f"{path.name} cannot be opened: {error.strerror}.") from error
    try:
        return file, zipfile.ZipFile(file)
    except Exception as error:  # as above
        file.close()
        if isinstance(error, SourceError):
            raise
        damage = "is no ZIP archive, or is damaged or incomplete; try to get it again"
        raise SourceError(f"{path.name} {damage}.") from error


def _too_many(path: Path, count: int) -> SourceError:
    return SourceError(f"{path.name} has {count:,} files: at most {base.MAX_ENTRIES:,} can be.")

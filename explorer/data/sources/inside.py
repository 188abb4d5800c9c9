"""Files of one folder only, whatever a name or a link says."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePath

from explorer.data.sources import base
from models.pictures import PictureError


def locate(folder: Path, where: str) -> Path:
    """The file of that name in a folder, with all links followed.

    Raises PictureError for one that lies outside, and OSError where there is no such file.
    """
    name = PurePath(where)
    if name.anchor or ".." in name.parts or "\0" in where:
        raise PictureError(f"{where!r} is no name of a file in the folder {folder.name}.")
    real = Path(os.path.realpath(folder / name, strict=True))
    if not real.is_relative_to(os.path.realpath(folder)):
        raise PictureError(f"{where} leads out of the folder {folder.name}.")
    if not real.is_file():
        raise OSError(errno.EINVAL, "It is no file")
    return real


def read_file(folder: Path, where: str) -> bytes:
    """What a file in a folder holds. Raises as `locate`, and PictureError for more than MAX_FILE bytes."""
    with locate(folder, where).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > base.MAX_FILE:
            raise base.too_large(where)
        return file.read(size)

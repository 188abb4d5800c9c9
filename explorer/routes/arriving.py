"""Files that people send, on their way to the store: as there is room, and never held in memory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from explorer.data import Store, StoreError
from models.errors import InputError

ARRIVING = ".arriving"
STALE = 24 * 3600  # seconds after which nobody can still be sending what lies there
CHUNK = 2**20  # bytes that are written at a time
SPARE = 2**30  # bytes of the disk that imports leave free


def place(store: Store) -> Path:
    """Where files wait until they are whole: on the disk on which they stay."""
    folder = store.folder / ARRIVING
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sweep(store: Store) -> None:
    """Remove what was on its way when a process was killed."""
    for path in (store.folder / ARRIVING).glob("*"):
        if path.stat().st_mtime < time.time() - STALE:
            shutil.rmtree(path, ignore_errors=True)


def left(store: Store, limit: float, owner: str) -> int:
    """Bytes that a person may still bring of `limit` gigabytes, or fewer than none."""
    return int(limit * 1e9) - store.used_by(owner)


def room(store: Store, limit: float, owner: str) -> int:
    """Bytes that a person may send now. Raises StoreError where there is no room."""
    still = left(store, limit, owner)
    free = shutil.disk_usage(place(store)).free - SPARE
    if still <= 0:
        raise StoreError(f"You have brought {limit:g} GB, all that one person may: delete a data set")
    if free <= 0:
        raise StoreError("The disk of the server is full: delete a data set")
    return min(still, free)


async def receive(request: Request, path: Path, limit: int) -> None:
    """Raises InputError as soon as more than `limit` bytes have come, StoreError where none can be kept."""
    size, waiting = 0, bytearray()
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise InputError(f"This is too large: there is room for {limit / 1e9:.2g} GB.")
            waiting += chunk
            if len(waiting) >= CHUNK:
                await run_in_threadpool(keep, file.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(keep, file.write, bytes(waiting))


def keep(write: Callable[[bytes], object], content: bytes) -> None:
    """Write it. Raises StoreError, such as for a full disk."""
    try:
        write(content)
    except OSError as error:
        raise StoreError(f"The file cannot be kept on the server: {error.strerror}") from error

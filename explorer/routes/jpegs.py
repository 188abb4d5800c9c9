"""Frames as the live channel sends them: JPEG files, kept by all that describes a frame."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

import numpy as np
from cachetools import LRUCache
from jaxtyping import UInt8

from explorer.steering.morph import Morph
from explorer.workspace import Workspace
from models.pictures import encode_jpeg

BUDGET = 64 * 2**20  # bytes of files: some 15,000 of 128 px, or 1,000 of 512 px
SMALL = 128  # pixels a side; encoding such a picture takes 0.1 ms


class Jpegs:
    """The files of frames that were shown, within BUDGET bytes; the longest unused go first.

    Who comes back to a position costs the server less than half of what it takes to find the latent, the
    picture and its file (docs/performance.md). Not thread-safe: all pages are served by one event loop.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._files: LRUCache[Hashable, bytes] = LRUCache(BUDGET, getsizeof=len)

    def key(self, morph: Morph, preview: bool) -> Hashable:
        """What a frame's picture depends on. Raises UnknownDirectionError.

        The directions themselves belong to it: another one may get the name of one that the model gave. The
        id of an upload, or of a direction that somebody found, is nobody else's ever.
        """
        return morph, preview, self._workspace.steering(morph.model).directions(morph.steer)

    def get(self, key: Hashable) -> bytes | None:
        """The file of a frame, if it is kept."""
        file: bytes | None = self._files.get(key)
        return file

    async def put(self, key: Hashable, picture: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """The file of a frame from now on.

        Encoded off the event loop only where that takes longer than the way to another thread and back.
        """
        small = len(picture) <= SMALL
        file = encode_jpeg(picture) if small else await asyncio.to_thread(encode_jpeg, picture)
        if len(file) <= BUDGET:
            self._files[key] = file
        return file

"""Frames as the live channel sends them: JPEG files, kept by all that describes a frame."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np
from cachetools import LRUCache

from explorer.steering import Morph
from explorer.views import View
from models.media import Media
from models.pictures import encode_jpeg

BUDGET = 64 * 2**20  # bytes of files: some 15,000 of 128 px, or 1,000 of 512 px
OVERHEAD = 200  # bytes that a kept file takes besides itself: its key, and its place in the cache
SMALL = 128  # pixels a side; encoding such a picture takes 0.1 ms


class KeptFrames:
    """The files of frames that were shown, within BUDGET bytes; the longest unused go first.

    Who comes back to a position costs the server less than half of what it takes to find the latent, the
    picture and its file (docs/performance.md). Not thread-safe: all pages are served by one event loop.
    """

    def __init__(self) -> None:
        self._files: LRUCache[bytes, bytes] = LRUCache(BUDGET, getsizeof=lambda file: len(file) + OVERHEAD)

    @staticmethod
    def key(view: View, morph: Morph, preview: bool) -> bytes:
        """A digest of all that a frame's picture depends on.

        What directions stand behind the ids belongs to it: another one may get the name of one that the
        model gave. The id of a person's point or direction is nobody else's ever.
        """
        digest = hashlib.blake2b(morph.model_dump_json().encode(), digest_size=16)
        digest.update(view.steering.version(morph.steer) + bytes([preview]))
        return digest.digest()

    def get(self, key: bytes) -> bytes | None:
        """The file of a frame, if it is kept."""
        file: bytes | None = self._files.get(key)
        return file

    async def put(self, key: bytes, media: Media, value: np.ndarray) -> bytes:
        """The file of a frame from now on.

        Made off the event loop only where that takes longer than the way to another thread and back.
        """
        small = media.name == "picture" and media.size <= SMALL
        file = _file(media, value) if small else await asyncio.to_thread(_file, media, value)
        if len(file) + OVERHEAD <= BUDGET:
            self._files[key] = file
        return file


def _file(media: Media, value: np.ndarray) -> bytes:
    return encode_jpeg(media.picture(value))

"""Compiled networks on disk, so that a start does not have to convert and quantise them again."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

log = logging.getLogger(__name__)

FORMAT = "latent-explorer/compiled/1"
UNUSED = 30 * 24 * 3600.0  # seconds after which a file is deleted


class Blobs:
    """Bytes by a key that tells all they depend on, in files below one folder; None keeps nothing.

    What cannot be read or written is told in the log and in `remarks`, and is made anew: nothing here raises.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self.remarks = folder, list[str]()

    def get(self, key: str) -> bytes | None:
        """What is kept under a key; None where that is nothing, damaged or another key's."""
        if self._folder is None or not (path := self._path(key)).exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                blob: bytes = file.get_tensor("blob").numpy().tobytes()
            if (metadata.get("format"), metadata.get("key")) != (FORMAT, key):
                raise ValueError("it is another network's, or another processor's")
            if metadata.get("digest") != _digest(blob):
                raise ValueError("it has been changed since it was written")
            path.touch()
        except (SafetensorError, OSError, ValueError, TypeError) as error:
            self._tell("a compiled network in the cache could not be used and was made anew", path, error)
            return None
        return blob

    def put(self, key: str, blob: bytes) -> None:
        """Keep bytes, and forget what nobody has used for a month."""
        if self._folder is None:
            return
        metadata = {"format": FORMAT, "key": key, "digest": _digest(blob)}
        path = self._path(key)
        part = path.with_suffix(f".{time.monotonic_ns()}.part")  # whole or not at all, also for two at once
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_file({"blob": _tensor(blob)}, part, metadata)
            part.replace(path)
            for other in self._folder.glob("*.safetensors"):
                if time.time() - other.stat().st_mtime > UNUSED:
                    other.unlink(missing_ok=True)
        except (SafetensorError, OSError) as error:
            with suppress(OSError):
                part.unlink()
            self._tell("compiled networks cannot be kept, and are made at every start", path, error)

    def _tell(self, remark: str, place: object, error: Exception) -> None:
        log.warning("%s: %s: %s", remark, place, error)
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{_digest(key.encode())[:32]}.safetensors"


def _tensor(blob: bytes) -> Tensor:
    return torch.tensor(bytearray(blob), dtype=torch.uint8)


def _digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()

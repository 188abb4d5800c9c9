"""Encoding the bundled portraits with a model that has not seen them, once: the result is kept on disk."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from explorer.data.dataset import Dataset
from models.pictures import fit, open_picture
from explorer.data.latent_table import LatentStore
from explorer.device.worker import DecodeWorker
from models.base import LatentModel

log = logging.getLogger(__name__)

STEP = 4  # portraits between two reports
SAVE_SECONDS = 30.0

Report = Callable[[int, float], None]
"""Called as encoding goes on: portraits done, and estimated seconds left."""


def portrait(dataset: Dataset, row: int, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """A portrait's 128 px picture, resampled to a model's size."""
    picture = dataset.portraits[row]
    if picture is None:
        raise ValueError(f"portrait {row} ships as a thumbnail only")
    return fit(open_picture(picture), size)


def agrees(
    model: LatentModel, worker: DecodeWorker, dataset: Dataset, latents: Tensor, tolerance: float
) -> bool:
    """Whether the model still encodes the first portrait to (about) the first of these latents.

    Tells latents of other weights apart without a record of what the weights were.
    """
    if tuple(latents.shape[1:]) != model.space.shape or len(latents) == 0:
        return False
    fresh = worker.encode(model, portrait(dataset, 0, model.space.image_size)[None])[0]
    return bool((fresh - latents[0]).norm() <= tolerance * fresh.norm())


def cache_path(directory: Path, model: LatentModel, source: str | None, dataset: Dataset) -> Path:
    """Where the latents of these portraits are kept, by model, source of its weights and pictures."""
    digest = hashlib.sha256(repr((model.space, source)).encode())
    for picture in dataset.portraits:
        digest.update(picture or b"")
    return directory / f"latents-{model.space.name}-{digest.hexdigest()[:24]}.safetensors"


def encode_portraits(
    model: LatentModel, worker: DecodeWorker, store: LatentStore, path: Path, report: Report
) -> None:
    """Fill the store, from the file as far as it goes; what is encoded is kept even when it is cut short.

    Raises what `worker.encode` raises.
    """
    cached = _read(path)
    if cached is not None and agrees(model, worker, store.dataset, cached, tolerance=0.05):
        store.fill(0, cached[: len(store)])
    first = encoded = len(cached[: len(store)]) if cached is not None and store.filled[0] else 0
    started = saved = time.monotonic()
    try:
        for start in range(first, len(store), STEP):
            rows = range(start, min(start + STEP, len(store)))
            pictures = np.stack([portrait(store.dataset, row, model.space.image_size) for row in rows])
            store.fill(start, worker.encode(model, pictures, background=True))
            encoded = rows.stop
            seconds = (time.monotonic() - started) / (encoded - first) * (len(store) - encoded)
            report(encoded, seconds)
            if time.monotonic() - saved > SAVE_SECONDS:
                _write(path, store.latents[:encoded])
                saved = time.monotonic()
    finally:
        if encoded > first:
            _write(path, store.latents[:encoded])


def _read(path: Path) -> Float[Tensor, "m *latent"] | None:
    try:
        return load_file(path)["latents"]
    except (OSError, SafetensorError, KeyError):
        return None  # absent or damaged: encoded anew


def _write(path: Path, latents: Float[Tensor, "m *latent"]) -> None:
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"latents": latents.contiguous()}, temporary)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        log.warning("encoded portraits are not kept for the next start: %s", error)

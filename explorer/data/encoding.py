"""Encoding a data set with a model that has not seen it, once: the result is kept on disk."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.latent_table import LatentTable
from explorer.device import DecodeWorker
from models.base import LatentModel
from models.errors import InputError

log = logging.getLogger(__name__)

STEP = 4  # rows between two reports
SAVE_SECONDS = 30.0

Report = Callable[[int, float], None]
"""Called as encoding goes on: rows done, and estimated seconds left."""


def fits(dataset: Dataset, model: LatentModel) -> bool:
    """Whether the model can take in the data set's items."""
    return model.can_encode and dataset.media.name == model.media.name


def value_of(dataset: Dataset, row: int, model: LatentModel) -> np.ndarray:
    """An item as the model takes it, quantised. Raises InputError where only its thumbnail ships."""
    file = dataset.files[row]
    if file is None:
        raise InputError(f"{dataset.presentation.singular} {row} ships as a thumbnail only")
    return model.media.unpack(file).value


def request_latent(
    model: LatentModel, worker: DecodeWorker, dataset: Dataset, row: int
) -> Future[Float[Tensor, "*latent"]]:
    """Ask for one item's latent, for all who want it; never waits for it."""
    latent: Future[Tensor] = Future()

    def settle(encoded: Future[Tensor]) -> None:
        if encoded.cancelled():
            latent.cancel()
            latent.set_running_or_notify_cancel()
        elif error := encoded.exception():
            latent.set_exception(error)
        else:
            latent.set_result(encoded.result()[0])

    value = value_of(dataset, row, model)[None]
    worker.submit_encode(model, value, is_shared=True).add_done_callback(settle)
    return latent


def agrees(
    model: LatentModel,
    worker: DecodeWorker,
    dataset: Dataset,
    first: Float[Tensor, "*latent"],
    tolerance: float,
) -> bool:
    """Whether the model still encodes the first item to (about) this latent.

    Tells latents of other weights apart without a record of what the weights were.
    """
    if tuple(first.shape) != model.space.shape or len(dataset) == 0:
        return False
    fresh = worker.encode(model, value_of(dataset, 0, model)[None])[0]
    return bool((fresh - first).norm() <= tolerance * fresh.norm())


def cache_path(directory: Path, model: LatentModel, source: str | None, dataset: Dataset) -> Path:
    """Where the latents of these items are kept, by model, source of its weights, and items."""
    space = model.space
    digest = hashlib.sha256(repr((space.name, space.shape, model.media, source)).encode())
    for file in dataset.files:
        digest.update(file or b"")
    return directory / f"latents-{space.name}-{digest.hexdigest()[:24]}.safetensors"


def encode_missing(
    model: LatentModel,
    worker: DecodeWorker,
    table: LatentTable,
    path: Path,
    report: Report,
    is_stopped: Callable[[], bool],
) -> bool:
    """Fill the table, from the file as far as it goes; whether it is whole then.

    What is encoded is kept even when it is cut short. Raises what `worker.encode` raises.
    """
    if table.filled.all():
        return True
    cached = _read(path)
    if cached is not None and len(cached) and agrees(model, worker, table.dataset, cached[0], tolerance=0.05):
        table.fill(0, cached[: len(table)])
    before = int(table.filled.sum())
    try:
        _encode_rest(model, worker, table, path, report, is_stopped)
    finally:
        if int(table.filled.sum()) > before:
            _write(path, _leading(table))
    return bool(table.filled.all())


def _encode_rest(
    model: LatentModel,
    worker: DecodeWorker,
    table: LatentTable,
    path: Path,
    report: Report,
    is_stopped: Callable[[], bool],
) -> None:
    """Whatever is not filled; some rows may have been asked for meanwhile."""
    began, started, saved = int(table.filled.sum()), time.monotonic(), time.monotonic()
    for start in range(0, len(table), STEP):
        rows = range(start, min(start + STEP, len(table)))
        if is_stopped():
            return
        if table.filled[rows.start : rows.stop].all():
            continue
        values = np.stack([value_of(table.dataset, row, model) for row in rows])
        table.fill(start, worker.encode(model, values, background=True))
        done = int(table.filled.sum())
        report(done, (time.monotonic() - started) / max(1, done - began) * (len(table) - done))
        if time.monotonic() - saved > SAVE_SECONDS:
            _write(path, _leading(table))
            saved = time.monotonic()


def _leading(table: LatentTable) -> Float[Tensor, "m *latent"]:
    """The latents up to the first row that is not encoded."""
    gaps = (~table.filled).nonzero()
    return table.latents[: int(gaps[0]) if len(gaps) else len(table)]


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
        log.warning("encoded latents are not kept for the next start: %s", error)

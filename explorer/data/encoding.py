"""Encoding a data set with a model that has not seen it, once: the result is kept on disk."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.folder import Files
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
    """An item as the model takes it, quantised.

    Raises InputError where only its thumbnail ships, and where its file cannot be read.
    """
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
    row: int = 0,
) -> bool:
    """Whether the model still encodes an item to (about) this latent; the first where no other is named.

    Tells latents of other weights apart without a record of what the weights were.
    """
    if tuple(first.shape) != model.space.shape or len(dataset) == 0:
        return False
    fresh = worker.encode(model, value_of(dataset, row, model)[None])[0]
    return bool((fresh - first).norm() <= tolerance * fresh.norm())


def cache_path(directory: Path, model: LatentModel, source: str | None, dataset: Dataset) -> Path:
    """Where the latents of these items are kept, by model, source of its weights, and items."""
    space = model.space
    digest = hashlib.sha256(repr((space.name, space.shape, model.media, source)).encode())
    if isinstance(dataset.files, Files):
        digest.update(dataset.files.fingerprint)
    else:
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
    """Fill the table, from the file as far as it goes; whether that came to its end.

    A row whose file cannot be read stays as it is, and is named in the log. What is encoded is kept even when
    it is cut short. Raises what `worker.encode` raises.
    """
    if table.filled.all():
        return True
    cached = _read(path)
    if cached is not None:
        rows, latents = cached
        if agrees(model, worker, table.dataset, latents[0], tolerance=0.05, row=rows[0]):
            table.fill(rows, latents)
    before = int(table.filled.sum())
    try:
        return _encode_rest(model, worker, table, path, report, is_stopped)
    finally:
        if int(table.filled.sum()) > before:
            _write(path, table)


def _encode_rest(
    model: LatentModel,
    worker: DecodeWorker,
    table: LatentTable,
    path: Path,
    report: Report,
    is_stopped: Callable[[], bool],
) -> bool:
    """Whatever is not filled; some rows may have been asked for meanwhile. Whether it was not stopped."""
    began, started, saved = int(table.filled.sum()), time.monotonic(), time.monotonic()
    for start in range(0, len(table), STEP):
        rows = range(start, min(start + STEP, len(table)))
        if is_stopped():
            return False
        values = _readable(table.dataset, [row for row in rows if not table.filled[row]], model)
        if not values:
            continue
        encoded = worker.encode(model, np.stack([*values.values()]), background=True)
        table.fill([*values], encoded)
        done = int(table.filled.sum())
        report(done, (time.monotonic() - started) / max(1, done - began) * (len(table) - done))
        if time.monotonic() - saved > SAVE_SECONDS:
            _write(path, table)
            saved = time.monotonic()
    return True


def _readable(dataset: Dataset, rows: Sequence[int], model: LatentModel) -> dict[int, np.ndarray]:
    """Items by their rows, without those that cannot be read: these must not take the rest along."""
    values = {}
    for row in rows:
        try:
            values[row] = value_of(dataset, row, model)
        except InputError as error:
            log.warning("%s: %s %d is left out: %s", dataset.name, dataset.presentation.singular, row, error)
    return values


def _read(path: Path) -> tuple[list[int], Float[Tensor, "m *latent"]] | None:
    """Rows and their latents."""
    try:
        kept = load_file(path)
        return kept["rows"].tolist(), kept["latents"]
    except (OSError, SafetensorError, KeyError):
        return None  # absent or damaged: encoded anew


def _write(path: Path, table: LatentTable) -> None:
    rows = table.filled.nonzero().flatten()
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"rows": rows, "latents": table.latents[rows]}, temporary)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        log.warning("encoded latents are not kept for the next start: %s", error)

"""Encoding a data set with a model that has not seen it, once: the result is kept on disk."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.encoding import agrees, value_of
from explorer.data.folder import Files
from explorer.data.latent_table import LatentTable
from explorer.data.store import KeptLatents
from explorer.device import DecodeWorker
from models.base import LatentModel
from models.errors import InputError
from models.pictures import PictureError

log = logging.getLogger(__name__)

STEP = 4  # rows between two reports
AHEAD = 2  # times as many are read meanwhile
SAVE_SECONDS = 10.0

Report = Callable[[int, float], None]
"""Called as encoding goes on: rows done, and estimated seconds left."""


def kept_latents(directory: Path, model: LatentModel, source: str | None, dataset: Dataset) -> KeptLatents:
    """Where the latents of these items are kept, by model, source of its weights, and items."""
    space = model.space
    digest = hashlib.sha256(repr((space.name, space.shape, model.media, source)).encode())
    if dataset.home is None:
        digest.update(_fingerprint(dataset))
    name = f"latents-{space.name}-{digest.hexdigest()[:24]}"
    return KeptLatents(dataset.home or directory, name, space.shape, makes_folder=dataset.home is None)


def _fingerprint(dataset: Dataset) -> bytes:
    """Another one for other files."""
    if isinstance(dataset.files, Files):
        return dataset.files.fingerprint
    digest = hashlib.sha256()
    for file in dataset.files:
        digest.update(file or b"")
    return digest.digest()


def encode_missing(
    model: LatentModel,
    worker: DecodeWorker,
    table: LatentTable,
    kept: KeptLatents,
    report: Report,
    is_stopped: Callable[[], bool],
) -> bool:
    """Fill the table, from what is kept as far as it goes; whether that came to its end.

    A row whose file cannot be read stays as it is, and is named in the log. What is encoded is kept even when
    it is cut short. Raises what `worker.encode` raises.
    """
    if table.filled.all():
        return True
    unkept = ~_recall(model, worker, table, kept)

    def keep() -> None:
        rows = (table.filled & unkept).nonzero().flatten()
        if len(rows):
            kept.append(rows.tolist(), table.latents[rows])
            unkept[rows] = False

    try:
        return _encode_rest(model, worker, table, keep, report, is_stopped)
    finally:
        keep()


def _recall(
    model: LatentModel, worker: DecodeWorker, table: LatentTable, kept: KeptLatents
) -> Bool[Tensor, " n"]:
    """Take in what is kept, unless the model encodes the first of it otherwise by now; gives those rows."""
    recalled, is_same = torch.zeros(len(table), dtype=torch.bool), None
    for rows, latents in kept.read():
        if is_same is None:
            is_same = _is_of(model, worker, table.dataset, rows, latents)
        if is_same is False:
            kept.forget()
            break
        table.fill(rows, latents)
        recalled[rows] = True
    return recalled & kept.path.is_dir()  # damaged further on, all of it was removed


def _is_of(
    model: LatentModel,
    worker: DecodeWorker,
    dataset: Dataset,
    rows: Sequence[int],
    latents: Float[Tensor, "n *latent"],
) -> bool | None:
    """Whether the model encodes the first of these items that can be read to its latent; None without any."""
    for row, latent in zip(rows, latents, strict=True):
        try:
            return agrees(model, worker, dataset, latent, tolerance=0.05, row=row)
        except PictureError:
            continue  # its file has gone, or has changed since: the next one tells
    return None


def _encode_rest(
    model: LatentModel,
    worker: DecodeWorker,
    table: LatentTable,
    keep: Callable[[], None],
    report: Report,
    is_stopped: Callable[[], bool],
) -> bool:
    """Whatever is not filled; some rows may have been asked for meanwhile. Whether it was not stopped."""
    began, started, saved = int(table.filled.sum()), time.monotonic(), time.monotonic()
    for values in _ahead(model, table):
        if is_stopped():
            return False
        if not values:
            continue
        encoded = worker.encode(model, np.stack([*values.values()]), background=True)
        table.fill([*values], encoded)
        done = int(table.filled.sum())
        report(done, (time.monotonic() - started) / max(1, done - began) * (len(table) - done))
        if time.monotonic() - saved > SAVE_SECONDS:
            keep()
            saved = time.monotonic()
    return True


def _ahead(model: LatentModel, table: LatentTable) -> Iterator[dict[int, np.ndarray]]:
    """The items that are not encoded, STEP rows at a time; the next are read while these are encoded."""

    def read(start: int) -> dict[int, np.ndarray]:
        rows = range(start, min(start + STEP, len(table)))
        return _readable(table.dataset, [row for row in rows if not table.filled[row]], model)

    with ThreadPoolExecutor(AHEAD, "read") as readers:
        waiting: deque[Future[dict[int, np.ndarray]]] = deque()
        try:
            for start in range(0, len(table), STEP):
                waiting.append(readers.submit(read, start))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _readable(dataset: Dataset, rows: Sequence[int], model: LatentModel) -> dict[int, np.ndarray]:
    """Items by their rows, without those that cannot be read: these must not take the rest along."""
    values = {}
    for row in rows:
        try:
            values[row] = value_of(dataset, row, model)
        except InputError as error:
            log.warning("%s: %s %d is left out: %s", dataset.name, dataset.presentation.singular, row, error)
    return values

"""Batches that fit into memory: learned from those that did not."""

from __future__ import annotations

import logging
from weakref import WeakKeyDictionary

import torch

from explorer.device.jobs import Batch, DeviceError, count_rows
from models.base import LatentModel

log = logging.getLogger(__name__)

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")  # of CUDA and MPS, Linux, Windows


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the machine, had no memory left; torch's CPU allocator says so in words only."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


class Memory:
    """How many rows of each model were too many, for as long as the model is there."""

    def __init__(self) -> None:
        self._fits: WeakKeyDictionary[LatentModel, int] = WeakKeyDictionary()

    def split(self, batch: Batch) -> list[Batch]:
        """The batch in parts of as many rows as fit, as far as that is known."""
        model, rows = batch[0][0].model, count_rows(batch)
        most = self._fits.get(model, rows) if model else rows
        parts: list[Batch] = [[]]
        for request, left in batch:
            while len(left):
                if count_rows(parts[-1]) == most:
                    parts.append([])
                room = most - count_rows(parts[-1])
                parts[-1].append((request, left[:room]))
                left = left[room:]
        return parts

    def halve(self, batch: Batch) -> None:
        """Learn that this batch did not fit: from now on its model gets half as many rows.

        Raises DeviceError for a single row.
        """
        model, rows = batch[0][0].model, count_rows(batch)
        if model is None or rows == 1:
            raise DeviceError(_too_large(model))
        self._fits[model] = rows // 2
        name = model.space.name
        facts = {"model": name, "rows": rows}
        log.warning("%s ran out of memory with %d pictures at once", name, rows, extra=facts)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()  # pieces of the larger batch, which the halves may not fit into


def _too_large(model: LatentModel | None) -> str:
    if model is None:
        return "There is not enough memory for this on the device."
    space, device = model.space, model.device
    return (
        f"{space.name}: there is not enough memory on {device} for one picture of {space.image_size} px."
        " Choose a smaller size or model, or close other programs that use it."
    )

"""Batches that fit into memory: learned from those that did not."""

from __future__ import annotations

import logging

import torch

from explorer.device.jobs import Batch, DeviceError, Request, count_rows
from models.base import LatentModel

log = logging.getLogger(__name__)

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")  # of CUDA and MPS, Linux, Windows


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the machine, had no memory left; torch's CPU allocator says so in words only."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


class Memory:
    """How many rows of each model were too many."""

    def __init__(self) -> None:
        self._fits: dict[str, int] = {}

    def split(self, batch: Batch) -> list[Batch]:
        """The batch in parts of as many rows as fit, as far as that is known."""
        most = self._fits.get(batch[0][0].job.model)
        if most is None:
            return [batch]
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
        model, rows = batch[0][0].job.model, count_rows(batch)
        if rows == 1:
            raise DeviceError(_too_large(batch[0][0]))
        self._fits[model] = rows // 2
        log.warning(
            "%s ran out of memory with %d values at once", model, rows, extra={"model": model, "rows": rows}
        )
        if torch.cuda.is_available():
            torch.cuda.empty_cache()  # pieces of the larger batch, which the halves may not fit into


def _too_large(request: Request) -> str:
    model = request.model
    if not isinstance(model, LatentModel):
        return "There is not enough memory for this on the device."
    what = f"one {model.media.name} of {' × '.join(map(str, model.media.shape))} numbers"
    return (
        f"{model.space.name}: there is not enough memory on {model.device} for {what}."
        " Choose a smaller size or model, or close other programs that use it."
    )

"""Items as a model takes them, and their latents, one by one."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.device import DecodeWorker
from models.base import LatentModel
from models.errors import InputError


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

"""What can go wrong without anything being broken: the texts are for the person who waits."""

from __future__ import annotations

import torch
from torch import Tensor


class InputError(ValueError):
    """What a person or program asked for cannot be done; the text is a sentence for them."""


class CannotEncodeError(InputError):
    """The model has no encoder."""


class ModelUnavailableError(RuntimeError):
    """The model's weights cannot be had here; the text says why and names the way out."""


def check_batch(batch: Tensor, shape: tuple[int, ...], what: str) -> None:
    """Raise InputError unless `batch` is a finite floating-point (n, *shape) tensor with n >= 1."""
    if not isinstance(batch, Tensor):
        raise InputError(f"{what}: expected a torch tensor, got {type(batch).__name__}")
    if not batch.is_floating_point():
        raise InputError(f"{what}: expected floating-point values, got {batch.dtype}")
    if batch.ndim != len(shape) + 1 or tuple(batch.shape[1:]) != shape or len(batch) == 0:
        expected = ", ".join(map(str, shape))
        raise InputError(f"{what}: expected shape (n, {expected}), got {tuple(batch.shape)}")
    if not torch.isfinite(batch).all():
        raise InputError(f"{what}: expected finite values, got NaN or infinity")

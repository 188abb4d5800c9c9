"""Which device the models run on."""

from __future__ import annotations

from typing import Literal

import torch

from models.errors import InputError


def choose_device(setting: Literal["auto", "cpu", "cuda", "mps"] = "auto") -> torch.device:
    """The device to run on; `auto` prefers CUDA, then MPS. Raises InputError for one that is not there."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if setting == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    if not available.get(setting, False):
        there = ", ".join(name for name, there in available.items() if there)
        raise InputError(f"device: expected auto or one of those this machine has ({there}); got {setting!r}")
    return torch.device(setting)

"""The toy with manners that tests of the worker need, its latents by one number each, and their pictures."""

from __future__ import annotations

import threading

import numpy as np
import torch
from torch import Tensor

from models.media import Picture
from models.pictures import to_uint8
from models.toys.vector import MEDIA, ToyModel


class GatedToy(ToyModel):
    """The toy, stopped at a gate until a test has queued all it wants; it refuses latents of 99."""

    def __init__(self, name: str = "toy", media: Picture = MEDIA) -> None:
        super().__init__(name=name, media=media)
        self.gate, self.reached = threading.Event(), threading.Event()
        self.batches: list[Tensor] = []

    def _decode(self, latents: Tensor) -> Tensor:
        self.batches.append(latents)
        self.reached.set()
        assert self.gate.wait(20)
        if (latents[:, 0] == 99).any():
            raise RuntimeError("99")
        return super()._decode(latents)


def latents(*values: float) -> Tensor:
    """One latent a value, the value in its first place."""
    batch = torch.zeros(len(values), 8)
    batch[:, 0] = torch.tensor(values)
    return batch


def picture(*values: float) -> np.ndarray:
    return to_uint8(ToyModel().decode(latents(*values)))

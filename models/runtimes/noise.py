"""Noise as rough or as smooth as pictures are."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def noise(
    n: int, channels: int, side: int, fall: float | Float[Tensor, "n 1 1 1"]
) -> Float[Tensor, "n channels side side"]:
    """Noise of amplitude 1 / f^fall: 0 is white, 1.5 hardly more than large shapes. Always the same."""
    white = torch.randn(n, channels, side, side, generator=torch.Generator().manual_seed(0))
    frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)).clamp(min=1 / side)
    fallen: Tensor = torch.fft.irfft2(torch.fft.rfft2(white) / frequency**fall, s=(side, side))
    return fallen

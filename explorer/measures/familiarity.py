"""How well a model knows the like of a picture: its reconstruction and its latent, among held-out examples'.

PSNR alone calls a grey card well known, since there is nothing in it to get wrong. So the share of the
picture's variance that the reconstruction explains has to be like that of the data too; and a gradient, which
any decoder draws well, is told by its latent: it lies farther from the data than theirs lie from one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from explorer.measures.metrics import psnr

SHARE = 99.0  # percent of the held-out examples that reach what is asked of a picture
FLAT = 2.0  # levels of 255: a smaller standard deviation is next to nothing


@dataclass(frozen=True)
class Reach:
    """What SHARE of the held-out examples reach with a model."""

    psnr: float  # dB, at least
    explained: float  # of a picture's variance, at least
    distance: float  # Euclidean, to the nearest latent of the data, at most

    @classmethod
    def of(
        cls,
        quality: Float[np.ndarray, " m"],
        variances: Float[np.ndarray, " m"],
        held_out: Float[Tensor, "m *latent"],
        data: Float[Tensor, "n *latent"],
    ) -> Self:
        """From PSNR (dB), variance (levels²) and latent of each held-out example, and the other latents."""
        explained = 1 - 255**2 / 10 ** (quality / 10) / np.maximum(variances, FLAT**2)
        distances = torch.cdist(held_out.flatten(1), data.flatten(1)).min(dim=1).values.numpy()
        return cls(
            float(np.percentile(quality, 100 - SHARE)),
            float(np.percentile(explained, 100 - SHARE)),
            float(np.percentile(distances, SHARE)),
        )


def variance(picture: UInt8[np.ndarray, "h w 3"]) -> float:
    """Mean squared distance of the pixels from their channel's mean, in levels²."""
    return float(picture.var(axis=(0, 1), dtype=np.float64).mean())


def recognise(
    picture: UInt8[np.ndarray, "h w 3"],
    reconstruction: UInt8[np.ndarray, "h w 3"],
    distance: float,
    reach: Reach | None,
) -> tuple[bool, str]:
    """Whether the model knows the like of a picture, and a sentence on it; `distance` as in `Reach`."""
    quality, spread = psnr(picture, reconstruction), variance(picture)
    rebuilt = f"rebuilt at {quality:.1f} dB" if math.isfinite(quality) else "rebuilt exactly"
    if spread < FLAT**2:
        return False, f"This picture is flat: with next to nothing in it, it says little to be {rebuilt}."
    if reach is None:
        return True, f"It is {rebuilt}."
    most = f"{SHARE:.0f} % of the held-out examples"
    if quality < reach.psnr:
        reached = f"{most} reach {reach.psnr:.1f} dB or more"
        return False, f"Far from what the model knows: {rebuilt}, while {reached}."
    explained = 1 - 255**2 / 10 ** (quality / 10) / spread
    if explained < reach.explained:
        reached = f"{most} reach {reach.explained:.0%} or more"
        shown = f"the model shows {max(0.0, explained):.0%} of it"
        return False, f"There is little in this picture, so it is {rebuilt}; but {shown}, while {reached}."
    if distance > reach.distance:
        far = f"{distance:.1f} from the nearest of the data, while {most} lie within {reach.distance:.1f}"
        return False, f"Simple enough to be {rebuilt}, but unlike the data: its latent lies {far}."
    return True, f"It is {rebuilt}, as the data are: {most} reach {reach.psnr:.1f} dB or more."

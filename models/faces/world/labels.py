"""The labels of rendered portraits as columns of numbers, and the loss of a linear readout of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.faces.world.factors import FACTORS

# Factors that a person can see at 128 px. The others (most `identity_*`, brow pattern, shirt) would only
# teach the encoder to recognise single training portraits.
READABLE = (
    "age", "gender", "skin_tone", "skin_warmth", "freckles", "smile", "mouth_open", "brow", "eyes_closed",
    "gaze_x", "gaze_y", "yaw", "pitch", "roll", "light_azimuth", "light_elevation", "light_contrast",
    "light_warmth", "face_width", "hair_style", "hair_length", "hair_tone", "hair_grey", "beard", "lipstick",
    "glasses", "glasses_size", "glasses_tone", "lens_opacity",
)  # fmt: skip
# Standard deviation of a column where it is not 1. These two colour most of the picture, so the latent holds
# them anyway, but along curves: without more weight on the readout they straighten too slowly.
EMPHASIS = {"skin_tone": 3.0, "light_azimuth": 3.0}


def columns(name: str, factors: pd.DataFrame) -> Float[np.ndarray, "n columns"]:
    """One factor as numbers: itself, or for a class one column of 0 and 1 for each of its values."""
    values = factors[name].to_numpy()
    if classes := FACTORS[name].classes:
        return np.column_stack([values == label for label in classes]).astype(float)
    return np.asarray(values, float)[:, None]


def label_columns(factors: pd.DataFrame) -> Float[np.ndarray, "n columns"]:
    """All READABLE factors side by side, each column of mean 0 and variance 1 (or EMPHASIS²) over all."""
    return np.hstack([EMPHASIS.get(name, 1) * _standardised(name, factors) for name in READABLE])


def _standardised(name: str, factors: pd.DataFrame) -> Float[np.ndarray, "n columns"]:
    values = columns(name, factors)
    spread = values.std(0)
    return np.asarray((values - values.mean(0)) / np.where(spread > 0, spread, 1), np.float32)


def readout_loss(
    readout: nn.Linear, latents: Float[Tensor, "n d"], labels: Float[Tensor, "n columns"]
) -> Float[Tensor, ""]:
    """Squared error of a linear readout, summed over columns.

    -log p(labels | latents) of a linear Gaussian model, up to its scale (cf. the classifier of Kingma et al.
    2014, semi-supervised VAE).
    """
    errors: Tensor = torch.square(readout(latents) - labels).mean(0).sum()
    return errors

"""How near a reconstruction is to its original, on 8-bit pixels."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torchmetrics.image import StructuralSimilarityIndexMeasure

from models.faces.evaluation.coding import BATCH, Pixels

LEVELS = 255  # the range of 8-bit pixels, peak of PSNR and data range of SSIM


def psnr(outputs: Pixels, originals: Pixels) -> float:
    """Mean over pictures of 10 log10(255^2 / MSE) in dB, the MSE over all pixels and channels of a picture.

    An identical picture makes it infinite.
    """
    errors = np.array(
        [np.square(a.astype(float) - b).mean() for a, b in zip(outputs, originals, strict=True)]
    )
    with np.errstate(divide="ignore"):
        return float((10 * np.log10(LEVELS**2 / errors)).mean())


def region_psnr(outputs: Pixels, originals: Pixels, region: Bool[np.ndarray, "n h w"]) -> float:
    """10 log10(255^2 / MSE) in dB, the MSE over all pixels of the region in all pictures together."""
    error = np.square(outputs[region].astype(float) - originals[region]).mean()
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(LEVELS**2 / error))


def ssim(outputs: Pixels, originals: Pixels) -> float:
    """Mean structural similarity over pictures and channels (Wang et al. 2004, eq. 13).

    Gaussian window of 11 pixels, standard deviation 1.5, data range 255; the border reflected.
    """
    metric = StructuralSimilarityIndexMeasure(data_range=float(LEVELS))
    for start in range(0, len(outputs), BATCH):
        metric.update(_batch(outputs, start), _batch(originals, start))
    score = metric.compute()
    assert isinstance(score, Tensor)  # a tuple only where the contrast was asked for too
    return float(score)


def _batch(pixels: Pixels, start: int) -> Float[Tensor, "batch 3 h w"]:
    return torch.tensor(pixels[start : start + BATCH]).permute(0, 3, 1, 2).float()

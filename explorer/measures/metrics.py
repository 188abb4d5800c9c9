"""Pictures and latents in, numbers out."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import UInt8

from models.errors import InputError


def psnr(a: UInt8[np.ndarray, "*shape"], b: UInt8[np.ndarray, "*shape"]) -> float:
    """Peak signal-to-noise ratio of 8-bit pictures in dB: 10 log10(255² / MSE), infinite for equal ones.

    Raises InputError for other dtypes or different shapes.
    """
    if a.dtype != np.uint8 or b.dtype != np.uint8 or a.shape != b.shape or a.size == 0:
        raise InputError(
            f"expected two 8-bit pictures of one shape, got {a.dtype} {a.shape} and {b.dtype} {b.shape}"
        )
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return math.inf if error == 0 else float(10 * np.log10(255**2 / error))

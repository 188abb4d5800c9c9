"""How close a faster way comes: judged by pictures as hard to decode as people have them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from models.pictures import to_tensor

# Of those that scikit-image ships: people and scenes, hard texture, and what no camera ever saw.
PHOTOGRAPHS = (
    *("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "retina", "camera", "brick", "grass"),
    *("immunohistochemistry", "gravel", "coins", "page", "text", "moon", "colorwheel"),
)
COLOURS = ("red", "lime", "blue", "yellow", "white", "black", "grey")


@dataclass(frozen=True)
class Closeness:
    """PSNR in dB from what is exact: of the middle and of the worst of several values."""

    median: float
    worst: float

    def reaches(self, bar: Closeness) -> bool:
        """Whether it is as close as the bar in both."""
        return self.median >= bar.median and self.worst >= bar.worst

    def __str__(self) -> str:
        return f"{self.median:.1f} dB in the median, {self.worst:.1f} at worst"


EXACT = Closeness(60.0, 60.0)  # what stands still, is saved or measured
CLOSE = Closeness(40.0, 34.0)  # what is seen in passing


def closeness(values: Float[Tensor, "n ..."], exact: Float[Tensor, "n ..."]) -> Closeness:
    """Of values in [-1, 1], or of unit variance, against exact ones; NaN is as far as can be."""
    errors = (values.float() - exact.float()).square().flatten(1).mean(1).tolist()
    found = [-math.inf if math.isnan(error) else 10 * math.log10(4 / max(error, 1e-20)) for error in errors]
    return Closeness(float(np.median(found)), min(found))


def pictures(size: int, most: int | None = None) -> Float[Tensor, "n 3 size size"]:
    """The pictures in [-1, 1] by which ways of decoding are judged, or the first of them."""
    from skimage import data  # takes a second

    plain = [Image.new("RGB", (size, size), colour) for colour in COLOURS]
    found = [Image.fromarray(getattr(data, name)()).convert("RGB") for name in PHOTOGRAPHS[:most]] + plain
    fitted = [ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS) for picture in found[:most]]
    return to_tensor(np.stack([np.asarray(picture) for picture in fitted]))

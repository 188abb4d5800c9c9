"""Square pictures in RGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from models.media.base import Unpacked, mix
from models.pictures import encode_jpeg, open_picture, to_levels, to_tensor

Levels = UInt8[np.ndarray, "size size 3"]


@dataclass(frozen=True)
class Picture:
    """RGB pictures of size x size pixels: values in [-1, 1], kept as sRGB of 8 bits, JPEG as files."""

    size: int

    name = "picture"
    mime = "image/jpeg"
    unit = "levels of 255"
    quantised_dtype = np.dtype(np.uint8)

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, rows and columns."""
        return (3, self.size, self.size)

    @property
    def quantised_shape(self) -> tuple[int, ...]:
        """Rows, columns and channels."""
        return (self.size, self.size, 3)

    def clamp(self, values: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """To [-1, 1]."""
        return values.clamp(-1, 1)

    def quantise(self, values: Float[Tensor, "n 3 h w"]) -> UInt8[Tensor, "n h w 3"]:
        """To the nearest of 256 levels."""
        return to_levels(values)

    def restore(self, quantised: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
        """0 is -1, 255 is 1."""
        return to_tensor(quantised)

    def pack(self, value: Levels) -> bytes:
        """A JPEG file, which is not exact."""
        return encode_jpeg(value)

    def unpack(self, file: bytes) -> Unpacked:
        """Centre square of a file in any of pictures.FORMATS, resampled. Raises PictureError."""
        return Unpacked(*open_picture(file, self.size))

    def blend(self, a: Levels, b: Levels, t: Float[np.ndarray, " n"]) -> UInt8[np.ndarray, "n size size 3"]:
        """The cross-fade, linear in sRGB."""
        return mix(a, b, t)

    def distance(self, a: Levels, b: Levels) -> float:
        """Root mean square over pixels and channels."""
        return float(np.sqrt(np.mean((a.astype(np.float64) - b) ** 2)))

    def picture(self, value: Levels) -> Levels:
        """Itself."""
        return value

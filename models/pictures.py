"""Pictures: files to RGB, bytes to [-1, 1] and back. The only place where pixel conventions change."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000
BACKDROP = (128, 128, 128)
"""Behind transparent pictures: mid grey is 0 in [-1, 1], neither light nor dark to a model."""


class PictureError(ValueError):
    """A file is not a picture we can show; the text is a sentence for the person who gave it."""


def open_picture(source: bytes | Path) -> Image.Image:
    """First frame of a picture file as upright RGB, 8 bits a channel.

    EXIF rotation is applied, transparency is laid over BACKDROP, CMYK and 16-bit grey are converted. Raises
    PictureError for anything that is not a whole picture in one of FORMATS of at most MAX_PIXELS pixels.
    """
    if (len(source) if isinstance(source, bytes) else _size(source)) == 0:
        raise PictureError("This file is empty (0 bytes); choose a picture.")
    try:
        # Only the formats we name: Pillow knows others that start a program (EPS) or are hardly tested.
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _too_large(f"this one has {picture.width} × {picture.height}")
            picture.load()
            return _to_rgb(ImageOps.exif_transpose(picture))
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"This file is not a picture we can read; use {', '.join(FORMATS)}.") from error
    except Image.DecompressionBombError as error:
        raise _too_large("this one has far more") from error
    except Exception as error:  # hostile bytes make Pillow's readers raise nearly anything
        raise PictureError("This picture is damaged or incomplete; try saving it again.") from error


def fit(picture: Image.Image, size: int) -> UInt8[np.ndarray, "{size} {size} 3"]:
    """Centre square of an RGB picture, resampled to `size` pixels (Lanczos)."""
    return np.asarray(ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS))


def to_tensor(pictures: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """8-bit pictures to float32 in [-1, 1]: 0 is -1, 255 is 1."""
    return torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def to_uint8(images: Float[Tensor, "n 3 h w"]) -> UInt8[np.ndarray, "n h w 3"]:
    """Images in [-1, 1] to the nearest of 256 levels; values outside are clamped."""
    levels = ((images + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).cpu().numpy())


def encode_jpeg(picture: UInt8[np.ndarray, "h w 3"], quality: int = 92) -> bytes:
    """JPEG file of a picture, without chroma subsampling (4:4:4): small faces have small red lips."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def sprite(pictures: UInt8[np.ndarray, "n h w 3"]) -> UInt8[np.ndarray, "h n*w 3"]:
    """Pictures side by side, left to right."""
    return np.concatenate(list(pictures), axis=1)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise PictureError(f"There is no picture to read at {path.name}.") from error


def _too_large(found: str) -> PictureError:
    return PictureError(f"This picture is too large: at most {MAX_PIXELS // 10**6} megapixels, {found}.")


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):  # Pillow's own conversion clips at 255 instead of scaling
        levels = np.asarray(picture).astype(np.uint16)
        return Image.fromarray((levels / 257).round().astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise PictureError("This picture has 32 bits a channel, of unknown range; save it with 8 or 16.")
    if picture.has_transparency_data:
        backdrop = Image.new("RGBA", picture.size, BACKDROP)
        return Image.alpha_composite(backdrop, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")

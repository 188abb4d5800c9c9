"""Pictures: files to RGB, bytes to [-1, 1] and back. The only place where pixel conventions change."""

from __future__ import annotations

import base64
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from models.colour import to_srgb
from models.errors import InputError
from models.semaphore import WeightedSemaphore

BOXED = ("AVIF", "HEIF")  # files of boxes (ISO/IEC 14496-12), of which the first is "ftyp"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", *BOXED)
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAX_PIXELS = 50_000_000
"""Of one picture, and of all that are decoded at the same time: 4 to 30 bytes each while that lasts."""
BACKDROP = (128, 128, 128)
"""Behind transparent pictures: mid grey is 0 in [-1, 1], neither light nor dark to a model."""
FRAMES = {"TIFF": "pages", "HEIF": "pictures"}  # what a format calls them; frames otherwise
REDUCING_GAP = (
    3.0  # times the wanted size: down to there a picture is averaged, and resampled by Lanczos then
)

_decoding = WeightedSemaphore(MAX_PIXELS)


class PictureError(InputError):
    """A file is not a picture we can show; the text is a sentence for the person who gave it."""


class OpenedPicture(NamedTuple):
    """A picture file as a model sees it."""

    pixels: UInt8[np.ndarray, "size size 3"]
    notes: tuple[str, ...]  # a sentence on each thing that is shown otherwise than the file has it


def open_picture(source: bytes | Path, size: int) -> OpenedPicture:
    """The centre square of a picture file, upright and in sRGB, resampled to `size` pixels.

    Of several frames the first is taken, EXIF rotation is applied, colours are converted as in `to_srgb`, and
    transparency is laid over BACKDROP. Raises PictureError for anything that is not a whole picture in one of
    FORMATS of at most MAX_PIXELS pixels. Waits while others decode as many.
    """
    start = source[:12] if isinstance(source, bytes) else _start(source)
    if not start:
        raise PictureError("This file is empty (0 bytes); choose a picture.")
    try:
        with _open(source, start) as picture:
            width, height = picture.size
        if width * height > MAX_PIXELS:
            raise _too_large(f"this one has {width} × {height}")
        # Opened anew in its turn, since an open WebP holds all its memory; and closed, not left to the frame.
        with _decoding.hold(width * height), closing(_open(source, start)) as picture:
            return _read(picture, size)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large("this one has far more") from error
    except Exception as error:  # hostile bytes make Pillow's readers raise nearly anything
        raise _unreadable(start, isinstance(error, UnidentifiedImageError)) from error


def to_tensor(pictures: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """8-bit pictures to float32 in [-1, 1]: 0 is -1, 255 is 1."""
    return torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def to_levels(images: Float[Tensor, "n 3 h w"]) -> UInt8[Tensor, "n h w 3"]:
    """Images in [-1, 1] to the nearest of 256 levels, on their device; values outside are clamped."""
    levels = ((images + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous()


def to_uint8(images: Float[Tensor, "n 3 h w"]) -> UInt8[np.ndarray, "n h w 3"]:
    """As `to_levels`, in an array."""
    return to_levels(images).cpu().numpy()


def encode_webp(picture: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """WebP file of a small picture, such as a thumbnail."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=85)
    return buffer.getvalue()


def encode_jpeg(picture: UInt8[np.ndarray, "h w 3"], quality: int = 92) -> bytes:
    """JPEG file of a picture, without chroma subsampling (4:4:4): small red parts keep their colour."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def data_url(picture: UInt8[np.ndarray, "h w 3"]) -> str:
    """The picture as a JPEG inside of a text, such as a JSON answer."""
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture)).decode()


def sprite(pictures: UInt8[np.ndarray, "n h w 3"]) -> UInt8[np.ndarray, "h n*w 3"]:
    """Pictures side by side, left to right."""
    return np.concatenate(list(pictures), axis=1)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(12)
    except OSError as error:
        raise PictureError(f"There is no picture to read at {path.name}.") from error


def _open(source: bytes | Path, start: bytes) -> Image.Image:
    # Only the formats we name: Pillow knows others that start a program (EPS) or are hardly tested.
    formats = tuple(name for name in FORMATS if name not in BOXED)
    if start[4:8] == b"ftyp":
        from pillow_heif import register_heif_opener  # loads libheif, which few pictures need

        register_heif_opener()
        formats = BOXED
    return Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=formats)


def _unreadable(start: bytes, is_unknown: bool) -> PictureError:
    if start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS:
        reason = "is damaged, incomplete or of a kind we cannot read"
        return PictureError(f"This HEIC picture {reason}; export it as JPEG and use that.")
    if is_unknown:
        return PictureError(f"This file is not a picture we can read; use {', '.join(FORMATS)}.")
    return PictureError("This picture is damaged or incomplete; try saving it again.")


def _too_large(found: str) -> PictureError:
    return PictureError(f"This picture is too large: at most {MAX_PIXELS // 10**6} megapixels, {found}.")


def _read(picture: Image.Image, size: int) -> OpenedPicture:
    """Shrunk first and converted then: every conversion is one more copy."""
    wanted = round(REDUCING_GAP * size)
    picture.draft(None, (wanted, wanted))  # a JPEG can be decoded at 1/2, 1/4 or 1/8 of its size
    picture.load()
    square = _eight_bits(ImageOps.exif_transpose(_square(picture, size)))
    rgb, note = to_srgb(_opaque(square))
    if square.has_transparency_data:
        backdrop = Image.new("RGB", square.size, BACKDROP)
        rgb = Image.composite(rgb, backdrop, square.getchannel("A"))
    return OpenedPicture(np.asarray(rgb), tuple(filter(None, (_frames(picture), note))))


def _square(picture: Image.Image, size: int) -> Image.Image:
    """The centre square, resampled to `size` pixels: as `fit`, but mostly in the file's own mode."""
    if picture.mode in ("I", "F"):
        raise PictureError("This picture has 32 bits a channel, of unknown range; save it with 8 or 16.")
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I")
    elif picture.mode == "1":
        picture = picture.convert("L")
    elif picture.mode in ("P", "PA") or "transparency" in picture.info:  # a colour that must not be averaged
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    box = (left, top, left + side, top + side)
    return picture.resize((size, size), Image.Resampling.LANCZOS, box, REDUCING_GAP)


def _frames(picture: Image.Image) -> str | None:
    # Whether there are several, not how many: to count them can mean to read millions. The others of an MPO,
    # a JPEG from a telephone, are previews and gain maps of the first.
    if picture.format == "MPO" or not getattr(picture, "is_animated", False):
        return None
    name = FRAMES.get(picture.format or "", "frames")
    return f"This {picture.format} has several {name}: the first is used."


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode != "I":
        return picture
    # Of 16 bits: Pillow's own conversion clips at 255 instead of scaling.
    levels = Image.fromarray((np.asarray(picture).clip(0, 65535) / 257).round().astype(np.uint8))
    levels.info = {key: value for key, value in picture.info.items() if key != "transparency"}
    return levels


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    return picture.convert("L" if picture.mode == "LA" else "RGB")

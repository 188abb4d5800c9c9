"""Colours of a picture file to sRGB: by its embedded profile, or by a PNG's gamma and primaries."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageCms

# (x, y) of white, red, green and blue (IEC 61966-2-1), in the order of a PNG's cHRM chunk.
SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SRGB_GAMMA = 1 / 2.2  # by which a file names the curve of sRGB (PNG, third edition, 11.3.2.5)
SAME_GAMMA = 0.05  # relative: differences below it are rounding or custom, as for libpng
GAMMAS = (0.1, 10.0)  # that can be meant

MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
"""Pillow's mode of a profile's colour space."""

NO_PROFILE = "This CMYK picture names no colour profile: its colours are a guess."
BAD_PROFILE = "The colour profile of this picture cannot be used: its colours are taken as sRGB."
BAD_GAMMA = "What this PNG tells of its colours (gAMA, cHRM) makes no sense: they are taken as sRGB."


def to_srgb(picture: Image.Image) -> tuple[Image.Image, str | None]:
    """An opaque picture of 8 bits a channel as RGB in sRGB, and what could not be converted in a sentence.

    An embedded ICC profile counts first, then a PNG's sRGB chunk, then its gAMA and cHRM, as the PNG
    specification orders them (third edition, 4.3); without any the colours are sRGB already.
    """
    info = picture.info
    if info.get("icc_profile"):
        return _by_profile(picture, info["icc_profile"])
    if picture.mode == "LAB":
        return _transform(picture, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))), None
    if "srgb" not in info and ("gamma" in info or "chromaticity" in info):
        return _by_curve(picture, info.get("gamma", SRGB_GAMMA), info.get("chromaticity", SRGB))
    return picture.convert("RGB"), NO_PROFILE if picture.mode == "CMYK" else None


def _by_profile(picture: Image.Image, icc: bytes) -> tuple[Image.Image, str | None]:
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        mode = MODES[profile.profile.xcolor_space.strip()]
        if mode == "RGB":
            picture = picture.convert("RGB")  # of a palette, or of grey levels
        return _transform(picture, profile), None
    except (ImageCms.PyCMSError, OSError, KeyError):  # damaged, or of a space that the picture is not in
        return picture.convert("RGB"), BAD_PROFILE


def _transform(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    converted = ImageCms.profileToProfile(picture, profile, srgb, outputMode="RGB")
    assert converted is not None  # only where it is done in place
    return converted


def _by_curve(
    picture: Image.Image, gamma: float, chromaticity: tuple[float, ...]
) -> tuple[Image.Image, str | None]:
    picture = picture.convert("RGB")
    same_curve = abs(gamma / SRGB_GAMMA - 1) < SAME_GAMMA
    if same_curve and np.allclose(chromaticity, SRGB, atol=1e-3):
        return picture, None
    try:
        matrix = np.linalg.solve(_to_xyz(SRGB), _to_xyz(chromaticity))
    except (np.linalg.LinAlgError, ValueError):
        return picture, BAD_GAMMA
    if not GAMMAS[0] <= gamma <= GAMMAS[1]:
        return picture, BAD_GAMMA
    matrix /= matrix.sum(axis=1, keepdims=True)  # the file's white is white: von Kries on sRGB's primaries
    levels = np.asarray(picture) / 255.0
    light = (_from_srgb(levels) if same_curve else levels ** (1 / gamma)) @ matrix.T
    return Image.fromarray(np.rint(_into_srgb(light.clip(0, 1)) * 255).astype(np.uint8)), None


def _to_xyz(chromaticity: tuple[float, ...]) -> Float[np.ndarray, "3 3"]:
    """The matrix from linear RGB to XYZ: the primaries, scaled to add up to white (SMPTE RP 177)."""
    x, y = np.reshape(chromaticity, (4, 2)).T
    if (y <= 0).any():
        raise ValueError(f"expected chromaticities with y above 0, got {y}")
    white, *primaries = np.stack([x / y, np.ones(4), (1 - x - y) / y], axis=1)
    columns = np.stack(primaries, axis=1)
    scaled: Float[np.ndarray, "3 3"] = columns * np.linalg.solve(columns, white)
    return scaled


def _from_srgb(levels: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
    """Linear light of sRGB levels, both in [0, 1] (IEC 61966-2-1)."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def _into_srgb(light: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)

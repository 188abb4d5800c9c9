"""Textures made by formula, at random but always the same."""

from __future__ import annotations

import numpy as np
from PIL import Image


def with_noise(masks: Image.Image) -> Image.Image:
    """The masks with fixed noise in alpha, for stubble and scalp."""
    pixels = np.array(masks.convert("RGBA"))
    z = np.random.default_rng(7).random(pixels.shape[:2])
    near = z + np.roll(z, 1, 0) + np.roll(z, 1, 1) + np.roll(z, (1, 1), (0, 1)) - 2
    pixels[..., 3] = 255 * np.clip(0.5 + 0.66 * (z - 0.5) + 0.44 * near, 0, 1)
    return Image.fromarray(pixels)


def freckles(size: tuple[int, int]) -> Image.Image:
    """Scattered soft dots, at random but always the same."""
    rng, (width, height) = np.random.default_rng(11), size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dots = np.zeros((height, width), np.float32)
    centres_x, centres_y = rng.random(2600) * width, rng.random(2600) * height
    radii = rng.uniform(1.8, 3.8, 2600) * width / 512
    for cx, cy, r in zip(centres_x, centres_y, radii, strict=True):
        near = np.s_[max(0, int(cy) - 12) : int(cy) + 13, max(0, int(cx) - 12) : int(cx) + 13]
        dot = np.exp(-((x[near] - cx) ** 2 + (y[near] - cy) ** 2) / r**2)
        dots[near] = np.maximum(dots[near], dot)
    return Image.fromarray((255 * dots).astype(np.uint8))


def strands(side: int = 256) -> Image.Image:
    """Opaque streaks for hair made by formula."""
    rng = np.random.default_rng(3)
    streak = np.convolve(rng.random(side + 4), np.ones(5) / 5, "valid")
    gray = 110 + 190 * (streak[None, :] - 0.5) + 24 * (rng.random((side, side)) - 0.5)
    pixels = np.repeat(np.clip(gray, 0, 255)[..., None], 4, 2).astype(np.uint8)
    pixels[..., 3] = 255
    return Image.fromarray(pixels)

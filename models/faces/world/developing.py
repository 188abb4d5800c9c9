"""From what the shaders wrote to a finished picture."""

from __future__ import annotations

import moderngl
import numpy as np
from jaxtyping import Float, UInt8

from models.faces.world import shading
from models.faces.world.factors import Factors

_ATTACHMENTS = ((4, "f2", np.float16), (1, "f1", np.uint8))  # colour with coverage, part


def read_samples(target: moderngl.Framebuffer, attachment: int, samples: int) -> np.ndarray:
    """An attachment of the canvas, top row first, as (size, samples, size, samples, components)."""
    components, name, kind = _ATTACHMENTS[attachment]
    raw = target.read(components=components, attachment=attachment, dtype=name, alignment=1)
    side, size = target.size[0], target.size[0] // samples
    pixels = np.frombuffer(raw, kind).reshape(side, side, components)[::-1]
    return pixels.reshape(size, samples, size, samples, components)


def develop(color: Float[np.ndarray, "size size 4"], f: Factors) -> UInt8[np.ndarray, "size size 3"]:
    """Put the figure before the backdrop, then vignette, tone curve and gamma 2.2.

    color is linear, premultiplied by its coverage (the fourth channel). Raises FloatingPointError on values
    that are not finite: they would become arbitrary bytes.
    """
    size = len(color)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / (size - 1) * 2 - 1
    side = np.sin(np.radians(f.light_azimuth))
    glow = 1.12 - 0.30 * (x + 0.35 * side) ** 2 - 0.30 * (y + 0.15) ** 2
    uncovered = 1 - np.clip(color[..., 3:], 0, 1)
    linear = color[..., :3] + shading.backdrop_color(f) * glow[..., None] * uncovered
    linear *= (1 - 0.08 * (x**2 + y**2))[..., None]
    if not np.isfinite(linear).all():
        bad = int((~np.isfinite(linear)).sum())
        raise FloatingPointError(f"expected finite colours from the shaders; {bad} values are not, for {f}")
    mapped = linear * 1.32 / (1 + 0.32 * linear)
    return np.asarray(np.clip(mapped, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)

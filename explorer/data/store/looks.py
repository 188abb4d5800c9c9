"""Pictures that look the same, whatever their files: by a perceptual hash and the mean colour."""

from __future__ import annotations

from collections.abc import Iterable

import imagehash
import numpy as np
from jaxtyping import UInt8
from PIL import Image

NEAR = 6  # levels of 255, in every channel: a picture that was saved again moves by less


def look_of(picture: UInt8[np.ndarray, "side side 3"]) -> str:
    """Its hash (pHash: signs of the lowest frequencies of a cosine transform), and its mean colour.

    The hash knows no colour, and is the same for all plain pictures.
    """
    colour = ",".join(f"{level:.0f}" for level in picture.mean((0, 1)))
    return f"{imagehash.phash(Image.fromarray(picture))}:{colour}"


def doubles(looks: Iterable[str]) -> dict[int, int]:
    """Rows that look as an earlier one does, each with that one."""
    seen: dict[str, list[tuple[int, np.ndarray]]] = {}  # first rows of each hash, with their colours
    found: dict[int, int] = {}
    for row, look in enumerate(looks):
        bits, _, text = look.partition(":")
        colour, others = np.array(text.split(","), float), seen.setdefault(bits, [])
        same = next((first for first, known in others if abs(known - colour).max() <= NEAR), None)
        if same is None:
            others.append((row, colour))
        else:
            found[row] = same
    return found

"""Pictures that look the same, whatever their files: by a perceptual hash and the mean colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from operator import add, sub

import imagehash
import numpy as np
from jaxtyping import UInt8
from PIL import Image

NEAR = 6  # levels of 255, in every channel: a picture that was saved again moves by less
STEPS = [*product((-1, 0, 1), repeat=3)]  # to the cells around one, in which colours are sorted

Colour = tuple[float, ...]
Cells = dict[tuple[int, ...], list[tuple[int, Colour]]]  # rows with their colours, by colour / (NEAR + 1)


def look_of(picture: UInt8[np.ndarray, "side side 3"]) -> str:
    """Its hash (pHash: signs of the lowest frequencies of a cosine transform), and its mean colour.

    The hash knows no colour, and is the same for all plain pictures.
    """
    colour = ",".join(f"{level:.0f}" for level in picture.mean((0, 1)))
    return f"{imagehash.phash(Image.fromarray(picture))}:{colour}"


def doubles(looks: Iterable[str]) -> dict[int, int]:
    """Rows that look as an earlier one does, each with that one: the first there is."""
    seen: dict[str, Cells] = {}  # first rows of each hash
    found: dict[int, int] = {}
    for row, look in enumerate(looks):
        bits, _, text = look.partition(":")
        colour = tuple(map(float, text.split(",")))
        cell, cells = tuple(int(level // (NEAR + 1)) for level in colour), seen.setdefault(bits, {})
        same = [first for first, known in _around(cells, cell) if _are_near(known, colour)]
        if same:
            found[row] = min(same)
        else:
            cells.setdefault(cell, []).append((row, colour))
    return found


def _around(cells: Cells, cell: tuple[int, ...]) -> Iterator[tuple[int, Colour]]:
    """What is in a cell and those beside it: a colour that is near lies nowhere else."""
    if cells:
        for step in STEPS:
            yield from cells.get(tuple(map(add, cell, step)), ())


def _are_near(one: Colour, other: Colour) -> bool:
    return all(abs(step) <= NEAR for step in map(sub, one, other))

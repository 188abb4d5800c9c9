"""Short texts of a known vocabulary."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int32, UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from models.errors import InputError
from models.media.base import Unpacked

INK, PAPER = (236, 240, 250), (24, 24, 38)
SMALLEST = 8  # pixels of a letter's height

Ids = Int32[np.ndarray, " length"]


@dataclass(frozen=True)
class Words:
    """At most `length` words: values are their numbers in `vocabulary`, kept as int32, text as files.

    The vocabulary begins with the blank, "", which fills what a short text leaves over. A model whose
    vocabulary comes with its weights is listed without one.
    """

    vocabulary: tuple[str, ...]
    length: int
    size: int = 128

    name = "words"
    mime = "text/plain"
    unit = "words"
    quantised_dtype = np.dtype(np.int32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Words."""
        return (self.length,)

    @property
    def quantised_shape(self) -> tuple[int, ...]:
        """Words."""
        return (self.length,)

    def clamp(self, values: Float[Tensor, "n length"]) -> Float[Tensor, "n length"]:
        """To the numbers that are words."""
        return values.clamp(0, max(len(self.vocabulary) - 1, 0))

    def quantise(self, values: Float[Tensor, "n length"]) -> Int32[Tensor, "n length"]:
        """To whole numbers."""
        return self.clamp(values).round().to(torch.int32)

    def restore(self, quantised: Int32[np.ndarray, "n length"]) -> Float[Tensor, "n length"]:
        """The same numbers."""
        return torch.from_numpy(quantised.astype(np.float32))

    def pack(self, value: Ids) -> bytes:
        """The words with spaces between them, in UTF-8."""
        return self.text(value).encode()

    def unpack(self, file: bytes) -> Unpacked:
        """Raises InputError for what is no text, empty, too long or has words that the vocabulary has not."""
        try:
            words = file.decode().casefold().split()
        except UnicodeDecodeError as error:
            raise InputError("This file is no text in UTF-8; write words.") from error
        if not 1 <= len(words) <= self.length:
            raise InputError(f"Expected 1 to {self.length} words, got {len(words):,}.")
        numbers = {word.casefold(): number for number, word in enumerate(self.vocabulary) if word}
        if unknown := [word for word in words if word not in numbers]:
            raise InputError(f"“{unknown[0][:40]}” is no word that this model knows.")
        ids = np.zeros(self.length, np.int32)
        ids[: len(words)] = [numbers[word] for word in words]
        return Unpacked(ids)

    def blend(self, a: Ids, b: Ids, t: Float[np.ndarray, " n"]) -> Int32[np.ndarray, "n length"]:
        """The nearer end: there is nothing between two texts."""
        return np.where(np.asarray(t)[:, None] < 0.5, a, b)

    def distance(self, a: Ids, b: Ids) -> float:
        """Words to put in, take out or replace (Levenshtein 1966)."""
        first, second = a[a != 0], b[b != 0]
        row = np.arange(len(second) + 1)
        for number, word in enumerate(first, 1):
            above, row = row, np.full_like(row, number)
            for place in range(1, len(row)):
                changed = above[place - 1] + (word != second[place - 1])
                row[place] = min(above[place] + 1, row[place - 1] + 1, changed)
        return float(row[-1])

    def picture(self, value: Ids) -> UInt8[np.ndarray, "size size 3"]:
        """The text, as large as it fits."""
        image = Image.new("RGB", (self.size, self.size), PAPER)
        draw, text, centre = ImageDraw.Draw(image), self.text(value), (self.size / 2, self.size / 2)
        for height in range(max(self.size // 5, SMALLEST), SMALLEST - 1, -1):
            font = ImageFont.load_default(height)
            letters = int(0.9 * self.size / max(font.getlength("n"), 1))
            lines = "\n".join(textwrap.wrap(text, max(letters, 1), break_long_words=height == SMALLEST))
            left, top, right, bottom = draw.multiline_textbbox(centre, lines, font, "mm", align="center")
            if min(left, top) >= 0 and max(right, bottom) <= self.size:
                break
        draw.multiline_text(centre, lines, INK, font, "mm", align="center")
        return np.asarray(image)

    def text(self, value: Ids) -> str:
        """The words with spaces between them; blanks are left out."""
        return " ".join(word for number in value if (word := self.vocabulary[number]))

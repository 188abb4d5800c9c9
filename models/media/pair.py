"""Two media made as one, such as a picture and its words."""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int32, Num, UInt8
from torch import Tensor

from models.errors import InputError
from models.media.base import Media, Unpacked

PAPER = (24, 24, 38)

Parts = Int32[np.ndarray, " numbers"]


@dataclass(frozen=True)
class Pair:
    """Values and what is kept of them are the parts', flattened, side by side; as files JSON."""

    first: Media
    second: Media

    name = "pair"
    mime = "application/json"
    quantised_dtype = np.dtype(np.int32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of both parts."""
        return (math.prod(self.first.shape) + math.prod(self.second.shape),)

    @property
    def quantised_shape(self) -> tuple[int, ...]:
        """Numbers of both parts."""
        return (math.prod(self.first.quantised_shape) + math.prod(self.second.quantised_shape),)

    @property
    def unit(self) -> str:
        """Both parts' units: the distance is the sum."""
        return f"{self.first.unit} + {self.second.unit}"

    @property
    def size(self) -> int:
        """As much as both need side by side."""
        return self.first.size + self.second.size

    def join(self, first: Num[Tensor, "n *first"], second: Num[Tensor, "n *second"]) -> Tensor:
        """Values of both parts as values of the pair."""
        return torch.cat([first.flatten(1), second.flatten(1)], 1)

    def part(self, values: Float[Tensor, "n numbers"]) -> tuple[Tensor, Tensor]:
        """Values of both parts."""
        at = math.prod(self.first.shape)
        first, second = values[:, :at], values[:, at:]
        return first.unflatten(1, self.first.shape), second.unflatten(1, self.second.shape)

    def clamp(self, values: Float[Tensor, "n numbers"]) -> Float[Tensor, "n numbers"]:
        """Each part in its own range."""
        first, second = self.part(values)
        return self.join(self.first.clamp(first), self.second.clamp(second))

    def quantise(self, values: Float[Tensor, "n numbers"]) -> Int32[Tensor, "n numbers"]:
        """Each part, both as int32."""
        first, second = self.part(values)
        return self.join(self.first.quantise(first).int(), self.second.quantise(second).int())

    def restore(self, quantised: Int32[np.ndarray, "n numbers"]) -> Float[Tensor, "n numbers"]:
        """Each part."""
        first, second = self._parts(quantised)
        return self.join(self.first.restore(first), self.second.restore(second))

    def pack(self, value: Parts) -> bytes:
        """{"parts": [{"mime": …, "data": base64 of the part's file}, …]}."""
        first, second = self._one(value)
        files = [(self.first.mime, self.first.pack(first)), (self.second.mime, self.second.pack(second))]
        parts = [{"mime": mime, "data": base64.b64encode(file).decode()} for mime, file in files]
        return json.dumps({"parts": parts}).encode()

    def unpack(self, file: bytes) -> Unpacked:
        """Raises InputError for another form of JSON, and what the parts raise."""
        form = f"Expected JSON with two parts, {self.first.mime} and {self.second.mime}, each with data"
        try:
            parts = json.loads(file)["parts"]
            found = [part["mime"] for part in parts]
            files = [base64.b64decode(part["data"], validate=True) for part in parts]
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
            raise InputError(f"{form} in base64.") from error
        if found != [self.first.mime, self.second.mime]:
            raise InputError(f"{form}; got {', '.join(map(str, found)) or 'none'}.")
        first, second = self.first.unpack(files[0]), self.second.unpack(files[1])
        value = self._joined(first.value[None], second.value[None])[0]
        return Unpacked(value, first.notes + second.notes)

    def blend(self, a: Parts, b: Parts, t: Float[np.ndarray, " n"]) -> Int32[np.ndarray, "n numbers"]:
        """Each part."""
        (a1, a2), (b1, b2) = self._one(a), self._one(b)
        return self._joined(self.first.blend(a1, b1, t), self.second.blend(a2, b2, t))

    def distance(self, a: Parts, b: Parts) -> float:
        """The sum of both parts'."""
        (a1, a2), (b1, b2) = self._one(a), self._one(b)
        return self.first.distance(a1, b1) + self.second.distance(a2, b2)

    def picture(self, value: Parts) -> UInt8[np.ndarray, "size size 3"]:
        """Side by side, halfway up."""
        first, second = self._one(value)
        canvas = np.full((self.size, self.size, 3), PAPER, np.uint8)
        left = 0
        for drawn in (self.first.picture(first), self.second.picture(second)):
            side = len(drawn)
            top = (self.size - side) // 2
            canvas[top : top + side, left : left + side] = drawn
            left += side
        return canvas

    def _parts(self, quantised: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = math.prod(self.first.quantised_shape)
        return _as(self.first, quantised[:, :at]), _as(self.second, quantised[:, at:])

    def _one(self, value: Parts) -> tuple[np.ndarray, np.ndarray]:
        first, second = self._parts(value[None])
        return first[0], second[0]

    def _joined(self, first: np.ndarray, second: np.ndarray) -> Int32[np.ndarray, "n numbers"]:
        flat = [part.reshape(len(part), -1).astype(np.int32) for part in (first, second)]
        joined: np.ndarray = np.concatenate(flat, 1)
        return joined


def _as(media: Media, numbers: np.ndarray) -> np.ndarray:
    part: np.ndarray = numbers.reshape(-1, *media.quantised_shape).astype(media.quantised_dtype)
    return part

"""What every kind of media can do: the one contract by which models, worker and page know it."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor


class Unpacked(NamedTuple):
    """What a person's file holds."""

    value: np.ndarray  # quantised
    notes: tuple[str, ...] = ()  # a sentence on each thing that is not as the file has it


class Media(Protocol):
    """What a model makes: equal by value, so that two models can be told to make the same.

    A value is one float32 tensor of `shape`. What is kept and shown of it is quantised: an array of
    `quantised_shape` and `quantised_dtype`, one value after the other, so that jobs can batch and split them.
    """

    @property
    def name(self) -> str:
        """What the page calls it: picture, sound, words or pair."""

    @property
    def mime(self) -> str:
        """Type of the files that `pack` writes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one value as a model takes and makes it, float32."""

    @property
    def quantised_shape(self) -> tuple[int, ...]:
        """Of one value as it is kept and shown."""

    @property
    def quantised_dtype(self) -> np.dtype[Any]:
        """Of a value as it is kept and shown."""

    @property
    def unit(self) -> str:
        """Of `distance`."""

    @property
    def size(self) -> int:
        """Pixels a side of what `picture` draws."""

    def clamp(self, values: Float[Tensor, "n *shape"]) -> Float[Tensor, "n *shape"]:
        """The nearest values in range; on their device."""

    def quantise(self, values: Float[Tensor, "n *shape"]) -> Tensor:
        """What is kept and shown of each value, on the values' device; what is out of range is clamped."""

    def restore(self, quantised: np.ndarray) -> Float[Tensor, "n *shape"]:
        """Values, on the CPU, that `quantise` maps to these."""

    def pack(self, value: np.ndarray) -> bytes:
        """A file of type `mime` that holds one quantised value."""

    def unpack(self, file: bytes) -> Unpacked:
        """The value of a person's file. Raises InputError with a sentence for that person."""

    def blend(self, a: np.ndarray, b: np.ndarray, t: Float[np.ndarray, " n"]) -> np.ndarray:
        """Quantised values at t in [0, 1] between two, without a model: a at 0, b at 1."""

    def distance(self, a: np.ndarray, b: np.ndarray) -> float:
        """How far two quantised values are apart, in `unit`: 0 for equal ones, and symmetric."""

    def picture(self, value: np.ndarray) -> UInt8[np.ndarray, "size size 3"]:
        """A quantised value drawn as a square picture, for map, strips and canvas."""


def mix(a: np.ndarray, b: np.ndarray, t: Float[np.ndarray, " n"]) -> np.ndarray:
    """(1 - t) a + t b for each t, rounded to the nearest level of their integer dtype."""
    weights = np.asarray(t, np.float32).reshape(-1, *[1] * a.ndim)
    mixed: np.ndarray = np.rint((1 - weights) * a + weights * b).astype(a.dtype)
    return mixed

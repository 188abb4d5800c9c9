"""The distributions that factors are drawn from; `str()` of one describes it for the data card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Distribution(Protocol):
    """How a factor's value is drawn; `str()` describes it for the data card."""

    def draw(self, rng: np.random.Generator) -> float | str:
        """One value."""


@dataclass(frozen=True)
class Uniform:
    """Every value of a range alike."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(rng.uniform(self.low, self.high))

    def __str__(self) -> str:
        return f"uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class ClippedNormal:
    """Normal about 0; values beyond the limit are moved onto it."""

    std: float
    limit: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(np.clip(rng.normal(0.0, self.std), -self.limit, self.limit))

    def __str__(self) -> str:
        return f"normal(0, {self.std:g}) clipped to ±{self.limit:g}"


@dataclass(frozen=True)
class ZeroOr:
    """Exactly 0 with the given probability, otherwise uniform."""

    zero: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        is_zero, value = rng.random() < self.zero, rng.uniform(self.low, self.high)
        return 0.0 if is_zero else float(value)

    def __str__(self) -> str:
        return f"0 with probability {self.zero:g}, else uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class Categorical:
    """One of several classes, evenly unless weights (which sum to 1) say otherwise."""

    classes: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def draw(self, rng: np.random.Generator) -> str:
        """One value."""
        return str(rng.choice(self.classes, p=self.weights))

    def __str__(self) -> str:
        if self.weights is None:
            return f"even over {len(self.classes)} classes"
        return ", ".join(
            f"{name} {weight:g}" for name, weight in zip(self.classes, self.weights, strict=True)
        )

"""What is known of a found direction: how well it reads data held out from it, and what else it follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from explorer.operations import Provenance

HELD_OUT = 0.2  # share of labelled latents that a direction is scored on and not fitted to
FEWEST_TO_SCORE = 20  # latents of either class below which none are held out
TELLING = 0.2  # |correlation| with another label from which a direction carries a warning
MOST_WARNINGS = 10  # of the strongest; a few points go along with nearly every label

Values = Float[np.ndarray, " n"]


def split(y: Values) -> tuple[Int[np.ndarray, " fit"], Int[np.ndarray, " score"]]:
    """Rows to fit on and rows to score on; none of the latter where they are too few or all alike."""
    rows = np.random.default_rng(0).permutation(len(y))
    values, counts = np.unique(y, return_counts=True)
    rarest = counts.min() if len(values) == 2 else len(y)
    cut = int(HELD_OUT * len(y)) if rarest >= FEWEST_TO_SCORE else 0
    if cut and (np.ptp(y[rows[:cut]]) == 0 or np.ptp(y[rows[cut:]]) == 0):
        cut = 0
    return rows[cut:], rows[:cut]


def scored(
    provenance: Provenance,
    vector: Float[np.ndarray, " d"],
    x: Float[np.ndarray, "n d"],
    y: Values,
    fit: Int[np.ndarray, " fit"],
    score: Int[np.ndarray, " score"],
) -> Provenance:
    """With the accuracy of the projection cut between the class means, or R² of the line through it."""
    projected = x @ vector
    if len(np.unique(y)) == 2:
        low, high = (projected[fit][y[fit] == value].mean() for value in np.unique(y))
        right = (projected[score] > (low + high) / 2) == (y[score] == y.max())
        # Of both classes alike, so that always saying the commoner one gives 0.5.
        accuracy = np.mean([right[y[score] == value].mean() for value in np.unique(y[score])])
        return replace(provenance, score=float(accuracy), score_name="accuracy")
    slope, intercept = np.polyfit(projected[fit], y[fit], 1)
    error = np.square(y[score] - slope * projected[score] - intercept).mean()
    return replace(provenance, score=float(1 - error / y[score].var()), score_name="R²")


def correlate(y: Values, others: dict[str, Values]) -> dict[str, float]:
    """Correlation of y with every other label that varies."""
    correlations = {}
    for name, other in others.items():
        both = np.isfinite(other) & np.isfinite(y)
        if both.sum() > 2 and np.ptp(other[both]) > 0 and np.ptp(y[both]) > 0:
            correlations[name] = float(np.corrcoef(y[both], other[both])[0, 1])
    return correlations


def strongest(correlations: dict[str, float]) -> str | None:
    """The label of the largest |correlation|; None without any."""
    return max(correlations, key=lambda name: abs(correlations[name]), default=None)


def biases(correlations: dict[str, float]) -> tuple[str, ...]:
    """A sentence on each correlation that is TELLING, the strongest first."""
    telling = [name for name, r in correlations.items() if abs(r) >= TELLING]
    telling.sort(key=lambda name: -abs(correlations[name]))
    warnings = [
        f"in the data, it goes along with {name} (r = {correlations[name]:.2f})"
        for name in telling[:MOST_WARNINGS]
    ]
    if len(telling) > MOST_WARNINGS:
        warnings.append(f"and with {len(telling) - MOST_WARNINGS} other labels, less strongly")
    return tuple(warnings)

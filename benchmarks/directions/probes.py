"""Probes: linear readings of labels from latents, learned from other portraits than the directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from torch import Tensor

from benchmarks.directions.subjects import Subjects
from explorer.operations import RIDGE_ALPHAS
from explorer.steering import label_of

READ = 0.25  # R² on held-out portraits from which a label counts as read, so that a change of it can be seen


@dataclass(frozen=True, eq=False)
class Probes:
    """One linear reading a label, in σ: the standard deviation of its readings over held-out portraits."""

    labels: tuple[str, ...]
    scores: Float[np.ndarray, " labels"]  # R² on the held-out portraits
    weights: Float[np.ndarray, "d labels"]  # readings are latents @ weights, up to a constant

    def read(self, latents: Float[Tensor, "n d"]) -> Float[np.ndarray, "n labels"]:
        """The readings in σ, from an arbitrary zero: only differences mean something."""
        return np.asarray(latents.double().numpy() @ self.weights)

    def others(self, label: str) -> Float[np.ndarray, " labels"]:
        """How much each label counts among the others: every other factor alike, in sum 1.

        The classes of one factor share its part, and the label's own factor has none.
        """
        factors = [label_of(other) for other in self.labels]
        shares = np.array([factor != label_of(label) and 1 / factors.count(factor) for factor in factors])
        return np.asarray(shares / shares.sum())


def fit_probes(subjects: Subjects, wanted: Sequence[str]) -> Probes:
    """A ridge regression (strength by leave-one-out) for each label; 0 and 1 stand for a class.

    Kept are those that are read with R² >= READ, and the `wanted` ones however they are read.
    """
    train, test = (subjects.latents[rows].double().numpy() for rows in (subjects.probing, subjects.held_out))
    labels = np.array(list(subjects.labels))
    values = np.column_stack([subjects.labels[label].values for label in labels]).astype(float)
    probe = RidgeCV(RIDGE_ALPHAS, alpha_per_target=True).fit(train, values[subjects.probing])
    readings = probe.predict(test)
    scores = r2_score(values[subjects.held_out], readings, multioutput="raw_values")
    kept = (scores >= READ) | np.isin(labels, wanted)
    weights = (probe.coef_.T / readings.std(0))[:, kept]
    return Probes(tuple(map(str, labels[kept])), scores[kept], weights)

"""Probes: how well a linear model reads each factor from latents (Alain & Bengio 2017), and a curved one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.faces.world.factors import FACTORS
from models.faces.world.labels import columns

_OPEN_EYES = "glasses != 'sunglasses' and eyes_closed < 0.5"
_EYES = "glasses != 'sunglasses'"
# Where a factor can be seen, as an expression over the factors (`pandas.DataFrame.eval`); others: everywhere.
VISIBLE = {
    "gaze_x": _OPEN_EYES,
    "gaze_y": _OPEN_EYES,
    "eye_color": _OPEN_EYES,
    "eyes_closed": _EYES,
    "identity_eye_size": _EYES,
    "identity_eye_slant": _EYES,
    "freckles": "skin_tone < 0.5",
    "hair_length": "hair_style != 'bald' and hair_style != 'buzz'",
    "hair_tone": "hair_style != 'bald' and hair_grey < 0.5",
    "hair_grey": "hair_style != 'bald'",
    "glasses_size": "glasses != 'none'",
    "glasses_tone": "glasses != 'none'",
    "lens_opacity": "glasses == 'sunglasses'",
}
RIDGE_ALPHAS = np.logspace(-2, 4, 7)
# Of the curved probe, chosen on training portraits: width as a share of the dimensions, and strength.
KERNEL_GAMMA, KERNEL_ALPHA = 0.25, 0.03


@dataclass(frozen=True)
class Labelled:
    """Latents of portraits, with their factors."""

    latents: Float[np.ndarray, "n d"]
    factors: pd.DataFrame

    def where(self, keep: Bool[np.ndarray, " n"]) -> Labelled:
        """The portraits that are kept."""
        return Labelled(self.latents[keep], self.factors[keep])


@dataclass(frozen=True)
class Reading:
    """How well one factor is read: R² where it is a number, accuracy in [0, 1] where it is a class."""

    factor: str
    score: float
    visible: float | None  # the same, fitted and tested only where the factor can be seen
    visible_count: int | None  # test portraits where it can be seen
    confusion: str | None  # of a class: the pair most often taken for each other


def read_factor(name: str, train: Labelled, test: Labelled) -> Reading:
    """Fit a probe of one factor on `train`, score it on `test`; again where `VISIBLE` says it can be seen."""
    score, predicted = _fit_and_score(name, train, test)
    categorical = FACTORS[name].kind == "categorical"
    confusion = _confusion(test.factors[name], predicted) if categorical else None
    if name not in VISIBLE:
        return Reading(name, score, None, None, confusion)
    train, test = (labelled.where(_seen(name, labelled.factors)) for labelled in (train, test))
    return Reading(name, score, _fit_and_score(name, train, test)[0], len(test.factors), confusion)


def _seen(name: str, factors: pd.DataFrame) -> Bool[np.ndarray, " n"]:
    return np.asarray(factors.eval(VISIBLE[name]), bool)


def _fit_and_score(name: str, train: Labelled, test: Labelled) -> tuple[float, np.ndarray]:
    """Score and predictions of ridge (strength by leave-one-out) or logistic regression."""
    categorical = FACTORS[name].kind == "categorical"
    estimator = LogisticRegression(max_iter=2000) if categorical else RidgeCV(RIDGE_ALPHAS)
    probe = make_pipeline(StandardScaler(), estimator).fit(train.latents, train.factors[name].to_numpy())
    return probe.score(test.latents, test.factors[name].to_numpy()), probe.predict(test.latents)


def _confusion(true: pd.Series, predicted: np.ndarray) -> str | None:
    wrong = Counter(tuple(sorted(pair)) for pair in zip(true, predicted, strict=True) if pair[0] != pair[1])
    if not wrong:
        return None
    ((first, second), count), *_ = wrong.most_common(1)
    return f"{first} and {second} ({count} of {wrong.total()} errors)"


def read_curved(train: Labelled, test: Labelled) -> dict[str, float]:
    """Scores of every factor by kernel ridge regression: what the latents hold, in a straight line or not.

    One fit for all: a number is one standardised column, a class one column for each of its values, read as
    the largest (Murphy 2012, section 14.4.3).
    """
    targets = {name: _columns(name, train.factors) for name in FACTORS}
    width = KERNEL_GAMMA / train.latents.shape[1]
    estimator = KernelRidge(alpha=KERNEL_ALPHA, kernel="rbf", gamma=width)
    probe = make_pipeline(StandardScaler(), estimator).fit(train.latents, np.hstack(list(targets.values())))
    ends = np.cumsum([values.shape[1] for values in targets.values()])
    predictions = np.split(probe.predict(test.latents), ends[:-1], axis=1)
    scores = {}
    for name, predicted in zip(targets, predictions, strict=True):
        true = test.factors[name].to_numpy()
        if classes := FACTORS[name].classes:
            scores[name] = float((np.array(classes)[predicted.argmax(1)] == true).mean())
        else:
            fitted = train.factors[name]
            scores[name] = float(r2_score(true, fitted.mean() + fitted.std(ddof=0) * predicted[:, 0]))
    return scores


def _columns(name: str, factors: pd.DataFrame) -> Float[np.ndarray, "n columns"]:
    values = columns(name, factors)
    return values if FACTORS[name].classes else (values - values.mean(0)) / values.std(0)

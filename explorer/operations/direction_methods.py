"""The table of ways to find a direction: each a function from numbers to one vector of any length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.svm import LinearSVC

Matrix = Float[np.ndarray, "n d"]
Vector = Float[np.ndarray, " d"]

RIDGE_ALPHAS = np.logspace(-2, 5, 8)


def mean_difference(x: Matrix, plus: Bool[np.ndarray, " n"]) -> Vector:
    """Mean of the one class minus mean of the other (Larsen et al. 2016, section 4.2; White 2016)."""
    return np.asarray(x[plus].mean(0) - x[~plus].mean(0))


def logistic_regression(x: Matrix, plus: Bool[np.ndarray, " n"]) -> Vector:
    """Normal of the boundary of a logistic regression (as InterFaceGAN, with another loss)."""
    return np.asarray(LogisticRegression(C=0.1, max_iter=2000).fit(x, plus).coef_[0])


def linear_svm(x: Matrix, plus: Bool[np.ndarray, " n"]) -> Vector:
    """Normal of a linear support vector machine's boundary (InterFaceGAN, Shen et al. 2020, section 2.1)."""
    return np.asarray(LinearSVC(C=0.01, dual="auto", max_iter=5000, random_state=0).fit(x, plus).coef_[0])


def ridge_regression(x: Matrix, values: Float[np.ndarray, " n"]) -> Vector:
    """Weights of a ridge regression on a number, its strength by leave-one-out (Hoerl & Kennard 1970)."""
    return np.asarray(RidgeCV(RIDGE_ALPHAS).fit(x, values).coef_)


def principal_component(x: Matrix, component: int) -> Vector:
    """Principal component number `component`, from 0, of the latents (Härkönen et al. 2020, GANSpace)."""
    found = PCA(component + 1, svd_solver="randomized", random_state=0).fit(x)
    return np.asarray(found.components_[component])


def closed_form(first_layer: Float[np.ndarray, "out d"], component: int) -> Vector:
    """Eigenvector number `component` of AᵀA, A the decoder's first layer (Shen & Zhou 2021, SeFa, eq. 4)."""
    _, vectors = np.linalg.eigh(first_layer.T @ first_layer)
    return np.asarray(vectors[:, -1 - component])


@dataclass(frozen=True)
class DirectionMethod:
    """One way to find a direction, with what it needs and what the page says about it."""

    title: str
    function: Callable[..., Vector]
    wants: Literal["classes", "numbers", "component", "first layer"]
    explanation: str
    source: str


DIRECTION_METHODS: dict[str, DirectionMethod] = {
    "mean-difference": DirectionMethod(
        "Difference of means", mean_difference, "classes",
        "From the middle of one group to the middle of the other; works with a handful of points.",
        "Larsen et al. 2016, arXiv:1512.09300",
    ),
    "logistic": DirectionMethod(
        "Logistic regression", logistic_regression, "classes",
        "Straight away from the boundary that tells the two groups apart.",
        "cf. Shen et al. 2020, arXiv:1907.10786",
    ),
    "svm": DirectionMethod(
        "Linear SVM", linear_svm, "classes",
        "Straight away from the boundary with the widest margin between the groups.",
        "InterFaceGAN, Shen et al. 2020, arXiv:1907.10786",
    ),
    "ridge": DirectionMethod(
        "Ridge regression", ridge_regression, "numbers",
        "The straight line along which a number is read best.",
        "Hoerl & Kennard 1970",
    ),
    "pca": DirectionMethod(
        "Principal component", principal_component, "component",
        "Where the data vary most, whatever that means; no labels are needed.",
        "GANSpace, Härkönen et al. 2020, arXiv:2004.02546",
    ),
    "sefa": DirectionMethod(
        "Closed form (SeFa)", closed_form, "first layer",
        "What the decoder's first layer amplifies most; neither labels nor data are needed.",
        "Shen & Zhou 2021, arXiv:2007.06600",
    ),
}  # fmt: skip

"""The linear baseline: principal components of whole pictures, with as many dimensions as the VAE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA

from models.faces.evaluation.coding import Pixels

# Of the solver. With 2 instead of 5 power iterations the baseline loses 0.08 dB.
POWER_ITERATIONS, OVERSAMPLES = 5, 16


@dataclass(frozen=True)
class PixelPCA:
    """Fitted components, and the coordinates of the pictures they were fitted on."""

    estimator: PCA
    fitted: Float[np.ndarray, "n d"]
    size: int  # pixels a side

    @classmethod
    def fit(cls, pixels: Pixels, dims: int) -> Self:
        """Randomised SVD of the pixels (Halko et al. 2011, algorithm 4.4); 350 KB a picture of 128 px."""
        estimator = PCA(
            dims,
            copy=False,  # centres the float copy that we hand it in place
            svd_solver="randomized",
            iterated_power=POWER_ITERATIONS,
            n_oversamples=OVERSAMPLES,
            random_state=0,
        )
        fitted = estimator.fit_transform(pixels.reshape(len(pixels), -1).astype(np.float32))
        return cls(estimator, np.asarray(fitted), pixels.shape[1])

    def encode(self, pixels: Pixels) -> Float[np.ndarray, "n d"]:
        """Coordinates of each picture."""
        return np.asarray(self.estimator.transform(pixels.reshape(len(pixels), -1).astype(np.float32)))

    def decode(self, coordinates: Float[np.ndarray, "n d"]) -> Pixels:
        """Pictures of the coordinates, clipped and rounded to 8 bits."""
        levels = self.estimator.inverse_transform(coordinates).clip(0, 255).round().astype(np.uint8)
        return np.asarray(levels.reshape(-1, self.size, self.size, 3))

    def sample(self, count: int, rng: np.random.Generator) -> Pixels:
        """Pictures drawn from the normal distribution that has the components' mean and variances."""
        normal = rng.standard_normal((count, self.estimator.n_components_), np.float32)
        return self.decode(normal * np.sqrt(self.estimator.explained_variance_, dtype=np.float32))

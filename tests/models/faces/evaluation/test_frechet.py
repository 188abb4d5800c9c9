import numpy as np
import pytest
import torch
from skimage.data import astronaut, cat

from models.faces.evaluation.frechet import PooledFeatures, frechet_distances


def crops(picture: np.ndarray, seed: int) -> np.ndarray:
    corners = np.random.default_rng(seed).integers(0, min(picture.shape[:2]) - 64, (12, 2))
    return np.stack([picture[y : y + 64, x : x + 64] for y, x in corners])


def test_the_distance_is_that_of_the_normal_distributions_of_the_features() -> None:
    test, near, far = crops(astronaut(), 0), crops(astronaut(), 1), crops(cat(), 1)
    distances = frechet_distances(test, {"itself": test, "near": near, "far": far})
    assert distances["itself"] == pytest.approx(0, abs=0.01)
    assert 1 < distances["near"] < distances["far"]
    network = PooledFeatures()
    with torch.inference_mode():
        a, b = (network(torch.tensor(x).permute(0, 3, 1, 2)).double().numpy() for x in (test, near))
    assert a.shape == (12, 1280)
    spread = a.var(0, ddof=1).sum() + b.var(0, ddof=1).sum()
    # tr (C C')^(1/2) is the sum of the singular values of A B^T, where C = A^T A and C' = B^T B.
    cross = (a - a.mean(0)) @ (b - b.mean(0)).T / (len(a) - 1)
    shared = np.linalg.svd(cross, compute_uv=False).sum()
    expected = np.square(a.mean(0) - b.mean(0)).sum() + spread - 2 * shared
    assert distances["near"] == pytest.approx(expected, rel=0.01)


def test_the_network_is_the_trained_one() -> None:
    """A cat is nearer to itself cut otherwise than to a person: untrained features would not know."""
    distances = frechet_distances(crops(cat(), 0), {"cat": crops(cat(), 2), "person": crops(astronaut(), 2)})
    assert 2 * distances["cat"] < distances["person"]

import numpy as np
import pytest

from models.faces.evaluation.pca import PixelPCA

DIMS = 3


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Mixtures of three patterns about a mean, so that three dimensions say everything but the rounding."""
    rng = np.random.default_rng(0)
    patterns = rng.uniform(-1, 1, (DIMS, 16 * 16 * 3))
    mixed = 128 + 12 * rng.standard_normal((200, DIMS)) @ patterns
    return mixed.clip(0, 255).round().astype(np.uint8).reshape(-1, 16, 16, 3)


def test_as_many_dimensions_as_patterns_reconstruct_every_picture(pictures: np.ndarray) -> None:
    pca = PixelPCA.fit(pictures[:150], DIMS)
    held_out = pictures[150:]
    decoded = pca.decode(pca.encode(held_out))
    assert decoded.shape == held_out.shape
    assert np.abs(decoded.astype(int) - held_out).max() <= 1
    fewer = PixelPCA.fit(pictures[:150], DIMS - 1)
    assert np.abs(fewer.decode(fewer.encode(held_out)).astype(int) - held_out).mean() > 1


def test_fitting_leaves_the_pictures_and_gives_their_coordinates(pictures: np.ndarray) -> None:
    before = pictures.copy()
    pca = PixelPCA.fit(pictures, DIMS)
    np.testing.assert_array_equal(pictures, before)
    np.testing.assert_allclose(pca.fitted, pca.encode(pictures), atol=0.1)


def test_samples_have_the_mean_and_the_spread_of_the_pictures(pictures: np.ndarray) -> None:
    pca = PixelPCA.fit(pictures, DIMS)
    samples = pca.sample(2000, np.random.default_rng(1))
    np.testing.assert_allclose(samples.mean(0), pictures.mean(0), atol=4)
    np.testing.assert_allclose(pca.encode(samples).std(0), pca.fitted.std(0), rtol=0.1)
    np.testing.assert_array_equal(samples, pca.sample(2000, np.random.default_rng(1)))

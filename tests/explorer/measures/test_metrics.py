import math

import numpy as np
import pytest
from skimage.data import astronaut
from skimage.metrics import peak_signal_noise_ratio

from explorer.measures import psnr
from models.errors import InputError


def test_psnr_agrees_with_scikit_image_on_a_photograph() -> None:
    photograph = astronaut()
    noise = np.random.default_rng(0).normal(0, 12, photograph.shape)
    noisy = (photograph + noise).clip(0, 255).astype(np.uint8)
    assert psnr(photograph, noisy) == pytest.approx(peak_signal_noise_ratio(photograph, noisy))


def test_psnr_of_the_farthest_pictures_is_0_db() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert psnr(black, white) == psnr(white, black) == 0


def test_psnr_of_equal_pictures_is_infinite() -> None:
    assert psnr(astronaut(), astronaut()) == math.inf


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "other", [np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_psnr_names_what_came_instead_of_two_like_pictures(other: np.ndarray) -> None:
    with pytest.raises(InputError, match=str(other.dtype)):
        psnr(np.zeros((4, 4, 3), np.uint8), other)

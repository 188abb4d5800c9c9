import math

import numpy as np
import pytest
from skimage.data import astronaut, cat
from skimage.metrics import structural_similarity

from models.faces.evaluation.fidelity import psnr, region_psnr, ssim


@pytest.fixture
def originals() -> np.ndarray:
    return np.stack([astronaut()[:128, 128:256], cat()[100:228, 100:228]])


def test_psnr_is_the_mean_over_pictures(originals: np.ndarray) -> None:
    dark = originals // 2
    outputs = np.stack([dark[0] + 10, dark[1] + 20])
    expected = [20 * math.log10(255 / 10), 20 * math.log10(255 / 20)]
    assert psnr(outputs, dark) == pytest.approx(sum(expected) / 2)
    assert psnr(dark, dark) == math.inf


def test_region_psnr_counts_only_the_region(originals: np.ndarray) -> None:
    dark = originals // 2
    outputs, region = dark.copy(), np.zeros((2, 128, 128), bool)
    region[0, :10], region[1, 5:20] = True, True
    outputs[region] += 5
    assert region_psnr(outputs, dark, region) == pytest.approx(20 * math.log10(255 / 5))
    assert region_psnr(outputs, dark, ~region) == math.inf


def test_ssim_is_the_standard_one(originals: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(0, 20, originals.shape)
    outputs = (originals + noise).clip(0, 255).astype(np.uint8)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": -1}
    # The whole map: ours counts the border too.
    maps = [
        structural_similarity(a, b, data_range=255, full=True, **options)[1]
        for a, b in zip(outputs, originals, strict=True)
    ]
    assert ssim(outputs, originals) == pytest.approx(np.mean(maps), abs=0.002)
    assert ssim(originals, originals) == pytest.approx(1)

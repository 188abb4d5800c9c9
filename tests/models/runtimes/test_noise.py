from __future__ import annotations

import pytest
import torch

from models.runtimes.noise import noise


@pytest.mark.parametrize("fall", [0.0, 0.5, 1.5])
def test_its_amplitude_falls_with_frequency_as_asked(fall: float) -> None:
    spectrum = torch.fft.rfft2(noise(8, 16, 64, fall)).abs().square().mean((0, 1)).sqrt()
    slow, fast = spectrum[0, 4], spectrum[0, 16]  # of 4 and 16 waves a side
    assert float(torch.log2(slow / fast)) / 2 == pytest.approx(fall, abs=0.15)


def test_each_may_fall_otherwise_and_is_the_same_again() -> None:
    falls = torch.tensor([0.0, 1.0]).view(-1, 1, 1, 1)
    both = noise(2, 3, 16, falls)
    assert torch.equal(both[:1], noise(1, 3, 16, 0.0))
    assert torch.equal(both, noise(2, 3, 16, falls))

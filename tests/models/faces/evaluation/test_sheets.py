import numpy as np
import pytest
import torch

from models.faces.evaluation.sheets import grid, slerp


def test_a_grid_fills_rows_and_ends_in_white() -> None:
    pixels = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 6, 3), np.uint8)
    sheet = np.asarray(grid(pixels, 3))
    assert sheet.shape == (8, 18, 3)
    np.testing.assert_array_equal(sheet[::4, ::6, 0], [[0, 1, 2], [3, 4, 255]])
    np.testing.assert_array_equal(sheet[3::4, 5::6, 2], [[0, 1, 2], [3, 4, 255]])


def test_slerp_goes_round_the_origin_at_an_even_pace() -> None:
    a, b = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    points = slerp(a, b, torch.linspace(0, 1, 7))
    assert points[0].tolist() == pytest.approx(a.tolist())
    assert points[-1].tolist() == pytest.approx(b.tolist(), abs=1e-6)
    assert points.norm(dim=1).tolist() == pytest.approx([1] * 7)
    assert points.diff(dim=0).norm(dim=1).std().item() == pytest.approx(0, abs=1e-6)

import numpy as np
import pytest
import torch

from models.media import Picture
from models.pictures import PictureError, open_picture, to_uint8

MEDIA = Picture(8)
RAMP = np.linspace(0, 255, 8 * 8 * 3).astype(np.uint8).reshape(8, 8, 3)


def test_levels_are_those_of_pictures() -> None:
    values = torch.linspace(-1.2, 1.2, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)
    np.testing.assert_array_equal(MEDIA.quantise(values).numpy(), to_uint8(values))
    assert MEDIA.clamp(values).abs().max() == 1


def test_a_file_is_a_jpeg_and_any_picture_is_one_of_ours() -> None:
    assert open_picture(MEDIA.pack(RAMP), 8).pixels.shape == (8, 8, 3)
    assert Picture(4).unpack(MEDIA.pack(RAMP)).value.shape == (4, 4, 3)
    with pytest.raises(PictureError):
        MEDIA.unpack(b"no picture")


def test_distance_is_in_levels() -> None:
    dark = np.zeros((8, 8, 3), np.uint8)
    assert MEDIA.distance(dark, dark + 10) == MEDIA.distance(dark + 10, dark) == 10


def test_a_blend_mixes_levels_to_the_nearest() -> None:
    dark = np.zeros((8, 8, 3), np.uint8)
    mixed = MEDIA.blend(dark, dark + 201, np.array([0.25, 0.5]))
    assert mixed[:, 0, 0, 0].tolist() == [50, 100]

"""Which pictures count as the same."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.data.store.looks import doubles, look_of


def picture(seed: int) -> np.ndarray:
    levels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(levels).resize((64, 64), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("quality", [60, 90])
def test_a_picture_that_was_saved_again_looks_the_same(quality: int) -> None:
    for seed in range(20):
        file = BytesIO()
        Image.fromarray(picture(seed)).save(file, "JPEG", quality=quality)
        again = np.asarray(Image.open(file))
        assert doubles([look_of(picture(seed)), look_of(again)]) in ({1: 0}, {}), "one sign may turn"
    found = sum(bool(doubles([look_of(picture(s)), look_of(np.roll(picture(s), 0))])) for s in range(20))
    assert found == 20


def test_others_do_not() -> None:
    assert doubles(map(look_of, map(picture, range(300)))) == {}


def test_plain_pictures_and_other_colours_are_told_apart() -> None:
    plain = [np.full((64, 64, 3), level, np.uint8) for level in (0, 40, 80, 80, 255)]
    assert doubles(map(look_of, plain)) == {3: 2}
    one = picture(1)
    assert doubles([look_of(one), look_of(one // 2), look_of(one)]) == {2: 0}

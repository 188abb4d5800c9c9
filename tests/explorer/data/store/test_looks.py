"""Which pictures count as the same."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.data.store import looks
from explorer.data.store.looks import NEAR, doubles, look_of


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


def compared_with_all(texts: list[str]) -> dict[int, int]:
    """The same, in as many steps as there are pairs."""
    known: list[tuple[int, str, np.ndarray]] = []
    found = {}
    for row, text in enumerate(texts):
        bits, colour = text.split(":")[0], np.array(text.split(":")[1].split(","), float)
        near = (first for first, other, level in known if bits == other and abs(level - colour).max() <= NEAR)
        same = next(near, None)
        if same is None:
            known.append((row, bits, colour))
        else:
            found[row] = same
    return found


@pytest.mark.parametrize("most", [8, 30, 255])
def test_the_first_that_is_near_is_found(most: int) -> None:
    levels = np.random.default_rng(most).integers(0, most + 1, (1500, 3))
    texts = [f"{row % 2}:{','.join(map(str, colour))}" for row, colour in enumerate(levels)]
    found = doubles(texts)
    assert found == compared_with_all(texts)
    assert found


def test_plain_pictures_of_many_colours_are_compared_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    are_near = looks._are_near
    monkeypatch.setattr(looks, "_are_near", lambda *both: compared.append(1) or are_near(*both))
    grid = [(r, g, b) for r in range(0, 256, 7) for g in range(0, 256, 7) for b in range(0, 256, 7)]
    assert doubles(f"8000000000000000:{r},{g},{b}" for r, g, b in grid) == {}
    assert len(grid) > 50_000
    assert len(compared) <= 26 * len(grid)

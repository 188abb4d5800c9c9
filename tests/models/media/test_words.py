import numpy as np
import pytest
import torch

from models.errors import InputError
from models.media import Words

MEDIA = Words(("", "a", "red", "blue", "Star"), length=4, size=96)


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def test_a_file_is_the_words_and_blanks_fill_the_rest() -> None:
    assert MEDIA.pack(ids(1, 2, 4, 0)) == b"a red Star"
    np.testing.assert_array_equal(MEDIA.unpack(b" A red\nstar ").value, ids(1, 2, 4, 0))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "Expected 1 to 4 words, got 0"),
        (b"a red red blue star", "got 5"),
        (b"a green star", "“green” is no word"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_what_the_model_cannot_read_is_refused_in_a_sentence(file: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        MEDIA.unpack(file)


def test_numbers_that_are_no_words_are_clamped() -> None:
    assert MEDIA.quantise(torch.tensor([[-3.0, 1.4, 1.6, 99.0]])).tolist() == [[0, 1, 2, 4]]


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        (ids(1, 2, 4, 0), ids(1, 3, 4, 0), 1),  # replaced
        (ids(1, 2, 4, 0), ids(2, 4, 0, 0), 1),  # taken out
        (ids(2, 4, 0, 0), ids(1, 2, 3, 4), 2),  # put in
        (ids(0, 0, 0, 0), ids(1, 2, 3, 4), 4),
        (ids(1, 2, 0, 0), ids(2, 1, 0, 0), 2),
    ],
)
def test_distance_counts_words_to_change(a: np.ndarray, b: np.ndarray, apart: int) -> None:
    assert MEDIA.distance(a, b) == MEDIA.distance(b, a) == apart


def test_a_blend_is_the_nearer_end() -> None:
    a, b = ids(1, 2, 4, 0), ids(1, 3, 0, 0)
    assert MEDIA.blend(a, b, np.array([0.49, 0.5])).tolist() == [a.tolist(), b.tolist()]


def test_a_long_text_is_drawn_smaller_and_stays_inside() -> None:
    long = Words(("", "extraordinarily"), length=12, size=96)
    heights = []
    for media, value in ((MEDIA, ids(1, 2, 0, 0)), (long, np.ones(12, np.int32))):
        ink = (media.picture(value) != media.picture(value)[0, 0]).any(2)
        assert ink.any()
        assert not ink[[0, -1]].any()
        assert not ink[:, [0, -1]].any()
        heights.append(np.diff(np.flatnonzero(np.diff(ink.any(1)))).max())
    assert heights[1] < heights[0]


def test_a_text_without_words_is_an_empty_picture() -> None:
    picture = MEDIA.picture(ids(0, 0, 0, 0))
    assert (picture == picture[0, 0]).all()

import json

import numpy as np
import pytest
import torch

from models.errors import InputError
from models.media import Pair, Picture, Sound, Words

PICTURE, WORDS = Picture(16), Words(("", "a", "red", "star"), 3, size=32)
MEDIA = Pair(PICTURE, WORDS)
LEVELS = np.random.default_rng(0).integers(100, 120, (2, 16, 16, 3), np.uint8)
IDS = np.array([[1, 2, 3], [3, 0, 0]], np.int32)
A, B = MEDIA.quantise(MEDIA.join(PICTURE.restore(LEVELS), WORDS.restore(IDS))).numpy()


def test_a_value_is_its_parts_side_by_side() -> None:
    assert MEDIA.shape == (3 * 16 * 16 + 3,)
    np.testing.assert_array_equal(A, [*LEVELS[0].flatten(), *IDS[0]])
    first, second = MEDIA.part(MEDIA.restore(np.stack([A, B])))
    torch.testing.assert_close(first, PICTURE.restore(LEVELS))
    torch.testing.assert_close(second, WORDS.restore(IDS))


def test_each_part_is_clamped_to_its_own_range() -> None:
    clamped = MEDIA.clamp(torch.full((1, *MEDIA.shape), 9.0))[0]
    assert clamped[:-3].unique().tolist() == [1]
    assert clamped[-3:].tolist() == [3, 3, 3]


def test_the_distance_is_the_sum_in_both_units() -> None:
    expected = PICTURE.distance(*LEVELS) + WORDS.distance(*IDS)
    assert MEDIA.distance(A, B) == pytest.approx(expected)
    assert MEDIA.unit == "levels of 255 + words"


def test_the_picture_shows_both() -> None:
    drawn = MEDIA.picture(A)
    assert drawn.shape == (48, 48, 3)
    np.testing.assert_array_equal(drawn[16:32, :16], LEVELS[0])
    np.testing.assert_array_equal(drawn[8:40, 16:], WORDS.picture(IDS[0]))


def test_a_blend_mixes_one_part_and_switches_the_other() -> None:
    (mixed,) = MEDIA.blend(A, B, np.array([0.6]))
    np.testing.assert_array_equal(mixed[-3:], IDS[1])
    np.testing.assert_array_equal(mixed[:-3], PICTURE.blend(*LEVELS, np.array([0.6])).flatten())


def test_a_pair_may_hold_a_pair_and_a_file_brings_it_back() -> None:
    nested = Pair(Sound(8000, 1000), Pair(WORDS, WORDS))
    value = nested.quantise(
        torch.cat([torch.linspace(-1, 1, 1000), torch.tensor([1.0, 2, 0, 3, 3, 0])])[None]
    )
    value = value[0].numpy()
    np.testing.assert_array_equal(nested.unpack(nested.pack(value)).value, value)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"[]", "Expected JSON with two parts, image/jpeg and text/plain"),
        (b'{"parts": []}', "got none"),
        (b'{"parts": [{"mime": "text/plain", "data": ""}]}', "got text/plain"),
        (b'{"parts": [{"mime": "image/jpeg", "data": "?"}, {}]}', "in base64"),
        (b"[" * 100_000, "in base64"),
    ],
)
def test_other_json_is_refused_in_a_sentence(file: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        MEDIA.unpack(file)


def test_a_bad_part_is_told_as_that_part_tells_it() -> None:
    parts = json.loads(MEDIA.pack(A))
    parts["parts"][1]["data"] = "Z3JlZW4="
    with pytest.raises(InputError, match="“green” is no word"):
        MEDIA.unpack(json.dumps(parts).encode())

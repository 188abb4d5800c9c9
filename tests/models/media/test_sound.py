import io
import wave

import numpy as np
import pytest
import torch

from models.errors import InputError
from models.media import Sound

MEDIA = Sound(rate=8000, samples=4000)


def tone(hertz: float, rate: int = 8000, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def kept(sound: np.ndarray) -> np.ndarray:
    return MEDIA.quantise(torch.tensor(sound, dtype=torch.float32)[None])[0].numpy()


def wav(sound: np.ndarray, rate: int, width: int, channels: int = 1) -> bytes:
    """A file of any width, written as integers of the least bytes first."""
    levels = (np.repeat(sound, channels) * (2 ** (8 * width - 1) - 1)).astype("<i4")
    parts = levels.view(np.uint8).reshape(-1, 4)[:, :width]
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(((parts ^ 0x80) if width == 1 else parts).tobytes())
    return buffer.getvalue()


def test_a_file_brings_back_every_sample() -> None:
    levels = np.linspace(-(2**15), 2**15 - 1, 4000).astype(np.int16)
    np.testing.assert_array_equal(MEDIA.unpack(MEDIA.pack(levels)).value, levels)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_files_of_other_widths_rates_and_channels_are_read(width: int, channels: int, rate: int) -> None:
    found = MEDIA.unpack(wav(tone(440, rate), rate, width, channels)).value / 2**15
    np.testing.assert_allclose(found[200:-200], tone(440)[200:-200], atol=0.02)


def test_a_short_file_ends_in_silence_and_a_long_one_is_cut() -> None:
    short, long = (MEDIA.unpack(wav(tone(440, seconds=s), 8000, 2)).value for s in (0.25, 2.0))
    assert not short[2000:].any()
    np.testing.assert_array_equal(short[:2000], long[:2000])
    assert long.shape == (4000,)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (wav(tone(440), 8000, 2)[:30], "no WAV sound"),
        (b"ID3 an MP3", "no WAV sound"),
        (wav(np.zeros(0), 8000, 2), "empty"),
        (wav(tone(440), 3, 2), "3 samples a second"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(file: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        MEDIA.unpack(file)


def test_a_tone_is_far_from_another_and_near_to_itself_a_little_louder() -> None:
    low, high = kept(tone(300)), kept(tone(900))
    assert MEDIA.distance(low, kept(1.1 * tone(300))) < 2 < MEDIA.distance(low, high)


def test_the_picture_shows_a_high_tone_above_a_low_one_over_its_wave() -> None:
    brightest = [MEDIA.picture(kept(tone(f)))[:96].sum((1, 2)).argmax() for f in (200, 400, 800)]
    assert brightest[0] - brightest[1] == pytest.approx(brightest[1] - brightest[2], abs=2)  # octaves
    assert brightest[0] > brightest[2]
    loud, quiet = (MEDIA.picture(kept(part * tone(200)))[96:] > 128 for part in (1.0, 0.2))
    assert loud.sum() > 2 * quiet.sum() > 0


def test_a_blend_is_both_at_once() -> None:
    low, high = kept(tone(300)), kept(tone(900))
    (mixed,) = MEDIA.blend(low, high, np.array([0.5]))
    np.testing.assert_allclose(mixed, (low.astype(float) + high) / 2, atol=1)

"""Sound of one channel and a fixed length."""

from __future__ import annotations

import io
import math
import wave
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int16, UInt8
from PIL import Image
from torch import Tensor

from models.errors import InputError
from models.media.base import Unpacked, mix

FULL = 2**15  # of 16 bits
WINDOW, HOP = 512, 128  # samples of a spectrum, and between two
LOWEST = 4  # multiple of rate / WINDOW that is drawn
FLOOR = 1e-6  # power that counts as silence: 60 dB under a full tone's
RATES = (1_000, 400_000)  # samples a second of files that are read
INK, PAPER = (236, 240, 250), (12, 12, 26)
COLOURS = ((12, 12, 26), (70, 24, 110), (190, 55, 95), (250, 150, 60), (252, 250, 190))  # quiet to loud

Samples = Int16[np.ndarray, " samples"]


@dataclass(frozen=True)
class Sound:
    """`samples` samples at `rate` a second: values in [-1, 1], kept in 16 bits, WAV as files."""

    rate: int
    samples: int
    size: int = 128

    name = "sound"
    mime = "audio/wav"
    unit = "dB of log-spectral distance"
    quantised_dtype = np.dtype(np.int16)

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples."""
        return (self.samples,)

    @property
    def quantised_shape(self) -> tuple[int, ...]:
        """Samples."""
        return (self.samples,)

    def clamp(self, values: Float[Tensor, "n samples"]) -> Float[Tensor, "n samples"]:
        """To [-1, 1]."""
        return values.clamp(-1, 1)

    def quantise(self, values: Float[Tensor, "n samples"]) -> Int16[Tensor, "n samples"]:
        """To the nearest of 65,536 levels; 1 is 32,767."""
        return (values * FULL).round().clamp(-FULL, FULL - 1).to(torch.int16)

    def restore(self, quantised: Int16[np.ndarray, "n samples"]) -> Float[Tensor, "n samples"]:
        """-32,768 is -1."""
        return torch.from_numpy(quantised.astype(np.float32) / FULL)

    def pack(self, value: Samples) -> bytes:
        """A WAV file of 16 bits."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(value.astype("<i2").tobytes())
        return buffer.getvalue()

    def unpack(self, file: bytes) -> Unpacked:
        """The beginning of a WAV file: channels mixed, resampled to `rate`, silence after its end."""
        sound, rate = _read(file, self.samples / self.rate)
        if rate != self.rate:
            from scipy.signal import resample_poly  # takes the app's start half a second, and few bring sound

            common = math.gcd(rate, self.rate)
            sound = resample_poly(sound, self.rate // common, rate // common)
        heard = np.zeros((1, self.samples), np.float32)
        heard[0, : len(sound)] = sound[: self.samples]
        return Unpacked(self.quantise(torch.from_numpy(heard))[0].numpy())

    def blend(self, a: Samples, b: Samples, t: Float[np.ndarray, " n"]) -> Int16[np.ndarray, "n samples"]:
        """Both at once, the one fading in as the other fades out."""
        return mix(a, b, t)

    def distance(self, a: Samples, b: Samples) -> float:
        """Log-spectral distance (Gray & Markel 1976): root mean square over frequencies, mean over time."""
        difference = _decibels(a) - _decibels(b)
        return float(np.sqrt((difference**2).mean(0)).mean())

    def picture(self, value: Samples) -> UInt8[np.ndarray, "size size 3"]:
        """Its spectrogram by octaves, low tones below and loud ones bright, and the waveform under it."""
        wave_height = self.size // 4
        loud = (_decibels(value) / (-10 * math.log10(FLOOR)) + 1).clip(0, 1)
        octaves = np.geomspace(LOWEST, len(loud) - 1, self.size - wave_height).round().astype(int)
        box = (self.size, self.size - wave_height)
        levels = np.asarray(
            Image.fromarray(loud[octaves[::-1]].astype(np.float32)).resize(box, Image.Resampling.BILINEAR)
        )
        places = np.linspace(0, 1, len(COLOURS))
        colours = [np.interp(levels, places, [colour[c] for colour in COLOURS]) for c in range(3)]
        return np.concatenate([np.stack(colours, -1).astype(np.uint8), self._wave(value, wave_height)])

    def _wave(self, value: Samples, height: int) -> UInt8[np.ndarray, "h size 3"]:
        columns = np.array_split(value.astype(np.float32) / FULL, self.size)
        rows = np.linspace(1, -1, height)[:, None]
        top = np.array([part.max(initial=0) for part in columns]) + 1 / height
        bottom = np.array([part.min(initial=0) for part in columns]) - 1 / height
        return np.where(((rows <= top) & (rows >= bottom))[..., None], INK, PAPER).astype(np.uint8)


def _decibels(value: Samples) -> Float[np.ndarray, "frequencies times"]:
    """Power spectrum over time, 0 dB for a full tone, never under FLOOR."""
    window = np.hanning(WINDOW)
    padded = np.pad(value / FULL, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * window
    power = np.abs(np.fft.rfft(frames).T * 2 / window.sum()) ** 2
    decibels: Float[np.ndarray, "frequencies times"] = 10 * np.log10(power.clip(FLOOR))
    return decibels


def _read(content: bytes, seconds: float) -> tuple[Float[np.ndarray, " samples"], int]:
    """At most so many seconds of a WAV file in [-1, 1], and its rate. Raises InputError."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            if not RATES[0] <= rate <= RATES[1]:
                raise InputError(f"This sound has {rate:,} samples a second; save it with 44,100.")
            found = np.frombuffer(file.readframes(math.ceil(seconds * rate)), np.uint8)
    except (wave.Error, EOFError, RuntimeError) as error:
        raise InputError("This file is no WAV sound that we can read; save it as WAV, PCM.") from error
    if len(found) < width * channels:
        raise InputError("This sound is empty; choose one that can be heard.")
    samples = found[: len(found) // (width * channels) * width * channels].reshape(-1, width)
    samples = samples ^ np.uint8(0x80 if width == 1 else 0)  # 8 bits are kept without a sign
    wide = np.zeros((len(samples), 4), np.uint8)
    wide[:, 4 - width :] = samples  # the high bytes, whatever the width
    return wide.view("<i4").reshape(-1, channels).mean(1) / 2**31, rate

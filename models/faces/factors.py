"""The factors that a portrait is made of: their names, ranges, meanings and distributions.

Every factor is drawn independently of every other, so a direction learned from the portraits cannot pick up
a correlation that the data set put there. The price is that some portraits are improbable people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, Protocol

import numpy as np

HAIR_STYLES = (
    "bald", "buzz", "crop", "mop", "quiff", "afro", "bun", "twin_buns", "side_ponytail", "bob", "bob_fringe",
    "long", "long_fringe", "wavy",
)  # fmt: skip
GLASSES = ("none", "round", "rect", "sunglasses")
EYE_COLORS = ("brown", "hazel", "blue", "green", "grey")
BROW_STYLES = tuple(f"brow{i}" for i in range(8))


class Distribution(Protocol):
    """How a factor's value is drawn; `str()` describes it for the data card."""

    def draw(self, rng: np.random.Generator) -> float | str: ...


@dataclass(frozen=True)
class Uniform:
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(self.low, self.high))

    def __str__(self) -> str:
        return f"uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class ClippedNormal:
    std: float
    limit: float

    def draw(self, rng: np.random.Generator) -> float:
        return float(np.clip(rng.normal(0.0, self.std), -self.limit, self.limit))

    def __str__(self) -> str:
        return f"normal(0, {self.std:g}) clipped to ±{self.limit:g}"


@dataclass(frozen=True)
class ZeroOr:
    """Exactly 0 with the given probability, otherwise uniform."""

    zero: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        is_zero, value = rng.random() < self.zero, rng.uniform(self.low, self.high)
        return 0.0 if is_zero else float(value)

    def __str__(self) -> str:
        return f"0 with probability {self.zero:g}, else uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class Choice:
    classes: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def draw(self, rng: np.random.Generator) -> str:
        return str(rng.choice(self.classes, p=self.weights))

    def __str__(self) -> str:
        if self.weights is None:
            return f"even over {len(self.classes)} classes"
        return ", ".join(f"{name} {weight:g}" for name, weight in zip(self.classes, self.weights, strict=True))


@dataclass(frozen=True)
class Factor:
    """One row of the factor table: a continuous factor has a range, a categorical one has classes."""

    name: str
    kind: Literal["continuous", "categorical"]
    unit: str
    meaning: str
    distribution: Distribution = field(compare=False)
    low: float = math.nan
    high: float = math.nan
    classes: tuple[str, ...] = ()

    def check(self, value: object) -> None:
        """Raise a ValueError that says what was expected and what came."""
        if self.kind == "categorical":
            if value not in self.classes:
                raise ValueError(f"factor {self.name}: expected one of {', '.join(self.classes)}; got {value!r}")
            return
        is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        if not is_number or not self.low <= float(value) <= self.high:  # type: ignore[arg-type]
            raise ValueError(f"factor {self.name}: expected a number in [{self.low:g}, {self.high:g}]; got {value!r}")


def _number(name: str, unit: str, low: float, high: float, meaning: str, drawn: Distribution | None = None) -> Factor:
    return Factor(name, "continuous", unit, meaning, drawn or Uniform(low, high), low=low, high=high)


def _class(name: str, classes: tuple[str, ...], meaning: str, weights: tuple[float, ...] | None = None) -> Factor:
    return Factor(name, "categorical", "class", meaning, Choice(classes, weights), classes=classes)


def _identity(name: str, meaning: str) -> Factor:
    return _number(f"identity_{name}", "σ-like", -1, 1, meaning, ClippedNormal(0.5, 1))


_TABLE = (
    _number("age", "years", 18, 80, "shape, folds and skin texture of age"),
    _number("gender", "share", 0, 1, "0 feminine, 1 masculine: bones, brows, lashes, lips, skin; not hair or beard"),
    _number("skin_tone", "share", 0, 1, "0 light, 1 dark"),
    _number("skin_warmth", "share", -1, 1, "cool to warm tint of the skin"),
    _number("freckles", "share", 0, 1, "strength of freckles on nose and cheeks", ZeroOr(0.5, 0, 1)),
    _number("smile", "share", -1, 1, "-1 mild frown, 0 friendly rest, 1 smile with teeth"),
    _number("mouth_open", "share", 0, 1, "how far the jaw drops", ZeroOr(0.4, 0, 1)),
    _number("brow", "share", -1, 1, "-1 lowered, 1 raised brows", ClippedNormal(0.45, 1)),
    _number("eyes_closed", "share", 0, 1, "1 closes both lids", ZeroOr(0.75, 0, 1)),
    _number("gaze_x", "share", -1, 1, "eyes to the picture's left (-1) or right (1)"),
    _number("gaze_y", "share", -1, 1, "eyes down (-1) or up (1)", ClippedNormal(0.5, 1)),
    _number("yaw", "degrees", -35, 35, "head turned to the picture's left (-) or right (+)", ClippedNormal(15, 35)),
    _number("pitch", "degrees", -15, 15, "head tipped down (-) or up (+)", ClippedNormal(5.5, 15)),
    _number("roll", "degrees", -10, 10, "head tilted clockwise in the picture", ClippedNormal(3, 10)),
    _number("light_azimuth", "degrees", -70, 70, "main light from the picture's left (-) or right (+)"),
    _number("light_elevation", "degrees", 5, 55, "height of the main light"),
    _number("light_contrast", "share", 0.35, 1, "main light against fill light"),
    _number("light_warmth", "share", -1, 1, "cool to warm main light"),
    _number("face_width", "share", -1, 1, "narrow to wide face", ClippedNormal(0.45, 1)),
    _number("fullness", "share", -1, 1, "lean to full face", ClippedNormal(0.45, 1)),
    _number("jaw", "share", -1, 1, "narrow to broad jaw", ClippedNormal(0.45, 1)),
    _number("nose_size", "share", -1, 1, "small to large nose", ClippedNormal(0.45, 1)),
    _identity("shape_a", "first axis of overall facial shape, from the mesh's three base forms"),
    _identity("shape_b", "second axis of overall facial shape, from the mesh's three base forms"),
    _identity("eye_size", "small to large eyes"),
    _identity("eye_slant", "outer corners of the eyes down to up"),
    _identity("nose_width", "narrow to wide nose"),
    _identity("nose_tip", "tip of the nose down to up"),
    _identity("nose_length", "short to long nose"),
    _identity("mouth_width", "narrow to wide mouth"),
    _identity("lip_volume", "thin to full lips"),
    _identity("chin_height", "short to long chin"),
    _class("hair_style", HAIR_STYLES, "cut of the hair"),
    _number("hair_length", "share", 0, 1, "length or volume within the style; nothing on bald and buzz"),
    _number("hair_tone", "share", 0, 1, "black, brown, red-brown, blond"),
    _number("hair_grey", "share", 0, 1, "how far the hair is grey, whatever the age", ZeroOr(0.5, 0, 1)),
    _number("beard", "share", 0, 1, "stubble to full beard, whatever the gender", ZeroOr(0.6, 0.15, 1)),
    _number("lipstick", "share", 0, 1, "strength of red lipstick, whatever the gender", ZeroOr(0.5, 0.15, 1)),
    _class("glasses", GLASSES, "kind of glasses", (0.4, 0.2, 0.2, 0.2)),
    _number("glasses_size", "share", 0, 1, "small to large lenses"),
    _number("glasses_tone", "share", 0, 1, "black, brown, red, light frame"),
    _number("lens_opacity", "share", 0, 1, "tint of the lenses within the kind of glasses"),
    _class("eye_color", EYE_COLORS, "colour of the iris"),
    _class("brow_style", BROW_STYLES, "pattern of the brow hairs"),
    _number("backdrop_tone", "share", 0, 1, "hue of the backdrop"),
    _number("backdrop_light", "share", 0, 1, "brightness of the backdrop"),
    _number("shirt_tone", "share", 0, 1, "hue of the shirt"),
    _number("shirt_light", "share", 0, 1, "brightness of the shirt"),
)
FACTORS: dict[str, Factor] = {factor.name: factor for factor in _TABLE}


@dataclass(frozen=True)
class Factors:
    """One portrait's factors; `FACTORS` says what each means. Raises ValueError on a value out of range."""

    age: float
    gender: float
    skin_tone: float
    skin_warmth: float
    freckles: float
    smile: float
    mouth_open: float
    brow: float
    eyes_closed: float
    gaze_x: float
    gaze_y: float
    yaw: float
    pitch: float
    roll: float
    light_azimuth: float
    light_elevation: float
    light_contrast: float
    light_warmth: float
    face_width: float
    fullness: float
    jaw: float
    nose_size: float
    identity_shape_a: float
    identity_shape_b: float
    identity_eye_size: float
    identity_eye_slant: float
    identity_nose_width: float
    identity_nose_tip: float
    identity_nose_length: float
    identity_mouth_width: float
    identity_lip_volume: float
    identity_chin_height: float
    hair_style: str
    hair_length: float
    hair_tone: float
    hair_grey: float
    beard: float
    lipstick: float
    glasses: str
    glasses_size: float
    glasses_tone: float
    lens_opacity: float
    eye_color: str
    brow_style: str
    backdrop_tone: float
    backdrop_light: float
    shirt_tone: float
    shirt_light: float

    def __post_init__(self) -> None:
        for item in fields(self):
            FACTORS[item.name].check(getattr(self, item.name))

    def to_dict(self) -> dict[str, float | str]:
        """A flat record, one entry a factor, in the order of the table."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, object]) -> Factors:
        """Rebuild from a flat record; raises ValueError on a factor that is unknown, missing or out of range."""
        unknown, missing = sorted(record.keys() - FACTORS.keys()), sorted(FACTORS.keys() - record.keys())
        if unknown or missing:
            raise ValueError(f"factors: expected exactly the {len(FACTORS)} names of FACTORS; {unknown=}, {missing=}")
        return cls(**record)  # type: ignore[arg-type]


def sample_factors(rng: np.random.Generator) -> Factors:
    """Draw one portrait, every factor independently of every other."""
    return Factors.from_dict({name: factor.distribution.draw(rng) for name, factor in FACTORS.items()})


def factors_at(seed: int, index: int) -> Factors:
    """The factors of portrait `index` of the stream `seed`: the same on every machine."""
    return sample_factors(np.random.default_rng([seed, index]))

"""The factors that a portrait is made of: their names, ranges, meanings and distributions.

Every factor is drawn independently of every other, so a direction learned from the portraits cannot pick up
a correlation that the data set put there. The price is that some portraits are improbable people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeGuard

import numpy as np

from models.faces.world.distributions import Categorical, ClippedNormal, Distribution, Uniform, ZeroOr

HAIR_STYLES = (
    "bald", "buzz", "crop", "mop", "quiff", "afro", "bun", "twin_buns", "side_ponytail", "bob", "bob_fringe",
    "long", "long_fringe", "wavy",
)  # fmt: skip
GLASSES = ("none", "round", "rect", "sunglasses")
EYE_COLORS = ("brown", "hazel", "blue", "green", "grey")
BROW_STYLES = tuple(f"brow{i}" for i in range(8))


@dataclass(frozen=True)
class Factor:
    """One row of the factor table: a continuous factor has a range, a categorical one has classes."""

    kind: Literal["continuous", "categorical"]
    unit: str
    meaning: str
    distribution: Distribution
    low: float = math.nan
    high: float = math.nan
    classes: tuple[str, ...] = ()
    name: str = ""  # the field of `Factors` that it describes

    def check(self, value: object) -> None:
        """Raise a ValueError that names the factor, what was expected and what came."""
        if self.kind == "categorical":
            if value not in self.classes:
                raise ValueError(
                    f"factor {self.name}: expected one of {', '.join(self.classes)}; got {value!r}"
                )
        elif not (_is_number(value) and self.low <= value <= self.high):
            raise ValueError(
                f"factor {self.name}: expected a number in [{self.low:g}, {self.high:g}]; got {value!r}"
            )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _number(unit: str, low: float, high: float, meaning: str, drawn: Distribution | None = None) -> Any:
    factor = Factor("continuous", unit, meaning, drawn or Uniform(low, high), low=low, high=high)
    return field(metadata={"factor": factor})


def _class(classes: tuple[str, ...], meaning: str, weights: tuple[float, ...] | None = None) -> Any:
    factor = Factor("categorical", "class", meaning, Categorical(classes, weights), classes=classes)
    return field(metadata={"factor": factor})


def _identity(meaning: str) -> Any:
    return _number("share", -1.0, 1.0, meaning, ClippedNormal(0.5, 1.0))


@dataclass(frozen=True)
class Factors:
    """One portrait's factors, each in its documented range.

    Raises ValueError on a value out of range, NaN or an unknown class.
    """

    age: float = _number("years", 18.0, 80.0, "shape, folds and skin texture of age")
    gender: float = _number(
        "share", 0.0, 1.0, "0 feminine, 1 masculine: bones, brows, lashes, lips, skin; not hair or beard"
    )
    skin_tone: float = _number("share", 0.0, 1.0, "0 light, 1 dark")
    skin_warmth: float = _number("share", -1.0, 1.0, "cool to warm tint of the skin")
    freckles: float = _number(
        "share", 0.0, 1.0, "strength of freckles on nose and cheeks", ZeroOr(0.5, 0.0, 1.0)
    )
    smile: float = _number("share", -1.0, 1.0, "-1 mild frown, 0 friendly rest, 1 smile with teeth")
    mouth_open: float = _number("share", 0.0, 1.0, "how far the jaw drops", ZeroOr(0.4, 0.0, 1.0))
    brow: float = _number("share", -1.0, 1.0, "-1 lowered, 1 raised brows", ClippedNormal(0.45, 1.0))
    eyes_closed: float = _number("share", 0.0, 1.0, "1 closes both lids", ZeroOr(0.75, 0.0, 1.0))
    gaze_x: float = _number("share", -1.0, 1.0, "eyes to the picture's left (-1) or right (1)")
    gaze_y: float = _number("share", -1.0, 1.0, "eyes down (-1) or up (1)", ClippedNormal(0.5, 1.0))
    yaw: float = _number(
        "degrees",
        -35.0,
        35.0,
        "head turned to the picture's left (-) or right (+)",
        ClippedNormal(15.0, 35.0),
    )
    pitch: float = _number("degrees", -15.0, 15.0, "head tipped down (-) or up (+)", ClippedNormal(5.5, 15.0))
    roll: float = _number(
        "degrees", -10.0, 10.0, "head tilted clockwise in the picture", ClippedNormal(3.0, 10.0)
    )
    light_azimuth: float = _number(
        "degrees", -70.0, 70.0, "main light from the picture's left (-) or right (+)"
    )
    light_elevation: float = _number("degrees", 5.0, 55.0, "height of the main light")
    light_contrast: float = _number("share", 0.35, 1.0, "main light against fill light")
    light_warmth: float = _number("share", -1.0, 1.0, "cool to warm main light")
    face_width: float = _number("share", -1.0, 1.0, "narrow to wide face", ClippedNormal(0.45, 1.0))
    fullness: float = _number("share", -1.0, 1.0, "lean to full face", ClippedNormal(0.45, 1.0))
    jaw: float = _number("share", -1.0, 1.0, "narrow to broad jaw", ClippedNormal(0.45, 1.0))
    nose_size: float = _number("share", -1.0, 1.0, "small to large nose", ClippedNormal(0.45, 1.0))
    identity_shape_a: float = _identity(
        "first axis of overall facial shape, from the mesh's three base forms"
    )
    identity_shape_b: float = _identity(
        "second axis of overall facial shape, from the mesh's three base forms"
    )
    identity_eye_size: float = _identity("small to large eyes")
    identity_eye_slant: float = _identity("outer corners of the eyes down to up")
    identity_nose_width: float = _identity("narrow to wide nose")
    identity_nose_tip: float = _identity("tip of the nose down to up")
    identity_nose_length: float = _identity("short to long nose")
    identity_mouth_width: float = _identity("narrow to wide mouth")
    identity_lip_volume: float = _identity("thin to full lips")
    identity_chin_height: float = _identity("short to long chin")
    hair_style: str = _class(HAIR_STYLES, "cut of the hair")
    hair_length: float = _number(
        "share", 0.0, 1.0, "length or volume within the style; nothing on bald and buzz"
    )
    hair_tone: float = _number("share", 0.0, 1.0, "black, brown, red-brown, blond")
    hair_grey: float = _number(
        "share", 0.0, 1.0, "how far the hair is grey, whatever the age", ZeroOr(0.5, 0.0, 1.0)
    )
    beard: float = _number(
        "share", 0.0, 1.0, "stubble to full beard, whatever the gender", ZeroOr(0.6, 0.15, 1.0)
    )
    lipstick: float = _number(
        "share", 0.0, 1.0, "strength of red lipstick, whatever the gender", ZeroOr(0.5, 0.15, 1.0)
    )
    glasses: str = _class(GLASSES, "kind of glasses", (0.4, 0.2, 0.2, 0.2))
    glasses_size: float = _number("share", 0.0, 1.0, "small to large lenses")
    glasses_tone: float = _number("share", 0.0, 1.0, "black, brown, red, light frame")
    lens_opacity: float = _number("share", 0.0, 1.0, "tint of the lenses within the kind of glasses")
    eye_color: str = _class(EYE_COLORS, "colour of the iris")
    brow_style: str = _class(BROW_STYLES, "pattern of the brow hairs")
    backdrop_tone: float = _number("share", 0.0, 1.0, "hue of the backdrop")
    backdrop_light: float = _number("share", 0.0, 1.0, "brightness of the backdrop")
    shirt_tone: float = _number("share", 0.0, 1.0, "hue of the shirt")
    shirt_light: float = _number("share", 0.0, 1.0, "brightness of the shirt")

    def __post_init__(self) -> None:
        for name, factor in FACTORS.items():
            factor.check(getattr(self, name))

    def to_dict(self) -> dict[str, float | str]:
        """A flat record, one entry a factor, in the order of the table."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, object]) -> Factors:
        """Rebuild from a flat record; raises ValueError on an unknown, missing or out-of-range factor."""
        unknown, missing = sorted(record.keys() - FACTORS.keys()), sorted(FACTORS.keys() - record.keys())
        if unknown or missing:
            raise ValueError(
                f"factors: expected exactly the {len(FACTORS)} names of FACTORS; {unknown=}, {missing=}"
            )
        return cls(**record)  # type: ignore[arg-type]


FACTORS: dict[str, Factor] = {
    item.name: replace(item.metadata["factor"], name=item.name) for item in fields(Factors)
}


def sample_factors(rng: np.random.Generator) -> Factors:
    """Draw one portrait, every factor independently of every other."""
    return Factors.from_dict({name: factor.distribution.draw(rng) for name, factor in FACTORS.items()})


def factors_at(seed: int, index: int) -> Factors:
    """The factors of portrait `index` of the stream `seed`: the same on every machine."""
    return sample_factors(np.random.default_rng([seed, index]))

"""Colours, light and skin mixture of a portrait as values for the shaders; linear RGB throughout."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from models.faces.world.bundle import Bundle
from models.faces.world.factors import Factors
from models.faces.world.geometry import smoothstep
from models.faces.world.hair import STYLES

LASH_COLOR = np.array([0.008, 0.006, 0.006])
RGB = Float[np.ndarray, " 3"]
MAX_SKIN_LAYERS = 8

_FRAME = np.array([[0.010, 0.010, 0.012], [0.07, 0.03, 0.014], [0.20, 0.02, 0.025], [0.55, 0.54, 0.52]])
_HAIR = np.array(
    [
        [0.010, 0.008, 0.007],
        [0.026, 0.015, 0.010],
        [0.070, 0.034, 0.017],
        [0.16, 0.052, 0.020],
        [0.26, 0.135, 0.050],
        [0.46, 0.31, 0.135],
    ]
)
_BACKDROP = np.array(
    [
        [0.30, 0.32, 0.35],
        [0.24, 0.33, 0.45],
        [0.31, 0.43, 0.48],
        [0.40, 0.43, 0.40],
        [0.48, 0.42, 0.34],
        [0.46, 0.35, 0.30],
        [0.35, 0.28, 0.30],
    ]
)
_SHIRT = np.array(
    [
        [0.04, 0.05, 0.07],
        [0.06, 0.10, 0.22],
        [0.14, 0.25, 0.36],
        [0.42, 0.44, 0.45],
        [0.15, 0.24, 0.18],
        [0.27, 0.06, 0.07],
    ]
)
_GREY_HAIR = np.array([0.42, 0.42, 0.43])


def ramp(table: Float[np.ndarray, "k 3"], x: float) -> RGB:
    """A colour ramp at x in [0, 1], linear between its rows."""
    at = x * (len(table) - 1)
    return np.array([np.interp(at, np.arange(len(table)), table[:, c]) for c in range(3)])


def hair_color(f: Factors) -> RGB:
    """Hair of the head, greyed."""
    return np.asarray(ramp(_HAIR, f.hair_tone) * (1 - f.hair_grey) + _GREY_HAIR * f.hair_grey)


def brow_color(f: Factors) -> RGB:
    """Brows stay darker than the hair, or fair ones would vanish."""
    tone = ramp(_HAIR, f.hair_tone) * (1 - 0.5 * f.hair_grey) + 0.08 * f.hair_grey
    return np.asarray(tone * 0.40 + np.array([0.008, 0.006, 0.004]))


def iris_tint(f: Factors) -> RGB:
    """The bundle's brown iris is reddish: it is darkened and cooled, the others stay as they are."""
    return np.array([0.45, 0.62, 0.60]) if f.eye_color == "brown" else np.ones(3)


def frame_color(f: Factors) -> RGB:
    """Frame of the glasses."""
    return ramp(_FRAME, f.glasses_tone)


def lens_look(f: Factors) -> tuple[RGB, float]:
    """Tint and coverage of the lenses."""
    if f.glasses == "sunglasses":
        return np.array([0.010, 0.010, 0.013]), 0.72 + 0.27 * f.lens_opacity
    return np.array([0.42, 0.46, 0.50]), 0.03 + 0.06 * f.lens_opacity


def backdrop_color(f: Factors) -> RGB:
    """Backdrop before its glow; squared, which spreads dark from light."""
    return np.asarray(1.35 * (ramp(_BACKDROP, f.backdrop_tone) * (0.45 + 0.95 * f.backdrop_light)) ** 2)


def to_light(f: Factors) -> RGB:
    """Unit vector from the head to the main light."""
    azimuth, elevation = np.radians([f.light_azimuth, f.light_elevation])
    return np.array(
        [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
    )


def light_uniforms(f: Factors) -> dict[str, object]:
    """Main, fill, back and ambient light; the backdrop lights nothing, so it changes only itself."""
    side, contrast = np.sin(np.radians(f.light_azimuth)), f.light_contrast
    warm = np.array([1 + 0.08 * f.light_warmth, 1.0, 1 - 0.12 * f.light_warmth])
    ambient = 0.42 - 0.24 * contrast
    return {
        "key_direction": to_light(f),
        "key_color": warm * (0.78 + 0.24 * contrast),
        "fill_direction": np.array([-0.75 * side, 0.1, 0.65]),
        "fill_color": np.array([0.97, 1.0, 1.05]) * (0.27 - 0.18 * contrast),
        "back_direction": np.array([-0.72 * side, 0.45, -0.53]),
        "back_color": np.array([0.50, 0.52, 0.56]),
        "ambient_above": ambient * np.array([1.0, 1.01, 1.04]),
        "ambient_below": ambient * np.array([0.72, 0.66, 0.62]),
    }


def skin_reference(bundle: Bundle, f: Factors) -> RGB:
    """Mean skin colour between the bundle's light and dark skin, mixed in the logarithm."""
    light, dark = np.log(bundle.arrays["skin_reference"])
    return np.asarray(np.exp(light * (1 - f.skin_tone) + dark * f.skin_tone))


def skin_layer_weights(f: Factors) -> Float[np.ndarray, " 12"]:
    """Log-space weights of the skins (light, dark) x (female, male) x (young, middle, old); they sum to 1."""
    age = np.array(
        [
            np.interp(f.age, [24, 44], [1, 0]),
            # The oldest skin is overdrawn (weights 1.15 and -0.15), so that its lines survive at 64 pixels.
            np.interp(f.age, [24, 44, 64, 80], [0, 1, 0, -0.15]),
            np.interp(f.age, [44, 64, 80], [0, 1, 1.15]),
        ]
    )
    masculine = float(smoothstep(0.1, 0.9, f.gender))
    sex, tone = np.array([1 - masculine, masculine]), np.array([1 - f.skin_tone, f.skin_tone])
    return np.asarray((tone[:, None, None] * sex[None, :, None] * age[None, None, :]).ravel())


def skin_layer_uniforms(f: Factors) -> dict[str, object]:
    """The layers that matter, at most `MAX_SKIN_LAYERS`, with weights that sum to 1."""
    weights = skin_layer_weights(f)
    used = np.nonzero(np.abs(weights) > 0.02)[0]
    spare = MAX_SKIN_LAYERS - len(used)
    return {
        "layer_count": len(used),
        "layer_index": [int(i) for i in used] + [0] * spare,
        "layer_weight": [float(w) for w in weights[used] / weights[used].sum()] + [0.0] * spare,
    }


def skin_uniforms(bundle: Bundle, f: Factors) -> dict[str, object]:
    """Colours of skin, scalp, beard, lips and shirt."""
    reference = skin_reference(bundle, f)
    rosy = 1 - f.gender
    return skin_layer_uniforms(f) | {
        "skin_color": reference,
        "skin_tint": np.array([1 + 0.06 * f.skin_warmth, 1.0, 1 - 0.14 * f.skin_warmth]),
        "scalp_color": hair_color(f) * 0.8 + reference * 0.06,
        "beard_color": hair_color(f) * 0.75 + 0.004,
        "scalp": STYLES[f.hair_style].scalp,
        "beard": f.beard,
        "freckles": f.freckles,
        "lip_color": np.array([0.50, 0.035, 0.055]),
        "lipstick": 0.92 * f.lipstick,
        "lip_blush": 0.45 * rosy,
        "cheek_blush": 0.55 * rosy,
        "jaw_shadow": 0.30 * f.gender,
        "shirt_color": ramp(_SHIRT, f.shirt_tone) * (0.5 + 1.3 * f.shirt_light),
    }

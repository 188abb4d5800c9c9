"""From factors to the geometry of a head: identity, expression, pose, eyes, teeth.

Base units are those of the bundle's mesh; aligned units put the origin between the eyes and the pupils
`EYE_DISTANCE` apart, so that glasses and hair need no per-person sizes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from models.faces.world.bundle import Bundle
from models.faces.world.factors import Factors
from models.faces.world.geometry import Points, rotation, smoothstep

EYE_DISTANCE = 0.62
NECK_PIVOT = np.array([0.0, -0.75, -0.80], np.float32)

Weights = dict[str, float]


def macro_weights(f: Factors) -> Weights:
    """Weights of the mesh's base forms: sex and age by bilinear mixing, overall shape by a softmax."""
    old = float(np.clip((f.age - 22) / 58, 0, 1))
    # Beyond [0, 1]: an exaggerated difference is what shows at 64 pixels.
    masculine = 1.5 * f.gender - 0.25
    axes = 2.6 * np.array(
        [f.identity_shape_a, f.identity_shape_b, -0.6 * (f.identity_shape_a + f.identity_shape_b)]
    )
    forms = np.exp(axes) / np.exp(axes).sum()
    extreme = "maxweight" if f.fullness > 0 else "minweight"
    weights: Weights = {}
    for sex, sex_weight in (("male", masculine), ("female", 1 - masculine)):
        for age, age_weight in (("young", 1 - old), ("old", old)):
            share = sex_weight * age_weight
            for form, form_weight in zip(("african", "asian", "caucasian"), forms, strict=True):
                weights[f"macro/{form}-{sex}-{age}"] = share * float(form_weight)
            weights[f"macro/{sex}-{age}-averageweight"] = share * (1 - abs(f.fullness))
            weights[f"macro/{sex}-{age}-{extreme}"] = share * abs(f.fullness)
    return weights


def feature_weights(f: Factors) -> Weights:
    """Signed weights of the features that have an increasing (+) and a decreasing (-) morph."""
    masculine = 2 * f.gender - 1
    return {
        "age_head": 0.85 * max(0.0, f.age - 40) / 40,
        "age_lines": 0.95 * max(0.0, f.age - 32) / 48,
        "jaw": 0.9 * f.jaw + 0.55 * masculine,
        "nose_size": 0.75 * f.nose_size + 0.15 * masculine,
        "face_width": 0.6 * f.face_width,
        "identity_03": 0.20 * masculine,  # brow ridge
        "identity_04": -0.25 * masculine,  # brows lower in men
        "identity_06": 0.95 * f.identity_eye_size + 0.40 - 0.30 * masculine,
        "identity_07": 1.30 * f.identity_eye_slant,
        "identity_10": 0.85 * f.identity_nose_width,
        "identity_12": (0.9 if f.identity_nose_tip > 0 else 0.35) * f.identity_nose_tip,
        "identity_13": 0.80 * f.identity_nose_length,
        "identity_14": 1.10 * f.identity_mouth_width,
        "identity_15": 1.15 * f.identity_lip_volume - 0.50 * masculine,
        "identity_17": 0.80 * f.identity_chin_height,
        "identity_18": 0.40 * masculine,  # chin forward
    }


def expression_weights(f: Factors) -> Weights:
    """Weights of the facial action morphs; smile 0 is a friendly rest, +1 bares the teeth."""
    smile, frown = (
        float(np.clip(0.24 + 0.86 * f.smile, 0, 1.1)),
        float(np.clip((-f.smile - 0.25) / 0.75, 0, 1)),
    )
    grin, raised, opened = max(0.0, f.smile - 0.35) / 0.65, max(0.0, f.brow), 1 - f.eyes_closed
    return {
        "mouthSmile": smile,
        "mouthStretch": 0.25 * grin,
        "cheekSquint": 0.60 * smile,
        "eyeSquint": 0.22 * smile,
        "mouthDimple": 0.30 * smile,
        "mouthUpperUp": 0.75 * grin + f.mouth_open * (0.35 - 0.10 * min(smile, 1)),
        "mouthLowerDown": 0.62 * grin + 0.25 * smile * f.mouth_open,
        "mouthFrown": 0.95 * frown,
        "mouthShrugLower": 0.35 * frown,
        "jawOpen": 0.54 * f.mouth_open + 0.09 * grin,
        "browDown": 1.3 * max(0.0, -f.brow) + 0.2 * frown,
        "browOuterUp": 1.25 * raised + 0.15,
        "browInnerUp": 1.15 * raised + 0.22,
        "eyeWide": (0.34 + 0.4 * raised) * opened,
        "eyeBlink": f.eyes_closed * (1 - 0.22 * min(smile, 1)),
        "lookLeft": max(0.0, f.gaze_x),
        "lookRight": max(0.0, -f.gaze_x),
        "lookUp": 0.85 * max(0.0, f.gaze_y),
        "lookDown": 0.85 * max(0.0, -f.gaze_y) * opened,
    }


@dataclass(frozen=True)
class Pose:
    """From base units to aligned units to the posed head in front of the camera."""

    middle: Float[np.ndarray, " 3"]
    scale: np.float32
    head: Float[np.ndarray, "3 3"]
    torso: Float[np.ndarray, "3 3"]

    @classmethod
    def of(cls, f: Factors, left_eye: Float[np.ndarray, " 3"], right_eye: Float[np.ndarray, " 3"]) -> Pose:
        """The pose of a head whose eyeballs sit at these centres (base units)."""
        return cls(
            (left_eye + right_eye) / 2,
            np.float32(EYE_DISTANCE / np.linalg.norm(left_eye - right_eye)),
            rotation(f.yaw, f.pitch, -f.roll),
            rotation(0.25 * f.yaw, 0.1 * f.pitch, -0.15 * f.roll),
        )

    def align(self, points: Points) -> Points:
        """Base units to aligned units."""
        return np.asarray((points - self.middle) * self.scale)

    def place(self, aligned: Points) -> Points:
        """Turn head and torso, blended over the neck, and bring the head back towards the middle."""
        share = smoothstep(-1.55, -0.85, aligned[:, 1:2] + 0.12 * np.abs(aligned[:, :1])).astype(np.float32)
        arm = aligned - NECK_PIVOT
        back = (NECK_PIVOT - self.head @ NECK_PIVOT) * np.array([0.72, 0.72, 0.0], np.float32)
        return np.asarray(
            share * (arm @ self.head.T) + (1 - share) * (arm @ self.torso.T) + NECK_PIVOT - back, np.float32
        )


@dataclass(frozen=True)
class Head:
    """One person's base mesh: `identity` at rest, `points` with the expression; base units."""

    identity: Points
    points: Points
    left_eye: Float[np.ndarray, " 3"]
    right_eye: Float[np.ndarray, " 3"]


class HeadModel:
    """Builds heads from factors."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._left, self._right = bundle.arrays["eye_left"], bundle.arrays["eye_right"]

    def build(self, f: Factors) -> Head:
        """The person's mesh at rest and with the expression."""
        identity = self._bundle.arrays["base_verts"].copy()
        signed: Weights = defaultdict(float)
        signed.update(feature_weights(f))
        features = {name + ("+" if w >= 0 else "-"): abs(w) for name, w in signed.items()}
        self._add(identity, macro_weights(f) | features)
        _widen(identity, f.face_width)
        points = identity.copy()
        self._add(points, {f"unit/{name}": w for name, w in expression_weights(f).items()})
        return Head(identity, points, identity[self._left].mean(0), identity[self._right].mean(0))

    def _add(self, points: Points, weights: Weights) -> None:
        for name, weight in weights.items():
            if abs(weight) > 1e-4:
                morph = self._bundle.morphs[name]
                points[morph.index] += np.float32(weight) * morph.delta

    def eyes(self, head: Head, f: Factors) -> Points:
        """Eyeballs turned by the gaze, base units."""
        eyes = self._bundle.proxies["eyes"].fit(head.identity)
        gaze = rotation(33 * f.gaze_x, 22 * f.gaze_y, 0.0)
        is_left = eyes[:, :1] > 0
        centre = np.where(is_left, head.left_eye, head.right_eye)
        return np.asarray((eyes - centre) @ gaze.T + centre, np.float32)


def _widen(points: Points, width: float) -> None:
    """Widen or narrow the outer face in place; the width morph alone moves only the cheek bones."""
    x, y = np.abs(points[:, 0]), points[:, 1]
    zone = smoothstep(0.30, 0.75, x) * smoothstep(5.9, 6.3, y) * smoothstep(8.3, 7.5, y)
    points[:, 0] *= (1 + 0.14 * width * zone).astype(np.float32)

"""Pure functions on latents; they know no model."""

from explorer.operations.arithmetic import MAX_WEIGHT, combine
from explorer.operations.direction_methods import DIRECTION_METHODS, RIDGE_ALPHAS, DirectionMethod
from explorer.operations.directions import MAX_STRENGTH, Direction, Provenance, steer, unit
from explorer.operations.holding import Jacobian, around, hold, hold_apart
from explorer.operations.interpolation import INTERPOLATIONS, Interpolation, lerp, slerp
from explorer.operations.style_mix import mix_frequencies, mix_region
from explorer.operations.traversal import STRENGTHS, traverse

__all__ = [
    "DIRECTION_METHODS",
    "INTERPOLATIONS",
    "MAX_STRENGTH",
    "MAX_WEIGHT",
    "RIDGE_ALPHAS",
    "STRENGTHS",
    "Direction",
    "DirectionMethod",
    "Interpolation",
    "Jacobian",
    "Provenance",
    "around",
    "combine",
    "hold",
    "hold_apart",
    "lerp",
    "mix_frequencies",
    "mix_region",
    "slerp",
    "steer",
    "traverse",
    "unit",
]

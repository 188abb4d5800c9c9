"""Directions: finding, keeping and applying them, and the paths that are steered by them."""

from explorer.steering.built_in import CLASSES, Contrast, load_built_in, shipped_method, targets
from explorer.steering.dimensions import dimensions
from explorer.steering.direction_files import MAX_BYTES, from_bytes, load_file, to_bytes
from explorer.steering.direction_query import DirectionQuery, find, label_of, usable_rows
from explorer.steering.fitting import Target, find_labelled, find_unlabelled, projected_std
from explorer.steering.jacobians import Jacobians
from explorer.steering.morph import ModelName, Morph
from explorer.steering.paths import Path, find_direction_along, find_path
from explorer.steering.rack import (
    MAX_STEERS,
    DirectionId,
    Own,
    Steer,
    Steering,
    Strength,
    UnknownDirectionError,
)

__all__ = [
    "CLASSES",
    "MAX_BYTES",
    "MAX_STEERS",
    "Contrast",
    "DirectionId",
    "DirectionQuery",
    "Jacobians",
    "ModelName",
    "Morph",
    "Own",
    "Path",
    "Steer",
    "Steering",
    "Strength",
    "Target",
    "UnknownDirectionError",
    "dimensions",
    "find",
    "find_direction_along",
    "find_labelled",
    "find_path",
    "find_unlabelled",
    "from_bytes",
    "label_of",
    "load_built_in",
    "load_file",
    "projected_std",
    "shipped_method",
    "targets",
    "to_bytes",
    "usable_rows",
]

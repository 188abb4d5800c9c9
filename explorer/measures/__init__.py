"""Measures: tensors in, numbers out."""

from explorer.measures.direction_scores import TELLING, biases, correlate, scored, split, strongest
from explorer.measures.effects import Effect, effects, is_well_read
from explorer.measures.familiarity import Reach, judge, variance
from explorer.measures.metrics import psnr
from explorer.measures.typicality import distance_rank, mean_distances, verdict

__all__ = [
    "TELLING",
    "Effect",
    "Reach",
    "biases",
    "correlate",
    "distance_rank",
    "effects",
    "is_well_read",
    "judge",
    "mean_distances",
    "psnr",
    "scored",
    "split",
    "strongest",
    "variance",
    "verdict",
]

"""Measures: tensors in, numbers out."""

from explorer.measures.direction_scores import biases, correlate, scored, split, strongest
from explorer.measures.effects import Effect, effects, is_well_read
from explorer.measures.familiarity import Reach, recognise, variance
from explorer.measures.metrics import psnr
from explorer.measures.typicality import mean_distances, verdict

__all__ = [
    "Effect",
    "Reach",
    "biases",
    "correlate",
    "effects",
    "is_well_read",
    "mean_distances",
    "psnr",
    "recognise",
    "scored",
    "split",
    "strongest",
    "variance",
    "verdict",
]

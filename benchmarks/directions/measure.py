"""What an edit changes, read at the picture: decoded, encoded again, and only then read by the probes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.directions.probes import Probes
from models.base import LatentModel

STRENGTHS = (-2.0, -1.0, 0.0, 1.0, 2.0)  # σ
BATCH = 50
LEADING = 3  # others that are named, those that change most


@dataclass(frozen=True)
class Reaction:
    """What one direction does to the readings of the portraits; all changes are in σ of the readings."""

    means: tuple[float, ...]  # of the target, at each of STRENGTHS, from what it reads at 0
    slope: float  # of the line through them: target change for one σ of strength
    straightness: float  # R² of that line
    others: float  # mean |change| of the others in a portrait at strength ±1
    drift: float  # mean |mean change over portraits| of the others at ±1: what is the same in all
    leading: dict[str, float]  # the others that drift most, for one σ of strength

    @property
    def others_per_target(self) -> float:
        """Mean change of the others for one σ of target change."""
        return self.others / abs(self.slope)

    @property
    def drift_per_target(self) -> float:
        """The same of their drift."""
        return self.drift / abs(self.slope)


def seen_again(model: LatentModel, latents: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """The latents of the pictures that the latents decode to."""
    return torch.cat([model.reencode(batch) for batch in latents.split(BATCH)])


def respond(
    model: LatentModel,
    probes: Probes,
    latents: Float[Tensor, "n d"],
    unedited: Float[np.ndarray, "n labels"],
    step: Float[Tensor, "n d"],
    label: str,
) -> Reaction:
    """Steer all portraits to all strengths, `step` for one σ, and read the pictures.

    `unedited` are the readings at strength 0, which have gone through decoder and encoder too: what the model
    loses of any picture cancels.
    """
    changes = np.zeros((len(STRENGTHS), *unedited.shape))
    for change, strength in zip(changes, STRENGTHS, strict=True):
        if strength != 0:
            edited = seen_again(model, latents + strength * step)
            change[:] = probes.read(edited) - unedited
    return summarise(changes, probes, label)


def summarise(changes: Float[np.ndarray, "strengths n labels"], probes: Probes, label: str) -> Reaction:
    """The figures of one direction from the changes of every reading in every portrait."""
    target, shares = probes.labels.index(label), probes.others(label)
    means = changes[:, :, target].mean(1)
    slope, straightness = line(means)
    minus, plus = changes[STRENGTHS.index(-1)], changes[STRENGTHS.index(1)]
    drift = (plus - minus).mean(0) / 2
    leading = np.argsort(-np.abs(drift) * (shares > 0))[:LEADING]
    return Reaction(
        means=tuple(means.tolist()),
        slope=slope,
        straightness=straightness,
        others=float((np.abs(plus) + np.abs(minus)).mean(0) @ shares / 2),
        drift=float(np.abs(drift) @ shares),
        leading={probes.labels[i]: float(drift[i]) for i in leading},
    )


def line(means: Float[np.ndarray, " strengths"]) -> tuple[float, float]:
    """Slope of the straight line through the mean responses at STRENGTHS, and its R²."""
    slope, offset = np.polyfit(STRENGTHS, means, 1)
    errors = means - slope * np.array(STRENGTHS) - offset
    spread = np.square(means - means.mean()).sum()
    return float(slope), float(1 - np.square(errors).sum() / spread) if spread > 0 else 0.0

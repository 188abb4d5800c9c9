"""One trial: every direction is found, steered along, read, and held against the truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from benchmarks.directions.held import Answers
from benchmarks.directions.measure import respond, seen_again
from benchmarks.directions.probes import Probes
from benchmarks.directions.results import Result, Results
from benchmarks.directions.subjects import (
    Contestant,
    Subjects,
    contestants,
    find_directions,
)
from benchmarks.directions.truth import Draw, TrueEdits, draw_edits, nearness
from models.base import LatentModel
from models.faces.world.factors import Factors


@dataclass(frozen=True, eq=False)
class Trial:
    """The model, what reads it, and the held-out portraits that are edited."""

    model: LatentModel
    subjects: Subjects
    probes: Probes
    rows: np.ndarray  # of the portraits
    portraits: Sequence[Factors]
    draw: Draw

    def run(self, labels: Sequence[str]) -> Results:
        """Measure all contestants for these labels; shows its progress."""
        print("finding directions …", file=sys.stderr)
        found = find_directions(self.subjects, self.model, labels, self.probes.labels)
        latents = self.subjects.latents[self.rows]
        unedited = self.probes.read(seen_again(self.model, latents))
        answers = Answers(self.model, latents)
        entries: list[Result] = []
        for label in labels:
            edits = self._true_edits(label)
            rivals = list(contestants(label, self.subjects, found, self.probes.labels))
            bar = tqdm(rivals, desc=label, unit="direction", leave=False)
            entries += [self._measure(rival, answers.steps(rival), unedited, edits) for rival in bar]
        return Results(entries)

    def _true_edits(self, label: str) -> TrueEdits:
        _, values = self.subjects.lesson(label)
        return draw_edits(self.model, self.draw, self.portraits, label, float(values.std()))

    def _measure(
        self,
        rival: Contestant,
        step: Float[Tensor, "n d"],
        unedited: Float[np.ndarray, "n labels"],
        edits: TrueEdits,
    ) -> Result:
        """`step` is that of one σ in each portrait."""
        label, latents = rival.label, self.subjects.latents[self.rows]
        return Result(
            factor=label,
            method=rival.method,
            held=bool(rival.held),
            shipped=rival.method == self.subjects.shipped_method(label),
            gain=rival.gain,
            response=respond(self.model, self.probes, latents, unedited, step, label),
            nearness=nearness(self.model, edits, step, rival.gain),
        )

"""The evaluation's figures as a table on the screen, as JSON, and as markdown in the model card."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import InputError
from models.faces.evaluation.probes import VISIBLE, Reading
from models.faces.world.factors import FACTORS

# Of the issue: R² of a number, accuracy of a class, over all test portraits.
FACTOR_TARGETS = {
    "yaw": 0.95,
    "skin_tone": 0.95,
    "light_azimuth": 0.95,
    "smile": 0.80,
    "mouth_open": 0.80,
    "age": 0.60,
    "glasses": 0.97,
    "hair_style": 0.95,
}


@dataclass(frozen=True)
class Figure:
    """One measured figure, with its target where it has one."""

    name: str
    value: float
    unit: str = ""
    digits: int = 2
    target: float | None = None
    at_most: bool = False  # the target is an upper bound

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def row(self) -> list[str]:
        """Cells: name, measured, target, verdict."""
        target = "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self._show(self.target)}"
        return [self.name, self._show(self.value), target, verdict(self.met)]

    def _show(self, value: float) -> str:
        return f"{value:,.{self.digits}f} {self.unit}".strip()


def verdict(met: bool | None) -> str:
    """A word for a cell."""
    return "" if met is None else "met" if met else "**not met**"


@dataclass(frozen=True)
class Evaluation:
    """All that one run measured."""

    figures: list[Figure]
    readings: list[Reading]
    baseline: list[Reading]  # the same probes on the coordinates of PCA
    curved: dict[str, float]  # scores of the curved probe
    kl: list[float]  # nats a dimension, largest first
    facts: dict[str, Any]  # date, weights, machine, counts

    def factor_rows(self) -> list[list[str]]:
        """Cells as FACTOR_HEADER names them."""
        rows = []
        for reading, baseline in zip(self.readings, self.baseline, strict=True):
            target = FACTOR_TARGETS.get(reading.factor)
            seen = "" if reading.visible is None else f"{reading.visible:.3f}"
            rule = f"`{VISIBLE[reading.factor]}` ({reading.visible_count:,})" if seen else ""
            kind = "R²" if FACTORS[reading.factor].kind == "continuous" else "accuracy"
            wanted = "" if target is None else f"≥ {target:.2f}"
            met = verdict(None if target is None else reading.score >= target)
            rows.append(
                [
                    reading.factor,
                    kind,
                    f"{reading.score:.3f}",
                    wanted,
                    met,
                    f"{self.curved[reading.factor]:.3f}",
                    f"{baseline.score:.3f}",
                    seen,
                    rule,
                ]
            )
        return rows

    def to_json(self) -> str:
        """Figures with target and verdict, factors, KL a dimension, and the facts of the run."""
        record = self.facts | {
            "figures": [asdict(figure) | {"met": figure.met} for figure in self.figures],
            "factors": [
                asdict(reading)
                | {"target": FACTOR_TARGETS.get(reading.factor), "pca": baseline.score}
                | {"curved": self.curved[reading.factor]}
                | {"met": _met(reading), "visible_where": VISIBLE.get(reading.factor)}
                for reading, baseline in zip(self.readings, self.baseline, strict=True)
            ],
            "kl_per_dimension": [round(value, 4) for value in self.kl],
        }
        return json.dumps(record, indent=1, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """The figures for the model card."""
        counts, weights = self.facts["counts"], self.facts["weights"]
        confusions = [f"{r.factor}: {r.confusion}" for r in self.readings if r.confusion]
        return "\n\n".join(
            [
                f"Measured on {self.facts['date']} on {self.facts['machine']}, with weights of SHA-256"
                f" `{weights['sha256']}`: {counts['test']:,} test portraits; PCA fitted on"
                f" {counts['pca']:,} and probes on {counts['probes']:,} training portraits. Parameters:"
                f" encoder {weights['encoder_parameters']:,}, decoder {weights['decoder_parameters']:,}.",
                markdown(FIGURE_HEADER, [figure.row() for figure in self.figures]),
                f"KL divergence from the prior in nats a dimension: largest {self.kl[0]:.2f}, median"
                f" {self.kl[len(self.kl) // 2]:.2f}, smallest {self.kl[-1]:.3f}.",
                markdown(FACTOR_HEADER, self.factor_rows()),
                f"Most frequent confusions: {'; '.join(confusions) or 'none'}.",
            ]
        )


FIGURE_HEADER = ["Figure", "Measured", "Target", ""]
FACTOR_HEADER = [
    "Factor", "Score", "Linear", "Target", "", "Curved", "PCA", "Seen", "Seen where (test portraits)",
]  # fmt: skip


def _met(reading: Reading) -> bool | None:
    target = FACTOR_TARGETS.get(reading.factor)
    return None if target is None else reading.score >= target


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same table for a terminal."""
    lines = [[cell.replace("`", "").strip("*") for cell in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def fill(card: Path, section: str, text: str) -> None:
    """Replace what stands between the section's markers; raises InputError where they are missing."""
    begin, end = f"<!-- {section}:begin -->", f"<!-- {section}:end -->"
    before = card.read_text()
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(before)) != 1:
        raise InputError(f"{card}: expected one section between {begin} and {end}")
    card.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", before))

"""The results as tables for the screen and the docs, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.directions.measure import STRENGTHS
from benchmarks.directions.results import (
    HALF,
    KEPT,
    MUST_BE_NEARER,
    NEARER,
    STRAIGHT,
    TOGETHER,
    Result,
    Results,
)
from benchmarks.directions.subjects import RANDOM
from models.faces.evaluation.report import Figure, markdown, verdict

Render = Callable[[Sequence[str], Sequence[Sequence[str]]], str]
DIGITS = 4  # of figures in the JSON


@dataclass(frozen=True)
class Table:
    """A table and the sentence above it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(results: Results, probes: dict[str, float]) -> list[Table]:
    """Everything that is shown; `probes` are the scores by label."""
    return [
        _verdicts(results),
        _targets(results, probes),
        _preservation(results, held=False),
        _preservation(results, held=True),
        _holding(results),
        _truth(results),
    ]


def figures(results: Results) -> list[Figure]:
    """The figures that have a target."""
    found = []
    for scope, kinds in (("factor", False), ("kind of glasses", True)):
        shipped = [entry for entry in results.shipped() if (":" in entry.factor) == kinds]
        if shipped:
            worst = min(entry.response.straightness for entry in shipped)
            name = f"straightness (R²) of the shipped directions, the worst {scope}"
            found.append(Figure(name, worst, "", 3, STRAIGHT))
    for holding in results.holdings:
        if holding.method in TOGETHER:
            name, left, kept = holding.method, holding.others, holding.kept
            found.append(Figure(f"others' change left by hold, {name}", left, "", 2, HALF, at_most=True))
            found.append(Figure(f"target change kept by hold, {name}", kept, "", 2, KEPT))
    for factor in MUST_BE_NEARER:
        if edits := results.true_edits(factor):
            share = sum(near.share * near.count for near in edits) / sum(near.count for near in edits)
            kinds = ", each kind along its own direction" if len(edits) > 1 else ""
            name = f"edit nearer to the truth than no edit, {factor}{kinds}"
            found.append(Figure(name, 100 * share, "%", 1, 100 * NEARER))
    return found


def _verdicts(results: Results) -> Table:
    rows = [figure.row() for figure in figures(results)]
    return Table("What had to be shown:", ["figure", "measured", "target", ""], rows)


def _targets(results: Results, probes: dict[str, float]) -> Table:
    rows = []
    for entry in results.shipped():
        response, control = entry.response, results.of(entry.factor, RANDOM)
        most = ", ".join(f"{label} {change:+.2f}" for label, change in response.leading.items())
        rows.append(
            [
                entry.factor,
                entry.method,
                f"{probes[entry.factor]:.2f}",
                *(f"{change:+.2f}" for change in response.means),
                f"{response.slope:.2f}",
                f"{response.straightness:.3f}",
                verdict(response.straightness >= STRAIGHT),
                f"{control.response.slope:+.2f}" if control else "",
                most,
            ]
        )
    steps = [f"{strength:+g} σ" for strength in STRENGTHS]
    columns = ["method", "probe R²", *steps, "slope", "R²", f"≥ {STRAIGHT}", "random", "goes along with"]
    return Table(
        "**Target.** Mean response of the probe to the shipped directions, in σ:", ["factor", *columns], rows
    )


def _preservation(results: Results, held: bool) -> Table:
    columns = [*results.methods, *([] if held else [RANDOM])]
    rows = []
    for factor in results.factors:
        entries = [results.of(factor, method, held) for method in columns]
        rows.append([factor, *(_others(results, e) for e in entries), results.winner(factor, held) or "none"])
    means = [_mean_others(results, method, held) for method in columns]
    rows.append(["*mean where usable*", *means, ""])
    how = "all others held" if held else "nothing held"
    title = f"**Preservation, {how}.** Mean change of the other factors, in σ, for one σ of target change:"
    return Table(title, ["factor", *columns, "winner"], rows)


def _others(results: Results, entry: Result | None) -> str:
    """A cell; in brackets what is no direction of the factor."""
    if entry is None:
        return "–"
    change = entry.response.others_per_target
    shown = f"{change:.3f}" if change < 10 else "> 10"
    return shown if results.usable(entry) else f"({shown})"


def _mean_others(results: Results, method: str, held: bool) -> str:
    entries = [e for e in results.entries if (e.method, e.held) == (method, held)]
    changes = [e.response.others_per_target for e in entries if results.usable(e)]
    return f"{sum(changes) / len(changes):.3f} ({len(changes)})" if changes else "–"


def _holding(results: Results) -> Table:
    rows = [
        [h.method, str(h.count), f"{h.others:.2f}", f"{h.drift:.2f}", f"{h.kept:.2f}", verdict(h.met)]
        for h in results.holdings
    ]
    wanted = f"≤ {HALF} and ≥ {KEPT}"
    header = ["method", "directions", "others' change", "others' drift", "target change", wanted]
    return Table("**Hold others.** What is left of each when all others are held:", header, rows)


def _truth(results: Results) -> Table:
    rows = []
    for entry in results.shipped():
        near, held = entry.nearness, results.of(entry.factor, entry.method, held=True)
        control = results.of(entry.factor, RANDOM)
        required = any(near is edit for factor in MUST_BE_NEARER for edit in results.true_edits(factor))
        rows.append(
            [
                entry.factor,
                str(near.count),
                f"{near.share:.1%}",
                verdict(near.share >= NEARER) if required else "",
                f"{near.ratio:.2f}",
                f"{near.region_share:.1%}",
                f"{near.region_ratio:.2f}",
                f"{held.nearness.share:.1%}" if held else "–",
                f"{control.nearness.share:.1%}" if control else "",
            ]
        )
    header = ["factor", "portraits", "nearer", f"≥ {NEARER:.0%}", "distance", "nearer where it changes",
              "distance there", "nearer, others held", "random"]  # fmt: skip
    title = (
        "**Against the truth.** Shipped directions; distance to the true edit in parts of the unedited one's:"
    )
    return Table(title, header, rows)


def shown(found: Sequence[Table], render: Render = markdown) -> str:
    """The tables one after the other, by default as markdown."""
    return "\n\n".join(f"{table.title}\n\n{render(table.header, table.rows)}" for table in found)


def to_json(results: Results, probes: dict[str, float], facts: dict[str, Any]) -> str:
    """Every figure of every direction."""
    record = facts | {
        "figures": [asdict(figure) | {"met": figure.met} for figure in figures(results)],
        "winners": {
            name: {factor: results.winner(factor, held) for factor in results.factors}
            for name, held in (("free", False), ("held", True))
        },
        "holding": [asdict(holding) | {"met": holding.met} for holding in results.holdings],
        "probes": probes,
        "strengths": STRENGTHS,
        "directions": [asdict(entry) | {"usable": results.usable(entry)} for entry in results.entries],
    }
    return json.dumps(_rounded(record), indent=1, ensure_ascii=False) + "\n"


def _rounded(value: Any) -> Any:
    """The same with every number rounded; NaN becomes null, which JSON knows."""
    if isinstance(value, float):
        return round(value, DIGITS) if value == value else None
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value

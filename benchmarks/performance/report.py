"""The results as tables for the docs and the screen, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.performance.crowd import SAMPLE, Crowd
from benchmarks.performance.decoding import Decoding
from models.faces.evaluation.report import Figure, markdown
from models.runtimes.policy import CLOSE

Render = Callable[[Sequence[str], Sequence[Sequence[str]]], str]
# Of the issue: frames a second for everybody, and milliseconds at the 95th percentile.
FPS_TARGETS, P95_TARGETS = {20: 25.0, 50: 8.0}, {20: 60.0}
FLAT = 5.0  # percent that memory may grow after SETTLED samples
SETTLED = 12  # samples: the cache of pictures is filled by then


@dataclass(frozen=True)
class Results:
    """All that one run measured."""

    peaks: dict[str, float]  # GFLOP/s by format
    decodings: Sequence[Decoding]
    crowds: Sequence[Crowd]
    soak: Crowd
    cold_start_s: float
    facts: dict[str, Any]  # date, machine, versions


def figures(results: Results) -> list[Figure]:
    """The figures that have a target."""
    found = []
    for decoding in results.decodings:
        if decoding.subject.target is not None:
            title = decoding.subject.title
            found.append(Figure(f"{title}: throughput", decoding.ratio, "×", 2, decoding.subject.target))
            found.append(Figure(f"{title}: PSNR against fp32", decoding.psnr, "dB", 1, CLOSE))
    for crowd in results.crowds:
        name, users = f"{crowd.users} users, {crowd.kind}", crowd.users
        if crowd.kind != "naive" and users in FPS_TARGETS:
            found.append(Figure(f"{name}: the slowest sees", crowd.least_fps, "fps", 1, FPS_TARGETS[users]))
            if users in P95_TARGETS:
                target = P95_TARGETS[users]
                found.append(Figure(f"{name}: 95th percentile", crowd.p95_ms, "ms", 0, target, at_most=True))
            found.append(Figure(f"{name}: last positions that arrived", crowd.arrived, "", 0, users))
    soak = results.soak
    name = f"{soak.users} users for {_minutes(soak)} minutes"
    found.append(Figure(f"{name}: last positions that arrived", soak.arrived, "", 0, soak.users))
    growth = 100 * (soak.memory_mb[-1] / soak.memory_mb[SETTLED] - 1)
    found.append(Figure(f"{name}: growth of memory after the first", growth, "%", 1, FLAT, at_most=True))
    return found


def targets(results: Results, render: Render = markdown) -> str:
    """What had to be shown."""
    return render(["figure", "measured", "target", ""], [figure.row() for figure in figures(results)])


def decoding_table(results: Results, render: Render = markdown) -> str:
    """One line a subject."""
    rows = []
    for decoding in results.decodings:
        ours, naive = decoding.ours, decoding.naive
        share = ours.gflops / results.peaks["bf16"]
        row = [decoding.subject.title, str(decoding.subject.rounds), f"{naive.ms_per_frame:,.1f}"]
        row += [
            f"{ours.ms_per_frame:,.1f}",
            ours.precision,
            f"{decoding.ratio:.2f} ×",
            f"{decoding.psnr:.1f}",
        ]
        row += [f"{naive.gflops / results.peaks['fp32']:.0%}", f"{share:.0%}"]
        rows.append([*row, *(_memory(side.resident_mb, side.cuda_mb) for side in (naive, ours))])
    header = ["decode", "rounds", "naive, ms a frame", "ours", "in", "ratio", "PSNR, dB"]
    header += ["naive, of the fp32 peak", "ours, of the bf16 peak", "memory naive, MB", "ours, MB"]
    return render(header, rows)


def _memory(resident: float, cuda: float) -> str:
    return f"{resident:,.0f}" + (f" + {cuda:,.0f} CUDA" if cuda else "")


def crowd_table(results: Results, render: Render = markdown) -> str:
    """One line a number of users and app."""
    rows = []
    lasting = replace(results.soak, kind=f"{results.soak.kind}, for {_minutes(results.soak)} minutes")
    for crowd in [*results.crowds, lasting]:
        row = [str(crowd.users), crowd.kind, f"{crowd.least_fps:.1f}", f"{crowd.median_fps:.1f}"]
        row += [f"{crowd.p95_ms:,.0f}", f"{crowd.arrived} of {crowd.users}", str(crowd.refusals)]
        rows.append([*row, f"{crowd.memory_mb[0]:,.0f} → {crowd.memory_mb[-1]:,.0f}"])
    header = ["users", "app", "fps, the slowest", "fps, median", "95th percentile, ms"]
    return render([*header, "last position arrived", "refused", "memory, MB"], rows)


def _minutes(crowd: Crowd) -> str:
    return f"{SAMPLE * (len(crowd.memory_mb) - 1) / 60:.0f}"


def to_json(results: Results) -> str:
    """Every figure, with the ratios."""
    record = results.facts | {
        "figures": [asdict(figure) | {"met": figure.met} for figure in figures(results)],
        "peaks_gflops": results.peaks,
        "cold_start_s": results.cold_start_s,
        "decoding": [
            asdict(d) | {"ratio": d.ratio, "of_bf16_peak": d.ours.gflops / results.peaks["bf16"]}
            for d in results.decodings
        ],
        "crowds": [asdict(crowd) for crowd in results.crowds],
        "soak": asdict(results.soak),
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"

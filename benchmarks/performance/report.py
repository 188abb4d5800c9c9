"""The results as tables for the docs and the screen, one column a processor, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.performance.crowd import SAMPLE, Crowd
from benchmarks.performance.decoding import WAYS, Decoding
from models.faces.evaluation.report import Figure, markdown, verdict
from models.runtimes.judging import CLOSE, EXACT

Render = Callable[[Sequence[str], Sequence[Sequence[str]]], str]
Record = dict[str, Any]
"""What was measured on one processor, as the file of results has it."""

# Of the issue: times the naive throughput, of a subject in a way, by whether bytes are multiplied natively.
THROUGHPUT = {
    False: {
        ("tiny-512", "moving"): 3.5, ("tiny-512", "at rest"): 1.9, ("tiny-256", "moving"): 2.0,
        ("face-1", "moving"): 1.5, ("kl-512", "at rest"): 1.5,
    },
    True: {("tiny-512", "moving"): 6.5, ("face-64", "moving"): 3.5},
}  # fmt: skip
CLOSENESS = {"moving": CLOSE.worst, "at rest": EXACT.worst}  # dB
# Frames a second for everybody, and milliseconds at the 95th percentile.
FPS_TARGETS, P95_TARGETS = {20: 25.0, 50: 8.0}, {20: 60.0}
FLAT = 5.0  # percent that memory may grow after SETTLED samples
SETTLED = 12  # samples: the cache of pictures is filled by then
NOTHING = "not measured"


@dataclass(frozen=True)
class Results:
    """All that one run measured."""

    has_vnni: bool
    peaks: dict[str, float]  # GFLOP/s by format
    decodings: Sequence[Decoding]
    crowds: Sequence[Crowd]  # none where they were left out, and so for what follows
    soak: Crowd | None
    cold_start_s: float | None
    facts: dict[str, Any]  # date, machine, versions


def figures(results: Results) -> list[Figure]:
    """The figures that have a target."""
    found = []
    for decoding in results.decodings:
        for way, side in decoding.ways.items():
            target = THROUGHPUT[results.has_vnni].get((decoding.key, way))
            name = f"{decoding.subject.title}, {way}"
            if target is not None:
                found.append(Figure(f"{name}: throughput", decoding.ratio(way), "×", 2, target))
                found.append(Figure(f"{name}: PSNR against fp32", side.psnr, "dB", 1, CLOSENESS[way]))
    for crowd in results.crowds:
        found += _of_crowd(crowd)
    if (soak := results.soak) is not None:
        name = f"{soak.users} users for {_minutes(asdict(soak))} minutes"
        found.append(Figure(f"{name}: last positions that arrived", soak.arrived, "", 0, soak.users))
        growth = 100 * (soak.memory_mb[-1] / soak.memory_mb[SETTLED] - 1)
        name = f"{name}: growth of memory after the first"
        found.append(Figure(name, growth, "%", 1, FLAT, at_most=True))
    return found


def _of_crowd(crowd: Crowd) -> list[Figure]:
    if crowd.kind == "naive" or crowd.users not in FPS_TARGETS:
        return []
    name, users = f"{crowd.users} users, {crowd.kind}", crowd.users
    found = [Figure(f"{name}: the slowest sees", crowd.least_fps, "fps", 1, FPS_TARGETS[users])]
    if users in P95_TARGETS:
        target = P95_TARGETS[users]
        found.append(Figure(f"{name}: 95th percentile", crowd.p95_ms, "ms", 0, target, at_most=True))
    return [*found, Figure(f"{name}: last positions that arrived", crowd.arrived, "", 0, users)]


def record(results: Results) -> Record:
    """All of it as JSON has it."""
    return results.facts | {
        "figures": [asdict(figure) | {"met": figure.met} for figure in figures(results)],
        "peaks_gflops": results.peaks,
        "cold_start_s": results.cold_start_s,
        "decoding": [decoding.record() for decoding in results.decodings],
        "crowds": [asdict(crowd) for crowd in results.crowds],
        "soak": asdict(results.soak) if results.soak else None,
    }


def targets(records: Mapping[str, Record], render: Render = markdown) -> str:
    """What had to be shown."""
    columns = []
    for found in records.values():
        cells = {}
        for entry in found["figures"]:
            row = Figure(**{name: value for name, value in entry.items() if name != "met"}).row()
            cells[entry["name"]] = f"{row[1]} ({row[2]}: {verdict(entry['met'])})"
        columns.append(cells)
    return _side_by_side("figure", records, columns, render)


def decoding_table(records: Mapping[str, Record], render: Render = markdown) -> str:
    """Milliseconds a frame, naive → ours; what ours decodes in, and how close that comes."""
    columns = []
    for found in records.values():
        cells = {}
        for entry in found["decoding"]:
            before = entry["naive"]["ms_per_frame"]
            for way in filter(entry.get, WAYS):
                ms, within, psnr = (entry[way][name] for name in ("ms_per_frame", "precision", "psnr"))
                how = f"**{before / ms:.2f} ×** in {within}, {psnr:.1f} dB"
                cells[f"{entry['title']}, {way}"] = f"{before:,.1f} → {ms:,.1f}: {how}"
        columns.append(cells)
    return _side_by_side("decode, ms a frame", records, columns, render)


def memory_table(records: Mapping[str, Record], render: Render = markdown) -> str:
    """What a process that does nothing else has in RAM at most."""
    columns = []
    for found in records.values():
        cells = {}
        for entry in found["decoding"]:
            for way in filter(entry.get, WAYS):
                before, ours = (entry[side]["resident_mb"] for side in ("naive", way))
                cells[f"{entry['title']}, {way}"] = f"{before:,.0f} → {ours:,.0f}"
        columns.append(cells)
    return _side_by_side("memory, MB", records, columns, render)


def crowd_table(records: Mapping[str, Record], render: Render = markdown) -> str:
    """What the slowest of so many people sees."""
    columns = []
    for found in records.values():
        soak = found["soak"]
        lasting = [soak | {"kind": f"{soak['kind']}, for {_minutes(soak)} minutes"}] if soak else []
        cells = {}
        for crowd in [*found["crowds"], *lasting]:
            memory = f"{crowd['memory_mb'][0]:,.0f} → {crowd['memory_mb'][-1]:,.0f} MB"
            arrived = f"{crowd['arrived']} of {crowd['users']} arrived"
            seen = f"{crowd['least_fps']:.1f} fps, {crowd['p95_ms']:,.0f} ms"
            cells[f"{crowd['users']}, {crowd['kind']}"] = f"{seen}, {arrived}, {memory}"
        columns.append(cells)
    return _side_by_side("users, app", records, columns, render)


def _side_by_side(
    title: str, records: Mapping[str, Record], columns: Sequence[Mapping[str, str]], render: Render
) -> str:
    """One column a processor, one row for all that any of them has."""
    names = dict.fromkeys(name for column in columns for name in column)
    header = [f"{processor} ({found['date']})" for processor, found in records.items()]
    return render(
        [title, *header], [[name, *(column.get(name, NOTHING) for column in columns)] for name in names]
    )


def _minutes(crowd: Record) -> str:
    return f"{SAMPLE * (len(crowd['memory_mb']) - 1) / 60:.0f}"


def to_json(records: Mapping[str, Record]) -> str:
    """The file of results."""
    return json.dumps(records, indent=1, ensure_ascii=False) + "\n"

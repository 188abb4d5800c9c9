"""Measure how fast pictures are decoded and served: ours beside the naive way, in the same run, as ratios.

    make bench

Needs TAESD's weights in the Hugging Face cache, or a network to fetch them. Writes this processor's figures
to docs/results/performance.json, in place of those before, and fills the tables, with a column a processor,
into docs/performance.md. `python -m benchmarks.performance decoding` leaves out the crowds: half an hour.
"""

from __future__ import annotations

import datetime
import json
import sys

from benchmarks.performance import cold_start, crowd, decoding
from benchmarks.performance.report import (
    Record,
    Results,
    crowd_table,
    decoding_table,
    memory_table,
    record,
    targets,
    to_json,
)
from benchmarks.performance.subjects import SUBJECTS
from benchmarks.processor import has_vnni, processor
from benchmarks.serving import NAIVE, OURS, ROOT, serve
from models.faces.evaluation.provenance import describe_machine
from models.faces.evaluation.report import aligned, fill

USERS, SECONDS = (1, 5, 20, 50), 10.0
SOAK = (50, 600.0)  # users and seconds of the run that watches the memory
TABLES = {
    "targets": targets,
    "decoding": decoding_table,
    "memory": memory_table,
    "crowds": crowd_table,
}


def crowds() -> tuple[list[crowd.Crowd], crowd.Crowd]:
    """Every number of users on both apps, and the long run. While one app is used the other is idle."""
    found = []
    with serve(*OURS) as ours, serve(*NAIVE) as naive:
        apps = {kind: naive if kind == "naive" else ours for kind in crowd.STEPS}
        for kind, app in apps.items():
            crowd.measure(app, kind, 1, 3.0)  # which also waits until the model is loaded
        for users in USERS:
            for kind, app in apps.items():
                crowd.measure(app, kind, users, SECONDS)  # from here on they go over the same ground
                found.append(crowd.measure(app, kind, users, SECONDS))
                print(found[-1], flush=True)
        return found, crowd.measure(ours, "ours, no position twice", *SOAK)


def main(only_decoding: bool = False) -> None:
    """Run, print the tables, and keep the figures beside those of other processors."""
    peaks = decoding.peaks()
    decodings = []
    for name in SUBJECTS:
        decodings.append(decoding.measure(name))
        ratios = (f"{decodings[-1].ratio(way):.2f} x {way}" for way in decoding.WAYS)
        print(f"{decodings[-1].subject.title}: {', '.join(ratios)}", flush=True)
    again = decoding.peaks()
    peaks = {name: max(peaks[name], again[name]) for name in peaks}
    facts = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
    }
    crowded = ([], None, None) if only_decoding else (*crowds(), cold_start.measure())
    keep(record(Results(has_vnni(), peaks, decodings, *crowded, facts)))
    for warning in [warning for found in decodings for warning in found.restless]:
        print(f"warning: {warning}: was the machine busy?")


def keep(found: Record) -> None:
    """Put a record in place of this processor's, beside those of others."""
    file = ROOT / "docs" / "results" / "performance.json"
    records: dict[str, Record] = json.loads(file.read_text())
    records[processor()] = found
    file.write_text(to_json(records))
    page = ROOT / "docs" / "performance.md"
    fill(page, "machine", "\n".join(map(described, records, records.values())))
    for section, table in TABLES.items():
        fill(page, section, table(records))
        print(f"\n{table(records, aligned)}")


def described(name: str, found: Record) -> str:
    """Where and when, and what the machine can do."""
    products = ", ".join(f"{form} {peak:,.0f}" for form, peak in found["peaks_gflops"].items())
    start = found["cold_start_s"]
    cold = f" Cold start to the first picture over the live channel: {start:.1f} s." if start else ""
    return (
        f"- **{name}**: measured on {found['date']} on {found['machine']}."
        f" Its fastest matrix products in the same run, in GFLOP/s: {products}.{cold}"
    )


if __name__ == "__main__":
    main("decoding" in sys.argv[1:])

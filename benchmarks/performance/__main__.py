"""Measure how fast pictures are decoded and served: ours beside the naive way, in the same run, as ratios.

    make bench

Needs TAESD's weights in the Hugging Face cache, or a network to fetch them. Writes
docs/results/performance.json and fills the tables into docs/performance.md.
"""

from __future__ import annotations

import datetime

from benchmarks.performance import cold_start, crowd, decoding
from benchmarks.performance.report import Results, crowd_table, decoding_table, targets, to_json
from benchmarks.performance.subjects import SUBJECTS
from benchmarks.serving import NAIVE, OURS, ROOT, serve
from models.faces.evaluation.provenance import describe_machine
from models.faces.evaluation.report import aligned, fill

USERS, SECONDS = (1, 5, 20, 50), 10.0
SOAK = (50, 600.0)  # users and seconds of the run that watches the memory


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


def main() -> None:
    """Run, print the tables, and keep the figures."""
    peaks = decoding.peaks()
    decodings = []
    for name in SUBJECTS:
        decodings.append(decoding.measure(name))
        print(f"{decodings[-1].subject.title}: {decodings[-1].ratio:.2f} x", flush=True)
    again = decoding.peaks()
    facts = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
    }
    peaks = {name: max(peaks[name], again[name]) for name in peaks}
    results = Results(peaks, decodings, *crowds(), cold_start.measure(), facts)
    (ROOT / "docs" / "results" / "performance.json").write_text(to_json(results))
    page = ROOT / "docs" / "performance.md"
    fill(page, "machine", described(results))
    for section, table in (("targets", targets), ("decoding", decoding_table), ("crowds", crowd_table)):
        fill(page, section, table(results))
        print(f"\n{table(results, aligned)}")


def described(results: Results) -> str:
    """Where and when, and what the machine can do."""
    facts, products = results.facts, (f"{name} {peak:,.0f}" for name, peak in results.peaks.items())
    return (
        f"Measured on {facts['date']} on {facts['machine']}."
        f" Its fastest matrix products in the same run, in GFLOP/s: {', '.join(products)}."
        f" Cold start, from starting the process to the first picture over the live channel:"
        f" {results.cold_start_s:.1f} s (median of {cold_start.STARTS})."
    )


if __name__ == "__main__":
    main()

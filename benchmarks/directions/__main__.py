"""Measure the directions of the bundled model against its renderer, which knows the truth.

    make evaluate-directions

Prints the tables, writes results/directions.json and fills the tables into directions.md, both under --out.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.directions.probes import fit_probes
from benchmarks.directions.report import shown, tables, to_json
from benchmarks.directions.subjects import Subjects
from benchmarks.directions.trial import Trial
from explorer.data import load_dataset
from models.errors import InputError
from models.face_vae import FaceVAE
from models.faces.evaluation.provenance import describe_machine, describe_weights
from models.faces.evaluation.report import aligned, fill
from models.faces.world.canvas import GraphicsError
from models.faces.world.factors import Factors, factors_at
from models.faces.world.renderer import Renderer

ROOT = Path(__file__).parents[2]
WEIGHTS, PORTRAITS = ROOT / "assets" / "face-vae.safetensors", ROOT / "assets" / "portraits.parquet"
MEASURED = (
    "smile", "mouth_open", "age", "glasses", "glasses:round", "glasses:rect", "glasses:sunglasses", "yaw",
    "skin_tone", "hair_tone", "beard", "light_azimuth",
)  # fmt: skip


def prepare(assets: Path, count: int, labels: Sequence[str]) -> Trial:
    """The bundled model and its first held-out portraits, with a renderer that knows them.

    Raises InputError for files that are missing or damaged, GraphicsError where there is no EGL.
    """
    renderer = Renderer(assets)  # first, so that a machine that cannot render says so at once
    model, dataset = FaceVAE.load(WEIGHTS), load_dataset()
    made_of = pq.read_schema(PORTRAITS).metadata[b"weights_sha256"].decode()
    if made_of != describe_weights(WEIGHTS)["sha256"]:
        raise InputError(
            f"{PORTRAITS}: its latents are of other weights; see python -m models.faces.portraits"
        )
    subjects = Subjects.of(dataset)
    rows = subjects.held_out[:count]
    keys = pq.read_table(PORTRAITS, columns=["seed", "index"]).take(rows).to_pydict()
    portraits = [factors_at(*key) for key in zip(keys["seed"], keys["index"], strict=True)]

    @functools.cache  # a portrait is drawn once and changed in many ways
    def draw(factors: Factors) -> np.ndarray:
        return renderer.render(factors, model.media.size).image

    return Trial(model, subjects, fit_probes(subjects, labels), rows, portraits, draw)


def write(trial: Trial, labels: Sequence[str], out: Path) -> None:
    """Run the trial, print its tables and keep them."""
    facts: dict[str, Any] = {  # of the files as they were loaded: the trial takes a while
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
        "weights": describe_weights(WEIGHTS),
        "portraits": len(trial.rows),
    }
    results = trial.run(labels)
    scores = dict(zip(trial.probes.labels, trial.probes.scores.tolist(), strict=True))
    (out / "results").mkdir(parents=True, exist_ok=True)
    (out / "results" / "directions.json").write_text(to_json(results, scores, facts))
    measured = (
        f"Measured on {facts['date']} on {len(trial.rows)} held-out portraits, with weights of SHA-256"
        f" `{facts['weights']['sha256'][:16]}…`; {len(scores)} labels are read."
    )
    found = tables(results, scores)
    fill(out / "directions.md", "tables", f"{measured}\n\n{shown(found)}")
    print(shown(found, aligned))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status, 1 after an error that the user can mend."""
    parser = argparse.ArgumentParser(description="Measure the directions of the bundled model.")
    parser.add_argument("--assets", type=Path, required=True, help="directory of the face bundle")
    parser.add_argument("--portraits", type=int, default=200, help="held-out portraits to edit")
    parser.add_argument("--factors", nargs="+", choices=MEASURED, default=MEASURED, metavar="FACTOR")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="holds directions.md and results/")
    options = parser.parse_args(arguments)
    if options.portraits < 2:
        parser.error(f"expected --portraits of at least 2, got {options.portraits}")
    try:
        write(prepare(options.assets, options.portraits, options.factors), options.factors, options.out)
    except (GraphicsError, InputError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

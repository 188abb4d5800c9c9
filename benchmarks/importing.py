"""Measure whether an import keeps the model busy: pictures from files against values that are in memory.

    python -m benchmarks.importing

Photograph-sized JPEGs are imported into a store of their own, then encoded as the app does it, and the same
values once more without a file to read, in turn; both by the app's worker, as background work. Needs TAESD's
weights as `make bench` does. Writes docs/results/importing.json.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import data

import models
from benchmarks.processor import processor
from benchmarks.serving import ROOT
from explorer.data import (
    Dataset,
    LatentTable,
    Store,
    encode_missing,
    kept_latents,
    request_latent,
    value_of,
)
from explorer.device import DecodeWorker, choose_device
from models.base import LatentModel

MODELS = ("sd-vae-tiny", "sd-vae-tiny-256", "face-vae")
STEP = 4  # pictures at a time, as the app encodes them
COUNT, ROUNDS, SIDE = 48, 7, (4000, 3000)  # pictures, repetitions, pixels of a telephone's photograph


def photographs(folder: Path) -> Path:
    """COUNT of them, each another part of a photograph that scikit-image ships, enlarged."""
    source, chance = Image.fromarray(data.astronaut()), np.random.default_rng(0)
    folder.mkdir()
    for number in range(COUNT):
        left, top = chance.integers(0, 200, 2)
        part = source.crop((left, top, left + 300, top + 225))
        part.resize(SIDE, Image.Resampling.BICUBIC).save(folder / f"{number:03}.jpg", quality=90)
    return folder


def imported(folder: Path, data_dir: Path) -> tuple[Dataset, float]:
    """The data set, and the files a second at which it was read."""
    store = Store(data_dir)
    stored = store.begin(folder, None)
    began = time.perf_counter()
    store.read_in(stored.name, lambda *_: None, lambda: False)
    return store.datasets()[stored.name], COUNT / (time.perf_counter() - began)


def from_files(model: LatentModel, worker: DecodeWorker, dataset: Dataset, place: Path) -> float:
    """Pictures a second, as the app encodes a data set."""
    empty = torch.zeros(COUNT, *model.space.shape)
    table = LatentTable(model.space, dataset, empty, None, partial(request_latent, model, worker, dataset))
    kept = kept_latents(place, model, None, dataset)
    kept.forget()
    began = time.perf_counter()
    encode_missing(model, worker, table, kept, lambda *_: None, lambda: False)
    return COUNT / (time.perf_counter() - began)


def from_memory(model: LatentModel, worker: DecodeWorker, values: np.ndarray) -> float:
    """Pictures a second of the same, without files."""
    began = time.perf_counter()
    for start in range(0, COUNT, STEP):
        worker.encode(model, values[start : start + STEP], background=True)
    return COUNT / (time.perf_counter() - began)


def measure(folder: Path) -> Iterator[dict[str, object]]:
    """For each model its rates, medians of ROUNDS in turn, and their ratio."""
    dataset, reading = imported(photographs(folder / "photographs"), folder / "data")
    with DecodeWorker(choose_device("auto")) as worker:
        for name in MODELS:
            model = models.load(name, worker.device)
            model.speed_up(folder / "cache")
            values = np.stack([value_of(dataset, row, model) for row in range(COUNT)])
            pairs = [
                (from_files(model, worker, dataset, folder), from_memory(model, worker, values))
                for _ in range(ROUNDS)
            ]
            files, memory = (statistics.median(rates) for rates in zip(*pairs, strict=True))
            ratio = statistics.median(one / other for one, other in pairs)
            yield {"model": name, "from files": files, "from memory": memory, "ratio": ratio, "read": reading}


def main() -> None:
    """Run, print, and keep the figures beside those of other processors."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for row in measure(Path(folder)):
            print(row, flush=True)
            found.append(row)
    path = ROOT / "docs" / "results" / "importing.json"
    records = json.loads(path.read_text()) if path.exists() else {}
    records[processor()] = found
    path.write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main()

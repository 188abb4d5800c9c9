"""Render a data set of portraits in shards; run again to resume after a kill.

    python -m models.faces.world.dataset --assets DIR --out DIR --count 40000 --seed 1 --size 128

A shard of 1,000 portraits is three files: images-00012.npy uint8 (n, size, size, 3), parts-00012.npy uint8
(n, size, size) and factors-00012.parquet (one column a factor). The factors file is written last, so a shard
whose factors exist is complete.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from models.errors import InputError
from models.faces.world.bundle import open_bundle
from models.faces.world.canvas import GraphicsError, create_context
from models.faces.world.factors import factors_at
from models.faces.world.portrait_set import (
    Manifest,
    PortraitSet,
    open_portrait_set,
    read_manifest,
    shard_paths,
)
from models.faces.world.renderer import Renderer

__all__ = ["Manifest", "PortraitSet", "open_portrait_set", "render_dataset"]


def _write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target, then rename: a killed run leaves no half file under the final name."""
    temporary = path.with_name(f".{path.name}.part")
    write(temporary)
    temporary.replace(path)


def _save_array(path: Path, array: np.ndarray) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.save(file, array)

    _write_atomically(path, write)


def render_shard(
    renderer: Renderer, root: Path, manifest: Manifest, shard: int, tick: Callable[[], object]
) -> None:
    """Render and write one shard, calling `tick` after every portrait."""
    indices, size = manifest.indices(shard), manifest.size
    images = np.empty((len(indices), size, size, 3), np.uint8)
    parts = np.empty((len(indices), size, size), np.uint8)
    rows = []
    for row, index in enumerate(indices):
        factors = factors_at(manifest.seed, index)
        portrait = renderer.render(factors, size)
        images[row], parts[row] = portrait.image, portrait.parts
        rows.append(factors.to_dict())
        tick()
    images_path, parts_path, factors_path = shard_paths(root, shard)
    _save_array(images_path, images)
    _save_array(parts_path, parts)
    _write_atomically(factors_path, pd.DataFrame(rows).to_parquet)


# Set once in each worker process.
_worker_renderer: Renderer
_worker_counter: Synchronized[int]


def _start_worker(assets: Path, counter: Synchronized[int]) -> None:
    global _worker_renderer, _worker_counter
    # One process a core: Mesa's own threads would only get in each other's way. Read when a context is made.
    os.environ["LP_NUM_THREADS"] = "0"
    _worker_renderer, _worker_counter = Renderer(assets), counter


def _count_one() -> None:
    with _worker_counter.get_lock():
        _worker_counter.value += 1


def _work(root: Path, manifest: Manifest, shard: int) -> None:
    render_shard(_worker_renderer, root, manifest, shard, _count_one)


def render_dataset(assets: Path, root: Path, manifest: Manifest, workers: int) -> None:
    """Render every missing shard; resumes an earlier run.

    Raises InputError when the directory holds another data set, GraphicsError where EGL is missing.
    """
    root.mkdir(parents=True, exist_ok=True)
    if (root / "manifest.json").exists():
        found = read_manifest(root)
        if found != manifest:
            raise InputError(f"portraits: {root} holds {found}; expected {manifest}. Choose another --out.")
    else:
        text = json.dumps(asdict(manifest), indent=1)
        _write_atomically(root / "manifest.json", lambda path: path.write_text(text))
    missing = [shard for shard in range(manifest.shards) if not shard_paths(root, shard)[2].exists()]
    # Asked for here, so that a machine without EGL says so once and not once a worker.
    create_context().release()
    if missing:
        _render_missing(assets, root, manifest, missing, workers)


def _render_missing(assets: Path, root: Path, manifest: Manifest, missing: list[int], workers: int) -> None:
    done = manifest.count - sum(len(manifest.indices(shard)) for shard in missing)
    # Spawned: a forked child would share the parent's OpenGL state.
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    pool = ProcessPoolExecutor(min(workers, len(missing)), context, _start_worker, (assets, counter))
    try:
        pending = {pool.submit(_work, root, manifest, shard) for shard in missing}
        with tqdm(total=manifest.count, initial=done, unit="portrait") as bar:
            while pending:
                finished, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)
                bar.update(done + counter.value - bar.n)
                for future in finished:
                    future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status, 1 after an error that the user can mend."""
    parser = argparse.ArgumentParser(description="Render a data set of portraits; run again to resume.")
    parser.add_argument("--assets", type=Path, required=True, help="directory of the face bundle")
    parser.add_argument("--out", type=Path, required=True, help="directory of the data set")
    parser.add_argument("--count", type=int, required=True, help="number of portraits")
    parser.add_argument("--seed", type=int, required=True, help="portrait i is factors_at(seed, i)")
    parser.add_argument("--size", type=int, default=128, help="pixels a side")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(arguments)
    if options.count < 1 or options.workers < 1:
        parser.error(
            f"expected --count and --workers of at least 1; got {options.count} and {options.workers}"
        )
    try:
        open_bundle(options.assets)
        manifest = Manifest(options.seed, options.size, options.count)
        render_dataset(options.assets, options.out, manifest, options.workers)
    except BrokenProcessPool:
        print("error: a worker process was killed (out of memory?); run again to resume", file=sys.stderr)
        return 1
    except (GraphicsError, InputError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A rendered data set on disk and in memory. Reading needs no OpenGL: training machines may lack it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8

from models.errors import InputError
from models.faces.world.labels import label_columns

VERSION = 1
SHARD = 1000


@dataclass(frozen=True)
class Manifest:
    """What a data set directory holds; rendering resumes only under the same manifest."""

    seed: int
    size: int
    count: int
    version: int = VERSION
    shard_size: int = SHARD

    @property
    def shards(self) -> int:
        """Number of shards when complete."""
        return -(-self.count // self.shard_size)

    def indices(self, shard: int) -> range:
        """The portraits of one shard."""
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, self.count))


@dataclass(frozen=True)
class PortraitSet:
    """A rendered data set, read lazily: shards are memory-mapped, `factors` has one row a portrait."""

    manifest: Manifest
    images: list[UInt8[np.ndarray, "_ size size 3"]]  # the last shard may be shorter
    parts: list[UInt8[np.ndarray, "_ size size"]]
    factors: pd.DataFrame

    def __len__(self) -> int:
        return len(self.factors)

    def image(self, index: int) -> UInt8[np.ndarray, "size size 3"]:
        """One picture, sRGB."""
        shard, row = divmod(index, self.manifest.shard_size)
        return np.asarray(self.images[shard][row])

    def part_map(self, index: int) -> UInt8[np.ndarray, "size size"]:
        """One part map; `models.faces.world.renderer.Part` names its values."""
        shard, row = divmod(index, self.manifest.shard_size)
        return np.asarray(self.parts[shard][row])

    def labels(self) -> Float[np.ndarray, "n columns"]:
        """The factors that can be seen, as standardised columns."""
        return label_columns(self.factors)


def shard_paths(root: Path, shard: int) -> tuple[Path, Path, Path]:
    """Images, parts and factors of one shard; it is complete when its factors exist."""
    return (
        root / f"images-{shard:05d}.npy",
        root / f"parts-{shard:05d}.npy",
        root / f"factors-{shard:05d}.parquet",
    )


def read_manifest(root: Path) -> Manifest:
    """What the directory says it holds; raises InputError where it does not say, or says nonsense."""
    try:
        return Manifest(**json.loads((root / "manifest.json").read_text()))
    except FileNotFoundError as error:
        raise InputError(
            f"portraits: expected a data set with a manifest.json in {root}; there is none"
        ) from error
    except (TypeError, ValueError) as error:
        raise InputError(f"portraits: {root / 'manifest.json'} is damaged: {error}") from error


def open_portrait_set(root: Path) -> PortraitSet:
    """Open the complete leading shards of a data set; raises InputError where there are none."""
    manifest = read_manifest(root)
    paths = [shard_paths(root, shard) for shard in range(manifest.shards)]
    complete = []
    for images, parts, factors in paths:
        if not factors.exists():
            break
        complete.append((images, parts, factors))
    if not complete:
        raise InputError(f"portraits: expected at least one complete shard in {root}; there is none")
    return PortraitSet(
        manifest,
        [np.load(images, mmap_mode="r") for images, _, _ in complete],
        [np.load(parts, mmap_mode="r") for _, parts, _ in complete],
        pd.concat([pd.read_parquet(factors) for _, _, factors in complete], ignore_index=True),
    )

"""The bundled portraits: labels, thumbnails, latents and map, as shipped in one parquet file."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from jaxtyping import Float
from torch import Tensor


class DatasetError(ValueError):
    """The file of bundled portraits is missing or damaged; the text says how to get it."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Portraits with their labels, as shipped: row i is point number i."""

    labels: pd.DataFrame  # one column a factor
    splits: np.ndarray  # "train" or "held-out"
    thumbnails: list[bytes]  # WebP, 64 px
    portraits: list[bytes | None]  # WebP, 128 px, for the first rows only
    latents: Float[Tensor, "n d"]  # of the model named in metadata["model"]
    coordinates: Float[np.ndarray, "n 2"]  # UMAP of those latents
    psnr: Float[np.ndarray, " n"]  # dB, that model's reconstruction of each portrait
    metadata: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> Dataset:
        """Read a portraits file. Raises DatasetError when it is missing or not what is expected."""
        remedy = "get it with `git checkout -- assets`, or build it with `python -m models.faces.portraits`"
        if not path.is_file():
            raise DatasetError(f"the bundled portraits {path} are missing: {remedy}")
        try:
            table = pq.read_table(path)
            columns = table.drop_columns(["latent", "thumbnail", "portrait"]).to_pandas()
            width = table.schema.field("latent").type.list_size
            latents = table["latent"].combine_chunks().flatten().to_numpy().reshape(-1, width)
            return cls(
                labels=columns[json.loads(table.schema.metadata[b"factors"])],
                splits=columns["split"].to_numpy(str),
                thumbnails=table["thumbnail"].to_pylist(),
                portraits=table["portrait"].to_pylist(),
                latents=torch.from_numpy(latents.copy()),
                coordinates=columns[["umap_x", "umap_y"]].to_numpy(np.float32),
                psnr=columns["psnr"].to_numpy(np.float32),
                metadata={key.decode(): value.decode() for key, value in table.schema.metadata.items()},
            )
        except (pa.ArrowException, KeyError, ValueError, AttributeError, OSError) as error:
            raise DatasetError(f"the bundled portraits {path} are damaged ({error}): {remedy}") from error

    def __len__(self) -> int:
        return len(self.thumbnails)

    def with_portraits(self) -> Dataset:
        """The first rows, those that have a 128 px portrait."""
        n = sum(portrait is not None for portrait in self.portraits)
        columns = [column.name for column in fields(self) if column.name != "metadata"]
        rows: dict[str, Any] = {name: getattr(self, name)[:n] for name in columns}
        return replace(self, **rows)

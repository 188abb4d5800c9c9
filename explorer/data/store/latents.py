"""What has been encoded of a data set in one model, added to as encoding goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor

from explorer.data.store.lance import StoreError, attempt, batches, drop_table, open_table

log = logging.getLogger(__name__)


class KeptLatents:
    """A table on disk; a damaged one is made anew; where none can be written, the log says so."""

    def __init__(self, folder: Path, name: str, shape: tuple[int, ...], *, makes_folder: bool) -> None:
        """A folder that is not made, such as a data set's, is gone once that is deleted: nothing is kept."""
        self._folder, self._name, self._shape, self._makes_folder = folder, name, shape, makes_folder
        width = int(np.prod(shape))
        self._schema = pa.schema([("row", pa.int64()), ("latent", pa.list_(pa.float32(), width))])

    @property
    def path(self) -> Path:
        """Where the table lies."""
        return self._folder / f"{self._name}.lance"

    def read(self) -> Iterator[tuple[list[int], Float[Tensor, "n *latent"]]]:
        """Rows and their latents, a part at a time; a row may come twice."""
        try:
            table = open_table(self._folder, self._name)
            if table is None:
                return
            for batch in batches(table, ["row", "latent"]):
                values = batch["latent"].flatten().to_numpy(zero_copy_only=False)
                latents = torch.from_numpy(values.copy()).reshape(-1, *self._shape)
                yield batch["row"].to_pylist(), latents
        except StoreError as error:
            log.warning("encoded latents are made anew: %s", error)
            self.forget()

    def forget(self) -> None:
        """Remove them: they are damaged, or of other weights."""
        try:
            drop_table(self._folder, self._name)
        except StoreError as error:
            log.warning("they cannot be removed either: %s", error)

    def append(self, rows: Sequence[int], latents: Float[Tensor, "n *latent"]) -> None:
        """Keep these too, all of them or none."""
        flat = pa.array(latents.flatten().numpy())
        width = self._schema.field("latent").type.list_size
        columns = [pa.array(rows, pa.int64()), pa.FixedSizeListArray.from_arrays(flat, width)]
        try:
            if self._makes_folder:
                self._folder.mkdir(parents=True, exist_ok=True)
            elif not self._folder.is_dir():
                return
            table = open_table(self._folder, self._name, self._schema)
            assert table is not None  # it is made where it is missing
            attempt(lambda: table.add(pa.table(columns, schema=self._schema)), self._name)
        except (OSError, StoreError) as error:
            log.warning("encoded latents are not kept for the next start: %s", error)

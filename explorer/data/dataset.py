"""A data set: things with labels, and what ships with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from explorer.data.points import UnknownPointError
from models.errors import InputError
from models.media import Media


class DatasetError(InputError):
    """A data set's file is missing or damaged; the text says how to get it."""


@dataclass(frozen=True, eq=False, repr=False)
class Shipped:
    """What is known of a data set in one model before anything is computed."""

    model: str
    latents: Float[Tensor, "n *latent"]
    coordinates: Float[np.ndarray, "n 2"]  # of the map
    arguments: str  # of the map, as JSON
    psnr: Float[np.ndarray, " n"]  # dB, the model's reconstruction of each
    directions: Path | None = None  # file of directions that were found in these latents
    note: str = ""  # what a person should know of these latents, where their variances are told


@dataclass(frozen=True, eq=False, repr=False)
class Placed:
    """A map that ships without its latents, for one model: they are encoded when they are asked for."""

    coordinates: Float[np.ndarray, "n 2"]
    arguments: str
    first: Float[Tensor, "*latent"]  # of the first item, by which weights are told apart


@dataclass(frozen=True)
class Presentation:
    """What a page says about a data set, which only its own file can know."""

    singular: str = "item"
    describe: Callable[[pd.Series], list[str]] = lambda row: []  # the few labels that tell one item apart
    pair: tuple[str, str] = ("0", "1")  # A and B at first
    colour: str | None = None  # the label that colours the map at first
    featured: tuple[str, ...] = ()  # directions on the rack at first, where the model has them
    units: Mapping[str, str] = field(default_factory=dict)  # of labels


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Row i is the item with key str(i).

    `files` are the items as they are, in their medium's file type; where one is None only its thumbnail
    ships, and a model that does not ship with the data set cannot encode it.
    """

    name: str
    title: str
    media: Media
    labels: pd.DataFrame  # one column a label
    splits: np.ndarray  # "train" or "held-out"
    thumbnails: Sequence[bytes]  # WebP
    files: Sequence[bytes | None]
    shipped: Shipped | None = None
    placed: Mapping[str, Placed] = field(default_factory=dict)  # by model
    presentation: Presentation = Presentation()
    owner: str | None = None  # the person's id whose it is, who alone is told of it; None for all people's
    home: Path | None = None  # where what is made of it is kept, if it has a place of its own

    def __len__(self) -> int:
        return len(self.thumbnails)

    def row(self, key: str) -> int:
        """The row of a key. Raises UnknownPointError."""
        if key.isascii() and key.isdecimal() and len(key) < 10 and int(key) < len(self):
            return int(key)
        raise UnknownPointError(f"{key!r} is not in the data set {self.name}: expected 0 to {len(self) - 1}")

    def with_files(self) -> Dataset:
        """The first rows, those that have a file, without what ships for the whole."""
        if self.shipped is None:
            return self
        n = next((row for row, file in enumerate(self.files) if file is None), len(self))
        return replace(
            self,
            labels=self.labels.iloc[:n],
            splits=self.splits[:n],
            thumbnails=self.thumbnails[:n],
            files=self.files[:n],
            shipped=None,
        )

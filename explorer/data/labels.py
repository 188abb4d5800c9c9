"""Labels as columns: of numbers, or of codes into classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from explorer.data.dataset import Dataset

UNKNOWN = "not known"  # the class of rows that a label with classes says nothing of


@dataclass(frozen=True)
class Label:
    """One label of every row: numbers, NaN where not known, or codes into `classes`."""

    name: str
    kind: Literal["continuous", "categorical"]
    values: np.ndarray  # float32, or unsigned integers that hold all codes
    classes: tuple[str, ...] = ()
    unit: str = ""
    is_trait: bool = True  # of the item itself, not of its part in a training

    @property
    def title(self) -> str:
        """As the page's menu shows it."""
        return self.name.replace("_", " ")

    def header(self) -> dict[str, Any]:
        """All but the values, for the page; low and high are null where no number is known."""
        header: dict[str, Any] = {"name": self.name, "kind": self.kind, "title": self.title}
        if self.kind == "categorical":
            return header | {"classes": self.classes}
        known = self.values[np.isfinite(self.values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
        return header | {"unit": self.unit, "low": low, "high": high}


def labels_of(dataset: Dataset) -> dict[str, Label]:
    """Every label of the data set, then the split, and how well the model it ships with rebuilds each row."""
    added = {"split": dataset.splits}
    if dataset.shipped and np.isfinite(dataset.shipped.psnr).any():
        added["reconstruction"] = dataset.shipped.psnr
    units = {**dataset.presentation.units, "reconstruction": "dB"}
    columns = dataset.labels.assign(**added).items()
    labels = [_label(str(name), column, units) for name, column in columns]
    return {label.name: replace(label, is_trait=label.name not in added) for label in labels}


def numeric_labels(dataset: Dataset, rows: np.ndarray) -> dict[str, Float[np.ndarray, " n"]]:
    """Every label as numbers, NaN where not known: itself, or 0 and 1 for each "label: class"."""
    columns = {}
    for name, column in dataset.labels.iloc[rows].items():
        if pd.api.types.is_numeric_dtype(column):
            columns[str(name)] = column.to_numpy(float, na_value=np.nan)
        else:
            known = column.notna().to_numpy()
            for value in classes_of(column):
                is_value = (column.astype(str) == value).to_numpy(float)
                columns[f"{name}: {value}"] = np.where(known, is_value, np.nan)
    return columns


def classes_of(column: pd.Series) -> list[str]:
    """The classes of a label, as text, in order."""
    return sorted(set(column.dropna().astype(str)))


def _label(name: str, column: pd.Series, units: dict[str, str]) -> Label:
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(np.float32, na_value=np.nan)
        return Label(name, "continuous", values, unit=units.get(name, ""))
    texts = column.astype(str).where(column.notna(), UNKNOWN)
    classes = sorted(set(texts), key=lambda text: (text == UNKNOWN, text))
    codes = pd.Categorical(texts, categories=classes).codes
    return Label(name, "categorical", codes.astype(np.min_scalar_type(len(classes))), tuple(classes))

"""What the page says about portraits: labels as columns, the few that tell one apart, the first pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from explorer.data.dataset import Dataset

_DEGREES = ("yaw", "pitch", "roll", "light_azimuth", "light_elevation")
FIRST_LABEL = "yaw"  # orders each island of the bundled map: neighbours agree on it at R² 0.92
_GLASSES = {"round": "round glasses", "rect": "square glasses", "sunglasses": "sunglasses"}
UNITS = {"age": "years", "reconstruction": "dB"} | dict.fromkeys(_DEGREES, "°")


@dataclass(frozen=True)
class Label:
    """One label of all portraits: numbers, or codes into `classes`."""

    name: str
    kind: Literal["continuous", "categorical"]
    values: np.ndarray  # float32, or uint8 codes
    classes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """As the page's menu shows it."""
        return self.name.replace("_", " ")

    def header(self) -> dict[str, Any]:
        """All but the values, for the page."""
        header: dict[str, Any] = {"name": self.name, "kind": self.kind, "title": self.title}
        if self.kind == "categorical":
            return header | {"classes": self.classes}
        low, high = float(np.nanmin(self.values)), float(np.nanmax(self.values))
        return header | {"unit": UNITS.get(self.name, ""), "low": low, "high": high}


def labels_of(dataset: Dataset) -> dict[str, Label]:
    """Every label of the data set, then the split and the bundled model's reconstruction quality."""
    columns = dataset.labels.assign(split=dataset.splits, reconstruction=dataset.psnr)
    return {name: _label(name, column) for name, column in columns.items()}


def _label(name: str, column: pd.Series) -> Label:
    if pd.api.types.is_numeric_dtype(column):
        return Label(name, "continuous", column.to_numpy(np.float32))
    codes, classes = pd.factorize(column.astype(str), sort=True)
    return Label(name, "categorical", codes.astype(np.uint8), tuple(map(str, classes)))


def telling(row: pd.Series) -> list[str]:
    """The few labels of one portrait that a person would name; labels that a data set lacks are left out."""
    named = [
        f"{row['age']:.0f} years" if "age" in row else "",
        _hair(row),
        _GLASSES.get(row.get("glasses", "none"), ""),
        "beard" if row.get("beard", 0) > 0.3 else "",
        "smiling" if row.get("smile", 0) > 0.4 else "frowning" if row.get("smile", 0) < -0.5 else "",
        "freckles" if row.get("freckles", 0) > 0.5 else "",
    ]
    return [text for text in named if text]


def _hair(row: pd.Series) -> str:
    style = row.get("hair_style", "").replace("_", " ")
    return style if style in ("", "bald") else f"{style} hair"


def first_pair(dataset: Dataset) -> tuple[str, str]:
    """Two portraits for the first picture: different people, both well reproduced; the same every time.

    From the portraits that every model's map has. A data set without these labels gives its first two.
    """
    shown = dataset.with_portraits()
    labels, n = shown.labels, len(shown)
    if not {"age", "smile", "gender", "yaw", "glasses", "hair_style"} <= set(labels.columns) or n < 2:
        return "0", str(min(1, len(dataset) - 1))
    facing = labels["yaw"].abs() < 12
    young = facing & (labels["gender"] < 0.35) & (labels["age"] < 40) & (labels["glasses"] == "none")
    young &= ~labels["hair_style"].isin(["bald", "buzz"])
    old = facing & (labels["gender"] > 0.65) & (labels["age"] > 50) & (labels["glasses"] != "sunglasses")
    a = np.where(young & (labels["smile"] > 0.3), shown.psnr, -np.inf).argmax()
    b = np.where(old & (labels["beard"] > 0.3) if "beard" in labels else old, shown.psnr, -np.inf).argmax()
    return str(a), str(b if b != a else (a + 1) % n)

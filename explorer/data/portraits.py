"""The bundled portraits: a parquet file of pictures, labels, latents and map; what a page says of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors import SafetensorError

from explorer.data.dataset import Dataset, DatasetError, Placed, Presentation, Shipped
from explorer.data.maps import MAPS, read_maps
from models.media import Picture

ASSETS = Path(__file__).parents[2] / "assets"
PORTRAITS = ASSETS / "portraits.parquet"
DIRECTIONS = ASSETS / "directions.safetensors"
SIZE = 128  # pixels a side of a portrait

_DEGREES = ("yaw", "pitch", "roll", "light_azimuth", "light_elevation")
_GLASSES = {"round": "round glasses", "rect": "square glasses", "sunglasses": "sunglasses"}
_DAMAGES = (KeyError, ValueError, TypeError, AttributeError, OSError)  # what reading other columns raises
FEATURED = (
    "smile", "mouth_open", "age", "gender", "glasses", "yaw", "skin_tone", "hair_tone", "beard",
    "light_azimuth",
)  # fmt: skip

POSTERIOR_MEANS = (
    "The latents are posterior means: the data that ship keep no KL, but it would put the same ones last, "
    "since KL is small where the mean does not move."
)


def load(path: Path = PORTRAITS, maps: Path = MAPS) -> Dataset:
    """Read the portraits. Raises DatasetError where the file is missing or not what is expected."""
    remedy = "get it with `git checkout -- assets`, or build it with `python -m models.faces.portraits`"
    if not path.is_file():
        raise DatasetError(f"the bundled portraits {path} are missing: {remedy}")
    try:
        return _read(pq.read_table(path), read_maps(maps))
    except (pa.ArrowException, SafetensorError, *_DAMAGES) as error:
        raise DatasetError(f"the bundled portraits {path} are damaged ({error}): {remedy}") from error


def _read(table: pa.Table, placed: dict[str, Placed]) -> Dataset:
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    columns = table.drop_columns(["latent", "thumbnail", "portrait"]).to_pandas()
    width = table.schema.field("latent").type.list_size
    latents = table["latent"].combine_chunks().flatten().to_numpy().reshape(-1, width)
    labels, files = columns[json.loads(metadata["factors"])], table["portrait"].to_pylist()
    psnr = columns["psnr"].to_numpy(np.float32)
    return Dataset(
        name="portraits",
        title="Rendered portraits",
        media=Picture(SIZE),
        labels=labels,
        splits=columns["split"].to_numpy(str),
        thumbnails=table["thumbnail"].to_pylist(),
        files=files,
        shipped=Shipped(
            model=metadata["model"],
            latents=torch.from_numpy(latents.copy()),
            coordinates=columns[["umap_x", "umap_y"]].to_numpy(np.float32),
            arguments=metadata["map"],
            psnr=psnr,
            directions=DIRECTIONS,
            note=POSTERIOR_MEANS,
        ),
        placed=placed,
        presentation=_presentation(labels, psnr, sum(file is not None for file in files)),
    )


def _presentation(labels: pd.DataFrame, psnr: np.ndarray, pictured: int) -> Presentation:
    return Presentation(
        singular="portrait",
        describe=telling,
        pair=first_pair(labels.iloc[:pictured], psnr[:pictured]),
        colour="yaw",  # orders each island of the bundled map: neighbours agree on it at R² 0.92
        featured=FEATURED,
        units={"age": "years"} | dict.fromkeys(_DEGREES, "°"),
    )


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


def first_pair(labels: pd.DataFrame, psnr: np.ndarray) -> tuple[str, str]:
    """Two portraits for the first picture: different people, both well reproduced; the same every time.

    A data set without these labels gives its first two.
    """
    n = len(labels)
    if not {"age", "smile", "gender", "yaw", "glasses", "hair_style"} <= set(labels.columns) or n < 2:
        return "0", str(min(1, max(0, n - 1)))
    facing = labels["yaw"].abs() < 12
    young = facing & (labels["gender"] < 0.35) & (labels["age"] < 40) & (labels["glasses"] == "none")
    young &= ~labels["hair_style"].isin(["bald", "buzz"])
    old = facing & (labels["gender"] > 0.65) & (labels["age"] > 50) & (labels["glasses"] != "sunglasses")
    a = np.where(young & (labels["smile"] > 0.3), psnr, -np.inf).argmax()
    b = np.where(old & (labels["beard"] > 0.3) if "beard" in labels else old, psnr, -np.inf).argmax()
    return str(a), str(b if b != a else (a + 1) % n)

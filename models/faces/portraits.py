"""Build the portraits that ship with the app: pictures, factors, latents and map in one parquet file.

    python -m models.faces.portraits --data data/faces --weights assets/face-vae.safetensors \
        --out assets/portraits.parquet

5,000 portraits are the first of the training set; 512 are held out: the first of the test set, which neither
training nor model selection has seen. Same inputs, same file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from sklearn.manifold import trustworthiness
from torch import Tensor
from tqdm import tqdm

from models.base import LatentModel
from models.errors import InputError
from models.face_vae import FaceVAE
from models.faces.world.factors import FACTORS
from models.faces.world.portrait_set import PortraitSet, open_portrait_set

TRAIN, HELD_OUT = 5000, 512
SHOWN = 1024  # the first rows, which have a 128 px portrait too: all that is held out, and as many again
THUMBNAIL, THUMBNAIL_QUALITY = 64, 82
PORTRAIT_QUALITY = 90
# Cosine: neighbourhoods are kept better than with Euclidean distance (trustworthiness 0.69 against 0.66).
MAP = {"method": "umap", "seed": 0, "n_neighbors": 15, "min_dist": 0.1, "metric": "cosine"}

Pictures = UInt8[np.ndarray, "n 128 128 3"]


def build(
    train: PortraitSet, held_out: PortraitSet, model: LatentModel, map_arguments: dict[str, Any]
) -> pa.Table:
    """The table of the first portraits of both sets, shuffled so that its first rows hold both splits.

    Raises InputError where a set is smaller than what ships, or of another size than the model.
    """
    frame, pictures = _select(train, held_out)
    size = model.media.size
    if pictures.shape[1:] != (size, size, 3):
        raise InputError(f"portraits: expected pictures of {size} px, got {pictures.shape[1:]}")
    latents, frame["psnr"] = _encode(model, pictures)
    coordinates = map_of(latents.numpy(), map_arguments)
    frame["umap_x"], frame["umap_y"] = coordinates.T
    table = pa.Table.from_pandas(frame, preserve_index=False)
    flat = pa.array(latents.numpy().ravel())
    table = table.append_column("latent", pa.FixedSizeListArray.from_arrays(flat, latents.shape[1]))
    thumbnails = [_webp(picture, THUMBNAIL, THUMBNAIL_QUALITY) for picture in pictures]
    shown = [_webp(picture, size, PORTRAIT_QUALITY) for picture in pictures[:SHOWN]]
    portraits = [*shown, *[None] * (len(pictures) - SHOWN)]
    table = table.append_column("thumbnail", pa.array(thumbnails, pa.binary()))
    table = table.append_column("portrait", pa.array(portraits, pa.binary()))
    quality = trustworthiness(latents.numpy(), coordinates, n_neighbors=15)
    facts = {
        "model": model.space.name,
        "map": json.dumps(map_arguments),
        "factors": json.dumps(list(train.factors.columns)),
        "trustworthiness": f"{quality:.4f}",
        "versions": json.dumps({name: version(name) for name in ("torch", "umap-learn", "numba", "pillow")}),
    }
    return table.replace_schema_metadata(facts)


def map_of(latents: Float[np.ndarray, "n d"], arguments: dict[str, Any]) -> Float[np.ndarray, "n 2"]:
    """UMAP of the latents (McInnes et al. 2018)."""
    with warnings.catch_warnings():  # umap misses an optional part of its own, which we do not use
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap import UMAP
    options = {name: arguments[name] for name in ("n_neighbors", "min_dist", "metric")}
    estimator = UMAP(**options, random_state=arguments["seed"], n_jobs=1)
    return np.asarray(estimator.fit_transform(latents), np.float32)


def write(table: pa.Table, weights: Path, path: Path) -> None:
    """Write the file atomically, with the hash of the weights that made its latents."""
    digest = hashlib.sha256(weights.read_bytes()).hexdigest().encode()
    table = table.replace_schema_metadata({**table.schema.metadata, b"weights_sha256": digest})
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    pq.write_table(table, temporary, compression="zstd", compression_level=15)
    temporary.replace(path)


def _select(train: PortraitSet, held_out: PortraitSet) -> tuple[pd.DataFrame, Pictures]:
    """The rows to ship with their factors, and their pictures."""
    if len(train) < TRAIN or len(held_out) < HELD_OUT:
        expected = f"portraits: expected {TRAIN} training and {HELD_OUT} held-out portraits"
        raise InputError(f"{expected}, got {len(train)} and {len(held_out)}")
    rows = [(train, "train", i) for i in range(TRAIN)]
    rows += [(held_out, "held-out", i) for i in range(HELD_OUT)]
    first = [*range(SHOWN - HELD_OUT), *range(TRAIN, TRAIN + HELD_OUT)]
    shuffled = np.random.default_rng(0).permutation(first)
    order = [rows[i] for i in [*shuffled, *range(SHOWN - HELD_OUT, TRAIN)]]
    factors = pd.DataFrame([portraits.factors.iloc[i] for portraits, _, i in order])
    numbers = [name for name in factors if FACTORS[name].kind == "continuous"]
    frame = factors.reset_index(drop=True).astype(dict.fromkeys(numbers, np.float32))
    frame.insert(0, "id", np.arange(len(order), dtype=np.int32))
    frame.insert(1, "split", [split for _, split, _ in order])
    # The renderer's stream and index: factors_at(seed, index) gives the factors in full precision.
    frame.insert(2, "seed", np.array([portraits.manifest.seed for portraits, _, _ in order], np.int32))
    frame.insert(3, "index", np.array([i for _, _, i in order], np.int32))
    return frame, np.stack([portraits.image(i) for portraits, _, i in order])


def _encode(model: LatentModel, pictures: Pictures) -> tuple[Float[Tensor, "n d"], Float[np.ndarray, " n"]]:
    """Latents, and the PSNR of each reconstruction in dB."""
    latents, errors = [], []
    for start in tqdm(range(0, len(pictures), 64), desc="encoding", unit="batch"):
        levels = torch.from_numpy(pictures[start : start + 64]).permute(0, 3, 1, 2).float()
        latents.append(model.encode(levels / 127.5 - 1))
        decoded = ((model.decode(latents[-1]) + 1) * 127.5).round()
        errors.append((decoded - levels).double().square().mean(dim=(1, 2, 3)))  # whole numbers: exact
    psnr = 10 * torch.log10(255**2 / torch.cat(errors))
    return torch.cat(latents), psnr.float().numpy()


def _webp(picture: UInt8[np.ndarray, "h w 3"], size: int, quality: int) -> bytes:
    image, buffer = Image.fromarray(picture), io.BytesIO()
    if image.width != size:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    image.save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build the portraits that ship with the app.")
    parser.add_argument("--data", type=Path, required=True, help="directory with the sets train and test")
    parser.add_argument("--weights", type=Path, required=True, help="safetensors file of the face VAE")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    options = parser.parse_args(arguments)
    model = FaceVAE.load(options.weights)
    table = build(
        open_portrait_set(options.data / "train"), open_portrait_set(options.data / "test"), model, MAP
    )
    write(table, options.weights, options.out)
    megabytes = options.out.stat().st_size / 1e6
    mapped = table.schema.metadata[b"trustworthiness"].decode()
    print(f"{options.out}: {table.num_rows:,} portraits, {megabytes:.1f} MB, map trustworthiness {mapped}")


if __name__ == "__main__":
    main()

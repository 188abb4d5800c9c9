"""Contact sheets: pictures that a person looks at before any figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from models.base import LatentModel
from models.faces.evaluation.coding import Pixels, decode
from models.faces.evaluation.measures import Autoencoded

SHOWN = 60  # samples, and originals with their reconstructions
COLUMNS = 12
PATHS, FRAMES = 12, 9
QUALITY = 82  # of WebP: each sheet stays below 400 KB


def slerp(a: Float[Tensor, " d"], b: Float[Tensor, " d"], t: Float[Tensor, " t"]) -> Float[Tensor, "t d"]:
    """Points on the great arc from a to b, which are not parallel, at t in [0, 1] (Shoemake 1985, 3.3)."""
    angle = torch.acos((torch.dot(a, b) / (a.norm() * b.norm())).clamp(-1, 1))
    return (torch.sin((1 - t) * angle)[:, None] * a + torch.sin(t * angle)[:, None] * b) / torch.sin(angle)


def grid(pixels: Pixels, columns: int) -> Image.Image:
    """The pictures in rows of `columns`; a last row that is not full ends in white."""
    height, width = pixels.shape[1:3]
    rows = -(-len(pixels) // columns)
    cells = np.full((rows * columns, height, width, 3), 255, np.uint8)
    cells[: len(pixels)] = pixels
    cells = cells.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return Image.fromarray(cells.reshape(rows * height, columns * width, 3))


def write_sheets(
    folder: Path, model: LatentModel, originals: Pixels, latents: Float[Tensor, "n d"], vae: Autoencoded
) -> list[Path]:
    """Write three sheets of the first pictures of each set, none chosen by eye; returns their paths.

    Samples; originals, each row above its reconstructions; paths from one original's latent to the next's.
    Needs at least SHOWN of each.
    """
    pairs = np.stack([originals[:SHOWN], vae.reconstructions[:SHOWN]])
    rows = [pairs[:, start : start + COLUMNS] for start in range(0, pairs.shape[1], COLUMNS)]
    both = np.concatenate([row.reshape(-1, *row.shape[2:]) for row in rows])
    steps = torch.linspace(0, 1, FRAMES)
    paths = torch.cat([slerp(latents[2 * i], latents[2 * i + 1], steps) for i in range(PATHS)])
    sheets = {
        "samples": grid(vae.samples[:SHOWN], COLUMNS),
        "reconstructions": grid(both, COLUMNS),
        "interpolations": grid(decode(model, paths, "interpolations"), FRAMES),
    }
    written = []
    for name, sheet in sheets.items():
        written.append(folder / f"face-vae-{name}.webp")
        sheet.save(written[-1], quality=QUALITY, method=6)
    return written

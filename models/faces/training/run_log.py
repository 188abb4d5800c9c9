"""The record of a training run: one line of figures and one sheet of pictures a report."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image

from models.errors import InputError
from models.face_vae import FaceVAE
from models.faces.training.losses import Losses, kl_divergence
from models.faces.training.trainer_state import TrainerState
from models.faces.training.warm_start import to_images

COLUMNS = ("step", "images", "seconds", "loss", "reconstruction", "kl", "psnr", "validation_kl", "active")
SHEET = 16  # pictures in a row of the sheet
CHUNK = 64


class RunLog:
    """Writes log.csv and sheet-NNNNNNN.png into the run's directory."""

    def __init__(self, out: Path, held_out: UInt8[np.ndarray, "n h w 3"]) -> None:
        self._out, self._images = out, to_images(held_out)
        self._since: list[tuple[float, float, float]] = []
        if not (out / "log.csv").exists():
            self._write(COLUMNS)

    def _write(self, row: tuple[object, ...]) -> None:
        with (self._out / "log.csv").open("a", newline="") as file:
            csv.writer(file).writerow(row)

    def add(self, losses: Losses) -> None:
        """Take one step's losses into the next report's means; raises InputError where one is not finite."""
        if not losses.total.isfinite():
            raise InputError(
                f"training has diverged, its loss is {losses.total.item()}: what was saved before is kept"
            )
        self._since.append((losses.total.item(), losses.reconstruction.item(), losses.kl.sum().item()))

    def report(self, state: TrainerState, model: FaceVAE) -> str:
        """Evaluate on the held-out pictures, append a row, draw a sheet; returns the row as text.

        Training losses are means since the last report, empty where no step was taken since; psnr in dB over
        [0, 255] pixels; KL in nats an image; active as in Burda et al. 2016.
        """
        posterior = [model.posterior(chunk) for chunk in self._images.split(CHUNK)]
        mean, log_variance = (torch.cat(column) for column in zip(*posterior, strict=True))
        output = torch.cat([model.decode(chunk) for chunk in mean.split(CHUNK)])
        errors = (output - self._images).square().flatten(1).mean(1)
        losses = [f"{v:.5g}" for v in np.mean(self._since, axis=0)] if self._since else [""] * 3
        self._since.clear()
        figures = (10 * torch.log10(4 / errors)).mean().item(), kl_divergence(mean, log_variance).sum().item()
        active = int((mean.var(0, correction=0) > 0.01).sum())
        row = (
            state.step,
            state.images,
            round(state.elapsed),
            *losses,
            *(f"{v:.5g}" for v in figures),
            active,
        )
        self._write(row)
        self._draw(state.step, output[:SHEET], model)
        return " ".join(f"{name} {value}" for name, value in zip(COLUMNS, row, strict=True) if value != "")

    def _draw(self, step: int, output: torch.Tensor, model: FaceVAE) -> None:
        """Originals, their reconstructions, and two rows of prior samples from the same latents each time."""
        noise = torch.randn(2 * SHEET, *model.space.shape, generator=torch.Generator().manual_seed(0))
        samples = model.decode(noise)
        rows = [self._images[:SHEET], output, samples[:SHEET], samples[SHEET:]]
        strips = [torch.cat(list(row), dim=2) for row in rows]
        width = max(strip.shape[2] for strip in strips)
        sheet = torch.cat(
            [torch.nn.functional.pad(strip, (0, width - strip.shape[2])) for strip in strips], dim=1
        )
        pixels = ((sheet.permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
        Image.fromarray(pixels).save(self._out / f"sheet-{step:07d}.png")

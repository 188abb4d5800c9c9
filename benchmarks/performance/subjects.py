"""What is decoded: models, sizes and batches, with latents of real pictures where the weights are real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import models
from explorer.data import load_dataset, value_of
from models.pictures import to_tensor

# Of stabilityai/sd-vae-ft-mse; how fast it decodes does not depend on its weights.
KL: dict[str, Any] = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 256,
}


@dataclass(frozen=True)
class Subject:
    """One line of the table."""

    title: str
    model: str  # of models.MODELS, at 512 px where there are two sizes
    size: int  # pixels
    batch: int
    rounds: int  # of which the median counts
    threads: int | None = None  # that PyTorch may use; as many as there are cores

    @property
    def name(self) -> str:
        """Of the entry in models.MODELS."""
        return f"{self.model}-256" if self.size == 256 else self.model

    def vae(self) -> Any:
        """The diffusers model in float32: AutoencoderKL with random weights, TAESD with its own."""
        from diffusers import AutoencoderKL, AutoencoderTiny

        if self.model == "sd-vae":
            torch.manual_seed(0)
            return AutoencoderKL(**KL)
        return AutoencoderTiny.from_pretrained("madebyollin/taesd", low_cpu_mem_usage=False)

    def latents(self) -> np.ndarray:
        """Of portraits; for random weights, whose own latents mean nothing, draws from N(0, I)."""
        dataset = load_dataset()
        if self.model == "face-vae":
            return dataset.shipped.latents[: self.batch].numpy()
        if self.model == "sd-vae":
            shape = (self.batch, 4, self.size // 8, self.size // 8)
            return torch.randn(shape, generator=torch.Generator().manual_seed(0)).numpy()
        model = models.load(self.name)
        pictures = np.stack([value_of(dataset, row, model) for row in range(self.batch)])
        return model.encode(to_tensor(pictures)).numpy()


SUBJECTS = {
    "tiny-256": Subject("TAESD, 256 px", "sd-vae-tiny", 256, 1, rounds=9),
    "tiny-512": Subject("TAESD, 512 px", "sd-vae-tiny", 512, 1, rounds=9),
    "kl-256": Subject("AutoencoderKL, 256 px", "sd-vae", 256, 1, rounds=5),
    "kl-512": Subject("AutoencoderKL, 512 px", "sd-vae", 512, 1, rounds=5),
    "face-1": Subject("face VAE, batch 1, one thread", "face-vae", 128, 1, rounds=51, threads=1),
    "face-8": Subject("face VAE, batch 8", "face-vae", 128, 8, rounds=21),
    "face-64": Subject("face VAE, batch 64", "face-vae", 128, 64, rounds=9),
}

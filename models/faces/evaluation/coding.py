"""Whole sets of portraits through a model, in batches: 8-bit pixels in, 8-bit pixels out."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from tqdm import trange

from models.base import LatentModel
from models.face_vae import FaceVAE
from models.faces.training.warm_start import to_images

BATCH = 50

Pixels = UInt8[np.ndarray, "n h w 3"]  # sRGB


def posterior(model: FaceVAE, pixels: Pixels, what: str) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """Mean and log variance of q(z | x) for every picture; `what` names the progress bar."""
    starts = trange(0, len(pixels), BATCH, desc=f"encode {what}", leave=False)
    batches = [model.posterior(to_images(pixels[start : start + BATCH])) for start in starts]
    return torch.cat([mean for mean, _ in batches]), torch.cat([log_variance for _, log_variance in batches])


def decode(model: LatentModel, latents: Float[Tensor, "n d"], what: str) -> Pixels:
    """The picture of every latent, rounded to 8 bits as the app shows it; `what` names the progress bar."""
    starts = trange(0, len(latents), BATCH, desc=f"decode {what}", leave=False)
    batches = [model.decode(latents[start : start + BATCH]) for start in starts]
    return np.concatenate(
        [((batch + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy() for batch in batches]
    )

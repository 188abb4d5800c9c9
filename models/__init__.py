"""The table of latent models: adding one is a file that adapts it to `models.base` and a line here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from models.base import LatentModel, ModelUnavailableError, Progress

__all__ = ["MODELS", "ModelEntry", "load"]

# Large tensors in huge pages: TAESD decodes 512 px in 9/10 of the time. PyTorch reads this when it makes its
# first tensor, on Linux.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

Load = Callable[[torch.device, Progress, str | None], LatentModel]
"""Loads onto a device, reporting progress, from the given source or, for None, from the model's own."""


@dataclass(frozen=True)
class ModelEntry:
    """What the menu says about a model before it is loaded, and how to load it."""

    title: str
    load: Load
    image_size: int  # pixels; height = width
    needs_hub: bool  # the weights come from the Hugging Face hub unless a local folder is given
    listed: bool  # in the page's menu
    preview: str | None = None  # of the model that decodes the same latents far sooner, if less well


def load(
    name: str, device: str | torch.device = "cpu", progress: Progress | None = None, source: str | None = None
) -> LatentModel:
    """Load the model called `name` in MODELS.

    `source` replaces where the weights come from: a safetensors file for the face VAE, a hub repository id or
    a local folder for a Stable Diffusion VAE. Raises ValueError for an unknown name and for weights that are
    damaged or of another model, ModelUnavailableError where the weights cannot be had. The model decodes at
    once; `speed_up` makes some faster.
    """
    if name not in MODELS:
        raise ValueError(f"unknown model {name!r}; expected one of {', '.join(MODELS)}")
    return MODELS[name].load(torch.device(device), progress or _silent, source)


def _silent(fraction: float, message: str) -> None:
    """For callers who do not wait in front of a progress bar."""


# Loaders import their module only when called: diffusers takes seconds, and the face VAE needs none of it.


def _face_vae(device: torch.device, progress: Progress, source: str | None) -> LatentModel:
    from models.face_vae import FaceVAE

    path = Path(source) if source else Path(__file__).parent.parent / "assets" / "face-vae.safetensors"
    if not path.is_file():
        raise ModelUnavailableError(
            f"The face VAE's weights are not at {path}: restore assets/face-vae.safetensors from the "
            "repository, or give the path of a safetensors file that you trained."
        )
    progress(0.0, "Reading the face VAE's weights")
    model = FaceVAE.load(path, device)
    progress(1.0, "The face VAE is ready")
    return model


def _sd_vae(
    name: str, architecture: str, repo: str, image_size: int, title: str, preview: str | None = None
) -> ModelEntry:
    def load(device: torch.device, progress: Progress, source: str | None) -> LatentModel:
        from models.stable_diffusion import StableDiffusionVAE

        return StableDiffusionVAE.load(name, architecture, source or repo, image_size, device, progress)

    return ModelEntry(title, load, image_size, needs_hub=True, listed=True, preview=preview)


def _toy(device: torch.device, progress: Progress, source: str | None) -> LatentModel:
    from models.toy import ToyModel

    return ToyModel(device)


_TINY = ("AutoencoderTiny", "madebyollin/taesd")
_KL = ("AutoencoderKL", "stabilityai/sd-vae-ft-mse")

MODELS: dict[str, ModelEntry] = {
    "face-vae": ModelEntry("Face VAE", _face_vae, image_size=128, needs_hub=False, listed=True),
    "sd-vae-tiny": _sd_vae("sd-vae-tiny", *_TINY, 512, "Stable Diffusion VAE, tiny (TAESD), 512 px"),
    "sd-vae-tiny-256": _sd_vae("sd-vae-tiny-256", *_TINY, 256, "Stable Diffusion VAE, tiny (TAESD), 256 px"),
    "sd-vae": _sd_vae("sd-vae", *_KL, 512, "Stable Diffusion VAE, 512 px", preview="sd-vae-tiny"),
    "sd-vae-256": _sd_vae("sd-vae-256", *_KL, 256, "Stable Diffusion VAE, 256 px", preview="sd-vae-tiny-256"),
    "toy": ModelEntry("Toy (linear)", _toy, image_size=16, needs_hub=False, listed=False),
}

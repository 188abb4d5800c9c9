"""The table of latent models: adding one is a file that adapts it to `models.base` and a line here."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from models.base import LatentModel, Progress
from models.errors import InputError
from models.media import Media, Pair, Picture, Sound, Words

__all__ = ["MODELS", "ModelEntry", "load"]

# Large tensors in huge pages: TAESD decodes 512 px in 9/10 of the time. PyTorch reads this when it makes its
# first tensor, on Linux.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

FACE_VAE = Path(__file__).parent.parent / "assets" / "face-vae.safetensors"


@dataclass(frozen=True)
class ModelEntry:
    """What is known of a model before it is loaded, and the module whose function loads it.

    That is `load(name, media, source, device, progress) -> LatentModel`, where `source` is the entry's own or
    the one that a person gave in its place. It is imported only then: diffusers takes seconds.
    """

    title: str
    module: str
    media: Media
    source: str | None = None  # where the weights are: a file, a folder or a hub repository id
    listed: bool = True  # in the page's menu
    preview: str | None = None  # name of the model that decodes the same latents far sooner, if less well


def load(
    name: str, device: str | torch.device = "cpu", progress: Progress | None = None, source: str | None = None
) -> LatentModel:
    """Load the model called `name` in MODELS.

    `source` replaces where the weights come from: a file, a folder or a hub repository id, as the family
    reads them. Raises InputError for an unknown name and for weights that are damaged or of another model,
    ModelUnavailableError where the weights cannot be had. The model decodes at once; `speed_up` makes some
    faster.
    """
    if name not in MODELS:
        raise InputError(f"unknown model {name!r}; expected one of {', '.join(MODELS)}")
    entry = MODELS[name]
    loader = importlib.import_module(entry.module).load
    model: LatentModel = loader(
        name, entry.media, source or entry.source, torch.device(device), progress or _silent
    )
    return model


def _silent(fraction: float, message: str) -> None:
    """For callers who do not wait in front of a progress bar."""


_SD, _TINY, _KL = "models.stable_diffusion", "madebyollin/taesd", "stabilityai/sd-vae-ft-mse"
_TINY_TITLE = "Stable Diffusion VAE, tiny (TAESD)"

MODELS: dict[str, ModelEntry] = {
    "face-vae": ModelEntry("Face VAE", "models.face_vae", Picture(128), str(FACE_VAE)),
    "sd-vae-tiny": ModelEntry(f"{_TINY_TITLE}, 512 px", _SD, Picture(512), _TINY),
    "sd-vae-tiny-256": ModelEntry(f"{_TINY_TITLE}, 256 px", _SD, Picture(256), _TINY),
    "sd-vae": ModelEntry("Stable Diffusion VAE, 512 px", _SD, Picture(512), _KL, preview="sd-vae-tiny"),
    "sd-vae-256": ModelEntry(
        "Stable Diffusion VAE, 256 px", _SD, Picture(256), _KL, preview="sd-vae-tiny-256"
    ),
    "toy": ModelEntry("Toy (linear)", "models.toys.vector", Picture(16), listed=False),
    "toy-spatial": ModelEntry("Toy (spatial)", "models.toys.spatial", Picture(64), listed=False),
    "toy-generator": ModelEntry("Toy (no encoder)", "models.toys.generator", Picture(64), listed=False),
    "toy-tokens": ModelEntry("Toy (tokens)", "models.toys.tokens", Picture(64), listed=False),
    "toy-layers": ModelEntry("Toy (layers)", "models.toys.layers", Picture(64), listed=False),
    "toy-sound": ModelEntry("Toy (sound)", "models.toys.sound", Sound(8000, 8000), listed=False),
    "toy-words": ModelEntry("Toy (words)", "models.toys.words", Words((), 6), listed=False),
    "toy-pair": ModelEntry(
        "Toy (pair)", "models.toys.pair", Pair(Picture(64), Words((), 6, 64)), listed=False
    ),
}

"""Stable Diffusion's autoencoders; their scaling factors, dtypes and ways to fail are known only here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from jaxtyping import Float
from torch import Tensor, nn

from models.base import LatentModel, LatentSpace, Progress
from models.errors import InputError
from models.hub import CONFIG, WEIGHTS, locate
from models.media import Media, Picture
from models.network_model import NetworkModel
from models.runtimes.upsampling import FoldedUpsampling

ARCHITECTURES: dict[str, Any] = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}


def load(name: str, media: Media, source: str, device: torch.device, progress: Progress) -> LatentModel:
    """Load from a local folder or a hub repository id whatever of ARCHITECTURES its configuration names.

    Raises ModelUnavailableError where the files cannot be had and InputError where they are damaged or
    belong to another model. Only safetensors are read.
    """
    progress(0.0, f"Looking for {source}")
    folder = locate(source, progress)
    progress(0.5, f"Reading the weights of {source}")
    vae = _read(folder)
    progress(0.8, f"Preparing {source} for {device}")
    model = StableDiffusionVAE(name, vae, media.size, device)
    progress(1.0, f"{source} is ready")
    return model


class StableDiffusionVAE(NetworkModel):
    """AutoencoderKL (Rombach et al. 2022) or AutoencoderTiny (TAESD), as trained for Stable Diffusion.

    Latents are (channels, image_size / 8, image_size / 8) and come scaled to about unit variance. There is no
    prior over them: N(0, I) decodes to noise, because the diffusion model is what knows where images lie.
    """

    def __init__(self, name: str, vae: Any, image_size: int, device: torch.device) -> None:
        self._vae, self._tiny = vae, isinstance(vae, AutoencoderTiny)
        blocks = vae.config.encoder_block_out_channels if self._tiny else vae.config.block_out_channels
        side = image_size // 2 ** (len(blocks) - 1)  # every block but one halves the resolution
        space = LatentSpace(name, (int(vae.config.latent_channels), side, side), ("channel", "row", "column"))
        if not self._tiny and device.type == "cpu":
            _fold_upsampling(vae)
        super().__init__(space, Picture(image_size), Decoder(vae), Encoder(vae), device)

    @property
    def first_layer(self) -> Float[Tensor, "out channels"]:
        """The first 3 x 3 convolution, with the 1 x 1 convolution that AutoencoderKL may have before it.

        TAESD squashes its latents by 3 tanh(z / 3) first, which is linear near 0 only.
        """
        convolution = self._vae.decoder.layers[0] if self._tiny else self._vae.decoder.conv_in
        weight: Tensor = convolution.weight.float().cpu().movedim(1, -1).flatten(0, -2)
        before = None if self._tiny else self._vae.post_quant_conv
        return weight if before is None else weight @ before.weight.float().cpu()[:, :, 0, 0]


class Decoder(nn.Module):
    """Scaled latents → pictures."""

    scale: Tensor
    shift: Tensor

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae
        _keep_scale(self, vae)

    def forward(self, latents: Float[Tensor, "n c lh lw"]) -> Float[Tensor, "n 3 h w"]:
        """Pictures of about [-1, 1]."""
        images: Tensor = self.vae.decode(latents / self.scale + self.shift, return_dict=False)[0]
        return images


class Encoder(nn.Module):
    """Pictures → scaled latents: the posterior's mean, where there is one."""

    scale: Tensor
    shift: Tensor

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae
        _keep_scale(self, vae)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c lh lw"]:
        """Latents of about unit variance; TAESD's are that already (its config says scale 1, shift 0)."""
        (found,) = self.vae.encode(images, return_dict=False)
        latents: Tensor = found if isinstance(found, Tensor) else found.mean
        return (latents - self.shift) * self.scale


def _fold_upsampling(vae: Any) -> None:
    """On a CPU AutoencoderKL decodes 256 px in 9/10 of the time so."""
    for block in vae.decoder.up_blocks:
        if block.upsamplers:
            block.upsamplers[0] = FoldedUpsampling(block.upsamplers[0].conv)


def _keep_scale(network: nn.Module, vae: Any) -> None:
    """In its state, which tells a network from another."""
    network.register_buffer("scale", torch.tensor(float(vae.config.scaling_factor)))
    network.register_buffer("shift", torch.tensor(float(vae.config.get("shift_factor") or 0)))


def _read(folder: Path) -> Any:
    """The autoencoder in `folder`, in fp32; InputError unless its files are whole and of ARCHITECTURES."""
    try:
        architecture = json.loads((folder / CONFIG).read_text())["_class_name"]
    except (ValueError, KeyError, TypeError):
        architecture = "a damaged file"
    if architecture not in ARCHITECTURES:
        expected = f"expected a diffusers {' or '.join(ARCHITECTURES)}"
        raise InputError(f"{folder / CONFIG}: {expected}, got {architecture}")
    try:
        # No torch_dtype: diffusers would change PyTorch's default dtype meanwhile, for all threads.
        vae, info = ARCHITECTURES[architecture].from_pretrained(
            folder, use_safetensors=True, low_cpu_mem_usage=False, output_loading_info=True
        )
    except Exception as error:  # diffusers passes on whatever safetensors, json and torch raise
        raise _not_the_weights(folder, architecture, f"a damaged file ({type(error).__name__})") from error
    absent = [*info["missing_keys"], *info["mismatched_keys"]]
    if absent:  # diffusers would go on with random numbers here
        raise _not_the_weights(folder, architecture, f"none for {len(absent)} tensors, such as {absent[0]}")
    return vae


def _not_the_weights(folder: Path, architecture: str, found: str) -> InputError:
    return InputError(
        f"{folder / WEIGHTS}: expected the weights of the {architecture} that {CONFIG} describes, "
        f"got {found}; download them again or name another folder"
    )

"""Stable Diffusion's autoencoders; their scaling factors, dtypes and ways to fail are known only here."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from jaxtyping import Float
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.errors import InputError
from models.hub import CONFIG, WEIGHTS, locate
from models.media import Media, Picture
from models.runtimes.noise import noise
from models.runtimes.policy import TILED, Choice, Decode, Make, Policy, choose, policy
from models.runtimes.tiny_int8 import TinyInt8Decoder
from models.runtimes.upsampling import FoldedUpsampling

ARCHITECTURES: dict[str, Any] = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
LEAN = 512  # pixels a side from which pictures leave room for it: renderings 48 dB, photographs 40 to 48
PROBE = 128  # pixels a side of the picture by which the way is judged that is there at once


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


class StableDiffusionVAE(LatentModel):
    """AutoencoderKL (Rombach et al. 2022) or AutoencoderTiny (TAESD), as trained for Stable Diffusion.

    Latents are (channels, image_size / 8, image_size / 8) and come scaled to about unit variance. There is no
    prior over them: N(0, I) decodes to noise, because the diffusion model is what knows where images lie.
    """

    def __init__(self, name: str, vae: Any, image_size: int, device: torch.device) -> None:
        self.device, here = device, policy(device)
        self._tiny = isinstance(vae, AutoencoderTiny)
        self._scale = float(vae.config.scaling_factor)
        self._shift = float(vae.config.get("shift_factor") or 0)
        blocks = vae.config.encoder_block_out_channels if self._tiny else vae.config.block_out_channels
        side = image_size // 2 ** (len(blocks) - 1)  # every block but one halves the resolution
        shape = (int(vae.config.latent_channels), side, side)
        self.space = LatentSpace(name, shape, ("channel", "row", "column"))
        self.media = Picture(image_size)
        if image_size > TILED:
            vae.enable_tiling()
        if here.folds_upsampling and not self._tiny:
            _fold_upsampling(vae)
        self._vae = vae.eval().requires_grad_(False).to(device, memory_format=here.layout)
        self.dtype, self._layout = torch.float32, here.layout
        self._faster: Callable[[], Choice] | None = None
        self._choose_way(here)

    def _choose_way(self, here: Policy) -> None:
        """Decode in the device's dtype, and note what it takes to be faster still."""
        vae, name, size = self._vae, self.space.name, self.media.size
        fast = copy.deepcopy(vae).to(here.dtype)
        in_bytes = _in_bytes(vae, here.dtype, size) if self._tiny else {}
        ways = here.ways(self.space, self.media, lambda: self._decoding(fast, here.dtype), in_bytes)
        at_once = {way: make for way, make in ways.items() if way == here.name}
        exact = self._decoding(vae, torch.float32)
        choice = choose(name, at_once, exact, self._probe(min(size, PROBE)))
        self._take(choice)
        if choice.way != "fp32":
            self._vae, self.dtype = fast, here.dtype
        if len(ways) > len(at_once):
            self._faster = lambda: choose(name, ways, exact, self._probe(size))

    def _probe(self, size: int) -> Float[Tensor, "1 c h w"]:
        """The latent by which ways of decoding are judged, as the network takes it."""
        with torch.no_grad():
            return self._encode(_picture(size).to(self.device)) / self._scale + self._shift

    def speed_up(self) -> None:
        """Go over to bytes or CUDA graphs, which take seconds to make."""
        faster, self._faster = self._faster, None  # it holds the weights in float32
        if faster:
            self._take(faster())

    @property
    def first_layer(self) -> Float[Tensor, "out channels"]:
        """The first 3 x 3 convolution, with the 1 x 1 convolution that AutoencoderKL may have before it.

        TAESD squashes its latents by 3 tanh(z / 3) first, which is linear near 0 only.
        """
        convolution = self._vae.decoder.layers[0] if self._tiny else self._vae.decoder.conv_in
        weight: Tensor = convolution.weight.float().cpu().movedim(1, -1).flatten(0, -2)
        before = None if self._tiny else self._vae.post_quant_conv
        return weight if before is None else weight @ before.weight.float().cpu()[:, :, 0, 0]

    def _encode(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c lh lw"]:
        output = self._vae.encode(self._prepare(images))
        # TAESD's raw latents are the other model's scaled ones already (its config says scale 1, shift 0).
        latents = output.latents if self._tiny else output.latent_dist.mean
        scaled: Tensor = (latents.float() - self._shift) * self._scale
        return scaled

    def _decode(self, latents: Float[Tensor, "n c lh lw"]) -> Float[Tensor, "n 3 h w"]:
        images: Tensor = self._chosen(latents / self._scale + self._shift)
        return images

    def _take(self, choice: Choice) -> None:
        self._chosen, self.precision = choice.decode, choice.remark

    def _prepare(self, batch: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        return batch.to(self.dtype).contiguous(memory_format=self._layout)

    def _decoding(self, vae: Any, dtype: torch.dtype) -> Decode:
        layout = self._layout  # and no self within: a model that is unloaded goes at once, without a cycle

        def decode(latents: Float[Tensor, "n c lh lw"]) -> Float[Tensor, "n 3 h w"]:
            image: Tensor = vae.decode(latents.to(dtype).contiguous(memory_format=layout)).sample
            return image

        return decode


def _in_bytes(vae: Any, dtype: torch.dtype, image_size: int) -> dict[str, Make]:
    """The tiny autoencoder's ways of decoding with bytes, fastest first."""
    layers = vae.decoder.layers
    lean: dict[str, Make] = {"lean int8": lambda: TinyInt8Decoder(layers, dtype, lean=True)}
    return (lean if image_size >= LEAN else {}) | {"int8": lambda: TinyInt8Decoder(layers, dtype)}


def _fold_upsampling(vae: Any) -> None:
    """On a CPU, in bf16, AutoencoderKL decodes 256 px in 9/10 of the time so."""
    for block in vae.decoder.up_blocks:
        if block.upsamplers:
            block.upsamplers[0] = FoldedUpsampling(block.upsamplers[0].conv)


def _picture(size: int) -> Float[Tensor, "1 3 size size"]:
    """A colourful picture in [-1, 1]: noise of spectrum 1 / f^1.5, as hard to decode well as photographs."""
    planes = noise(1, 4, size, 1.5)
    planes = (planes - planes.mean((2, 3), keepdim=True)) / planes.std((2, 3), keepdim=True)
    grey, tints = planes[:, :1], planes[:, 1:]
    picture: Tensor = (0.4 * (grey + tints)).clamp(-1, 1)
    return picture


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

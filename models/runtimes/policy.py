"""How models run on a device, decided here only: the fastest way whose pictures stay close to float32's.

docs/performance.md has the measurements behind it, and why torch.compile is not among the ways.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentSpace
from models.media import Media
from models.runtimes.graphs import GraphedDecoder, batches

log = logging.getLogger(__name__)

CLOSE = 40.0  # dB of PSNR that a faster way of decoding must reach against float32
TILED = 768  # pixels a side above which a picture is decoded in overlapping tiles, for its memory

Decode = Callable[[Tensor], Tensor]
Make = Callable[[], Decode]


@dataclass(frozen=True)
class Policy:
    """What a device does fast."""

    device: torch.device
    dtype: torch.dtype  # of floating-point weights and activations
    layout: torch.memory_format  # of pictures
    bytes: bool  # convolutions of 8 bits beat all others
    folds_upsampling: bool  # so does a convolution at the resolution before an enlargement
    graphs: bool  # small batches wait for the launching of kernels

    @property
    def name(self) -> str:
        """Of the dtype, as people write it."""
        return {torch.bfloat16: "bf16", torch.float16: "fp16"}.get(self.dtype, "fp32")

    def ways(
        self, space: LatentSpace, media: Media, in_dtype: Make, in_bytes: Mapping[str, Make]
    ) -> dict[str, Make]:
        """What makes each way of decoding that is faster than float32 here, fastest first, for `choose`."""
        ways = dict(in_bytes) if self.bytes else {}
        if self.graphs and batches(media):
            ways[f"{self.name} in CUDA graphs"] = lambda: GraphedDecoder(
                in_dtype(), space, media, self.device
            )
        if self.dtype != torch.float32:
            ways[self.name] = in_dtype
        return ways


def policy(device: torch.device) -> Policy:
    """What `device` does fast, by what it multiplies natively.

    Emulated bf16 is no gain: on a CPU without it a convolution took 2.5 (AVX-512) to 5.4 (AVX2) times as long
    as in float32, and PyTorch reports older GPUs as supporting it too.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        dtype = torch.bfloat16 if native else torch.float16
        return Policy(device, dtype, torch.channels_last, bytes=False, folds_upsampling=False, graphs=True)
    if device.type == "cpu":
        has = torch.cpu.get_capabilities()
        native = bool(has.get("avx512_bf16") or has.get("amx_bf16"))
        dtype = torch.bfloat16 if native else torch.float32
        in_bytes = bool(has.get("avx512_vnni") or has.get("amx_int8"))
        return Policy(device, dtype, torch.channels_last, in_bytes, folds_upsampling=True, graphs=False)
    # On MPS PyTorch's channels-last kernels have a history of silent errors.
    layout = torch.contiguous_format
    return Policy(device, torch.float32, layout, bytes=False, folds_upsampling=False, graphs=False)


@dataclass(frozen=True)
class Choice:
    """A way of decoding that was found good."""

    way: str  # of the ways' names, or fp32
    decode: Decode
    remark: str  # what the page says about it: the way, and which faster one was refused


def choose(
    model: str, ways: Mapping[str, Make], exact: Decode, latents: Float[Tensor, "n *latent"]
) -> Choice:
    """The first of `ways` that decodes `latents` to pictures CLOSE to those of `exact`, else `exact`.

    Ways come fastest first and are made only when they are tried. One that this PyTorch or processor cannot
    run counts as refused.
    """
    if not ways:
        return Choice("fp32", exact, "fp32")
    refused: list[str] = []
    with torch.no_grad():
        reference = exact(latents)
    for way, make in ways.items():
        try:
            with torch.no_grad():
                decode = make()
                found = closeness(decode(latents), reference)
        except (RuntimeError, AttributeError) as error:  # PyTorch's answers to an operation it does not have
            reason = f"{way} does not run here"
            log.warning("%s: %s: %s", model, reason, error)
        else:
            if found >= CLOSE:
                log.info("%s decodes in %s, %.1f dB from fp32", model, way, found)
                return Choice(way, decode, "; ".join([way, *refused]))
            reason = f"{way} is only {found:.0f} dB from fp32"
            log.warning("%s: %s, at least %.0f wanted", model, reason, CLOSE)
        refused.append(reason)
    return Choice("fp32", exact, "; ".join(["fp32", *refused]))


def closeness(images: Float[Tensor, "n 3 h w"], reference: Float[Tensor, "n 3 h w"]) -> float:
    """PSNR in dB between images in [-1, 1], which are clamped first; the worst of the batch counts."""
    difference = images.float().clamp(-1, 1) - reference.float().clamp(-1, 1)
    error = float(difference.square().flatten(1).mean(1).max())
    if math.isnan(error):
        return -math.inf
    return 10 * math.log10(4 / error) if error > 0 else math.inf

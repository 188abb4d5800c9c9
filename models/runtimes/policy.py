"""What a device does fast, decided here only. docs/performance.md has the measurements behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

CORES = torch.get_num_threads()  # before anybody sets another number
SMALL = 3 * 128**2  # numbers of a value up to which a frame takes so little that every core does not pay


@dataclass(frozen=True)
class Policy:
    """What a device does fast."""

    device: torch.device
    dtype: torch.dtype  # of floating-point weights and activations, where pictures are seen in passing
    layout: torch.memory_format  # of pictures
    compiles: bool  # networks are compiled by OpenVINO, and multiply bytes
    graphs: bool  # small batches wait for the launching of kernels

    @property
    def name(self) -> str:
        """Of the dtype, as people write it."""
        return {torch.bfloat16: "bf16", torch.float16: "fp16"}.get(self.dtype, "fp32")


def policy(device: torch.device) -> Policy:
    """What `device` does fast, by what it multiplies natively.

    Emulated bf16 is no gain: on a CPU without it a convolution took 2.5 (AVX-512) to 5.4 (AVX2) times as long
    as in float32, and PyTorch reports older GPUs as supporting it too.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        dtype = torch.bfloat16 if native else torch.float16
        return Policy(device, dtype, torch.channels_last, compiles=False, graphs=True)
    if device.type == "cpu":
        has = torch.cpu.get_capabilities()
        native = bool(has.get("avx512_bf16") or has.get("amx_bf16"))
        dtype = torch.bfloat16 if native else torch.float32
        return Policy(device, dtype, torch.channels_last, compiles=True, graphs=False)
    # On MPS PyTorch's channels-last kernels have a history of silent errors.
    return Policy(device, torch.float32, torch.contiguous_format, compiles=False, graphs=False)


def threads(shape: tuple[int, ...]) -> int:
    """How many of a CPU's threads pay for values of this shape.

    A thread that waits for a core which the server or a browser is using holds up all others. Measured on
    two cores at 128 px, Chromium beside it: one thread 45 frames a second, two 36.
    """
    return CORES if math.prod(shape) > SMALL else max(1, CORES - 1)

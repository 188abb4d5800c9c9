"""Which processor a figure is of: the same code is twice as fast on one as on another."""

from __future__ import annotations

import torch

SETS = {
    "amx_int8": "AMX",
    "avx512_bf16": "AVX512-BF16",
    "avx512_vnni": "AVX512-VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512_f": "AVX512",
    "avx2": "AVX2",
}
VNNI = ("avx512_vnni", "avx_vnni", "amx_int8")  # bytes are multiplied natively


def has_vnni() -> bool:
    """Whether this one multiplies bytes natively."""
    return any(torch.cpu.get_capabilities().get(name) for name in VNNI)


def processor() -> str:
    """Its name and the best of its instruction sets, and the GPU where there is one."""
    has = torch.cpu.get_capabilities()
    sets = [title for name, title in SETS.items() if has.get(name)][:3]
    gpu = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    return ", ".join([str(has.get("cpu_name", has["architecture"])), *sets, *gpu])

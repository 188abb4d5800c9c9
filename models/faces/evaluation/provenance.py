"""What was measured: the weights file, how it came to be, and the machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

PARTS = (
    "backdrop",
    "clothes",
    "skin",
    "hair",
    "mouth",
    "brow",
    "eye",
    "glasses",
)  # models.faces.world.renderer.Part


def describe_weights(path: Path) -> dict[str, Any]:
    """File name, size, hash, numbers of parameters and latent dimensions."""
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
        sizes = {name: file.get_tensor(name).numel() for name in names}
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "encoder_parameters": sum(size for name, size in sizes.items() if name.startswith("encoder.")),
        "decoder_parameters": sum(size for name, size in sizes.items() if name.startswith("decoder.")),
    }


def describe_training(path: Path) -> str:
    """What training wrote into the weights file, as markdown; says so where it wrote nothing."""
    with safe_open(path, framework="pt") as file:
        history = json.loads((file.metadata() or {}).get("training", "{}"))
    if not history:
        return "The weights file does not say how it was trained."
    if "part_weights" in history:
        weights = zip(PARTS, history["part_weights"], strict=True)
        history["part_weights"] = ", ".join(f"{part} {weight:g}" for part, weight in weights)
    names = {name: name.replace("_", " ") for name in history}
    return "\n".join(
        f"- {names[name]}: {_show(value)}" for name, value in history.items() if value is not None
    )


def _show(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def describe_machine() -> str:
    """Processor, cores that this process may use, and PyTorch."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    return f"{processor}, {len(os.sched_getaffinity(0))} cores, PyTorch {torch.__version__}"

"""Decoders in bytes that come beside the weights: fitting one takes half a minute, reading one no time."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from models.runtimes.building import Plan
from models.runtimes.compiled import compiled_for, digest, openvino

log = logging.getLogger(__name__)

FORMAT = "latent-explorer/quantised/1"
PARTS = ("network.xml", "network.bin")  # of OpenVINO's own format


def beside(weights: Path) -> Path:
    """Where the quantised decoder of a file of weights is, if there is one."""
    return weights.with_suffix(".int8.safetensors")


def write(path: Path, network: nn.Module, quantised: Any) -> None:
    """Keep OpenVINO's model of what a network is in bytes, as safetensors; any processor can compile it."""
    with tempfile.TemporaryDirectory() as folder:
        openvino().save_model(quantised, Path(folder) / PARTS[0])
        parts = {name: np.fromfile(Path(folder) / name, np.uint8) for name in PARTS}
    tensors = {name: torch.from_numpy(part) for name, part in parts.items()}
    save_file(tensors, path, {"format": FORMAT, "weights": digest(network)})


def shipped(plan: Plan) -> bytes | None:
    """The blob of a plan's decoder in bytes, compiled from its file for this processor.

    None, with a line in the log, where the file is damaged or of other weights; without one if there is none.
    """
    if plan.quantised is None or not plan.quantised.exists():
        return None
    try:
        xml, weights = _read(plan.quantised, plan.decoder)
        model = openvino().Core().read_model(xml, openvino().Tensor(weights))
        return compiled_for(plan.target("int8"), model).blob
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        log.warning("%s could not be used, and is made anew: %s", plan.quantised, error)
        return None


def _read(path: Path, network: nn.Module) -> tuple[bytes, np.ndarray]:
    with safe_open(path, framework="np") as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise ValueError(f"expected format {FORMAT!r}, found {metadata.get('format')!r}")
        if metadata.get("weights") != digest(network):
            raise ValueError("it is of other weights")
        xml, weights = (file.get_tensor(name) for name in PARTS)
    return xml.tobytes(), weights

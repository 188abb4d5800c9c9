"""Networks compiled by OpenVINO for the processor of this machine."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import threading
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RuntimeMissingError(RuntimeError):
    """OpenVINO is not here or does not run; the text says why."""


@cache
def openvino() -> Any:
    """The library; asked for before NNCF. Raises RuntimeMissingError, whatever it fails with.

    Its telemetry asks other hosts: without that package both it and NNCF do without.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino as library

        library.Core().get_property("CPU", "FULL_DEVICE_NAME")
    except Exception as error:  # a wheel for another platform fails in ways of its own
        raise RuntimeMissingError(f"OpenVINO does not run here: {error}") from error
    return library


@dataclass(frozen=True)
class Target:
    """What a network is compiled for, besides the processor."""

    precision: str  # f32 or bf16, of what is not in bytes already
    threads: int

    @property
    def settings(self) -> dict[str, object]:
        """One call at a time, on threads that the scheduler may move: others need the cores too."""
        return {
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": self.threads,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
        }


class Compiled:
    """A compiled network. Any thread may call it; one at a time does."""

    def __init__(self, network: Any, nbytes: int) -> None:
        """`network` is OpenVINO's, of one input and one output; it holds about so many bytes of weights."""
        self.nbytes = nbytes
        self._network, self._request = network, network.create_infer_request()
        self._lock = threading.Lock()
        self._shape = [side.get_length() for side in list(network.output(0).partial_shape)[1:]]

    @property
    def blob(self) -> bytes:
        """It as bytes, for `read`."""
        exported: bytes = self._network.export_model().getvalue()
        return exported

    def __call__(self, values: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """What the network makes of a batch, float32 on the CPU; nothing is copied on the way."""
        library, values = openvino(), values.contiguous()
        answer = torch.empty(len(values), *self._shape)
        with self._lock:
            self._request.set_input_tensor(library.Tensor(values.numpy(), shared_memory=True))
            self._request.set_output_tensor(library.Tensor(answer.numpy(), shared_memory=True))
            self._request.infer()
        return answer


def convert(network: nn.Module, shape: tuple[int, ...]) -> Any:
    """OpenVINO's model of a network that takes batches of `shape`, of any length."""
    rows = {0: torch.export.Dim("n", min=1)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what OpenVINO asks PyTorch
        exported = torch.export.export(network, (torch.zeros(2, *shape),), dynamic_shapes=(rows,))
        model = openvino().convert_model(exported)
    model.reshape([-1, *shape])
    return model


def compiled_for(target: Target, model: Any) -> Compiled:
    """Compile a model of OpenVINO's. Raises RuntimeError where this processor cannot run it."""
    constants = [op for op in model.get_ops() if op.get_type_name() == "Constant"]
    nbytes = sum(op.data.nbytes for op in constants)
    return Compiled(openvino().Core().compile_model(model, "CPU", target.settings), nbytes)


def read(target: Target, blob: bytes) -> Compiled:
    """What was compiled before, of its `blob`. Raises RuntimeError where it cannot be read."""
    network = openvino().Core().import_model(io.BytesIO(blob), "CPU", target.settings)
    return Compiled(network, len(blob))


def fingerprint(network: nn.Module, shape: tuple[int, ...], target: Target, way: str) -> str:
    """All that a compiled network depends on, as text: of the network its description, state and input."""
    core, library = openvino().Core(), openvino().__version__
    processor = [core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    return json.dumps([library, processor, target.precision, target.threads, shape, way, digest(network)])


def digest(network: nn.Module) -> str:
    """Of a network's description and state."""
    weights = hashlib.blake2b(repr(network).encode())
    for name, tensor in network.state_dict().items():
        weights.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return weights.hexdigest()

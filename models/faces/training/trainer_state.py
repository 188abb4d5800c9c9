"""What training carries from step to step, and its checkpoint: safetensors only, no pickle."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models.errors import InputError
from models.face_network import FaceVAENetwork

FORMAT = "latent-explorer/face-training/1"
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # AdamW's state of a parameter


class Learner(nn.Module):
    """The network and, where the pictures have labels, the linear readout of them; only the network ships."""

    def __init__(self, network: FaceVAENetwork, labels: int) -> None:
        super().__init__()
        self.network = network
        self.readout = nn.Linear(network.config.latent_dim, labels) if labels else None


@dataclass
class TrainerState:
    """What learns, its optimiser, the running average of its weights, and how far training has come."""

    learner: Learner
    optimizer: torch.optim.AdamW
    step: int = 0
    images: int = 0
    elapsed: float = 0.0  # seconds of training, resumed runs together
    start: str = ""  # what the first weights were
    average: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.average = {name: p.detach().clone() for name, p in self.learner.named_parameters()}

    def update_average(self, decay: float) -> None:
        """Move the average to decay * average + (1 - decay) * weights (Polyak & Juditsky 1992)."""
        weights = [p.detach() for p in self.learner.parameters()]
        torch._foreach_lerp_(list(self.average.values()), weights, 1 - decay)

    def averaged(self) -> FaceVAENetwork:
        """A copy of the network that holds the averaged weights."""
        learner = copy.deepcopy(self.learner)
        learner.load_state_dict(self.average)
        return learner.network


def write_checkpoint(state: TrainerState, path: Path) -> None:
    """Write beside the target, then rename: a killed run leaves the previous checkpoint whole."""
    tensors = {f"average/{name}": tensor for name, tensor in state.average.items()}
    for name, parameter in state.learner.named_parameters():
        tensors[f"weights/{name}"] = parameter.detach()
        for moment in _MOMENTS:
            if parameter in state.optimizer.state:
                tensors[f"{moment}/{name}"] = state.optimizer.state[parameter][moment]
    metadata = {
        "format": FORMAT,
        "step": str(state.step),
        "images": str(state.images),
        "elapsed": str(state.elapsed),
        "start": state.start,
    }
    temporary = path.with_name(f".{path.name}.part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata)
    temporary.replace(path)


def read_checkpoint(state: TrainerState, path: Path) -> None:
    """Continue from a checkpoint, in place; raises InputError where it is damaged or of another network."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise InputError(f"{path}: expected format {FORMAT!r}, found {metadata.get('format')!r}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: expected a whole training checkpoint: {error}") from error
    for name, parameter in state.learner.named_parameters():
        found = tuple(tensors[f"weights/{name}"].shape) if f"weights/{name}" in tensors else None
        if found != tuple(parameter.shape):
            raise InputError(f"{path}: expected {name} of shape {tuple(parameter.shape)}, found {found}")
        parameter.data.copy_(tensors[f"weights/{name}"])
        state.average[name].copy_(tensors[f"average/{name}"])
        if f"exp_avg/{name}" in tensors:
            moments = {moment: tensors[f"{moment}/{name}"] for moment in _MOMENTS}
            for moment in ("exp_avg", "exp_avg_sq"):
                # In the parameter's own memory layout, else every later step is slow.
                moments[moment] = torch.empty_like(parameter).copy_(moments[moment])
            state.optimizer.state[parameter] = moments
    state.step, state.images = int(metadata["step"]), int(metadata["images"])
    state.elapsed, state.start = float(metadata["elapsed"]), metadata["start"]

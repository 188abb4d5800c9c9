"""The face VAE: a convolutional variational autoencoder with a vector latent, small enough to ship."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.base import LatentModel, LatentSpace, Progress
from models.errors import InputError, ModelUnavailableError
from models.face_network import IMAGE_SIZE, FaceVAEConfig, FaceVAENetwork, PosteriorMean
from models.media import Media, Picture
from models.network_model import NetworkModel
from models.priors import StandardNormal
from models.runtimes.shipped import beside

FORMAT = "latent-explorer/face-vae/1"
NAME, MEDIA = "face-vae", Picture(IMAGE_SIZE)  # of a network by itself, before an entry of MODELS has it


def load(name: str, media: Media, source: str, device: torch.device, progress: Progress) -> LatentModel:
    """The face VAE of a file; raises ModelUnavailableError without one, else as `FaceVAE.load`."""
    assert media.shape == MEDIA.shape  # the network draws pictures of this size only
    path = Path(source)
    if not path.is_file():
        raise ModelUnavailableError(
            f"The face VAE's weights are not at {path}: restore assets/face-vae.safetensors from the "
            "repository, or give the path of a safetensors file that you trained."
        )
    progress(0.0, "Reading the face VAE's weights")
    model = FaceVAE(read_network(path), device, name, media, beside(path))
    progress(1.0, "The face VAE is ready")
    return model


class FaceVAE(NetworkModel):
    """A trained face VAE; its latents are N(0, I) by the KL term of its training (Kingma & Welling 2014)."""

    def __init__(
        self,
        network: FaceVAENetwork,
        device: torch.device | str = "cpu",
        name: str = NAME,
        media: Media = MEDIA,
        quantised: Path | None = None,
    ) -> None:
        """`quantised` is where its decoder in bytes may be."""
        shape = (network.config.latent_dim,)
        space = LatentSpace(name, shape, ("dim",), StandardNormal(shape))
        encoder = PosteriorMean(network.encoder)
        super().__init__(space, media, network.decoder, encoder, torch.device(device), quantised)
        self._network = network

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read weights that `save` wrote.

        Raises InputError that names the file, what was expected and what came, for a missing, truncated or
        foreign file and for weights of the wrong shape.
        """
        return cls(read_network(path), device)

    def save(self, path: Path, training: Mapping[str, object] | None = None) -> None:
        """Write the weights in half precision with their configuration, as safetensors.

        `training` says how they came to be; it is kept as JSON in the file's metadata.
        """
        weights = {name: tensor.half().contiguous() for name, tensor in self._network.state_dict().items()}
        metadata = {"format": FORMAT, "config": json.dumps(asdict(self._network.config))}
        metadata["training"] = json.dumps(dict(training or {}))
        save_file(weights, path, metadata)

    def posterior(
        self, images: Float[Tensor, "n 3 h w"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Mean and log variance of q(z | image); images as for `encode`."""
        with torch.inference_mode():
            mean, log_variance = self._network.encoder(images.to(self.device))
        return mean.cpu(), log_variance.cpu()

    @property
    def first_layer(self) -> Float[Tensor, "out d"]:
        """Both maps that take the latent: to the coarsest feature map, and to the linear thumbnail."""
        decoder = self._network.decoder
        return torch.cat([decoder.project.weight, decoder.linear.weight]).float().cpu()


def read_network(path: Path) -> FaceVAENetwork:
    """The network of a weights file, ready to train on; raises what `FaceVAE.load` raises."""
    weights, config = _read(Path(path))
    network = FaceVAENetwork(config)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise InputError(
                f"{path}: expected {name} of shape {expected.get(name)}, found {found.get(name)}"
            )
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network


def _read(path: Path) -> tuple[dict[str, Tensor], FaceVAEConfig]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise InputError(f"{path}: expected format {FORMAT!r}, found {metadata.get('format')!r}")
            values: dict[str, Any] = json.loads(metadata["config"])
            sizes: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            config = FaceVAEConfig(**sizes)
            return {name: file.get_tensor(name) for name in file.keys()}, config  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: expected a whole safetensors file of a face VAE: {error}") from error
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: expected a face VAE configuration in the metadata: {error!r}") from error

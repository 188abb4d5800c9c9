"""The face VAE: a convolutional variational autoencoder with a vector latent, small enough to ship."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models.base import LatentModel, LatentSpace

FORMAT = "latent-explorer/face-vae/1"
IMAGE_SIZE = 128
PATCH = 4  # pixels: all convolutions work on 4 x 4 patches, at 32 x 32 and below
THUMB = 32  # pixels of the linear path's picture
COARSE = 8  # cells a side of the coarsest level


@dataclass(frozen=True)
class FaceVAEConfig:
    """The network's size: latent dimensions, and channels at 32 x 32, 16 x 16 and 8 x 8."""

    latent_dim: int = 128
    encoder: tuple[int, int, int] = (48, 96, 160)
    decoder: tuple[int, int, int] = (64, 128, 160)
    bottleneck: tuple[int, int] = (32, 128)  # channels between the coarsest level and the latent, in and out

    def __post_init__(self) -> None:
        for name, length in (("encoder", 3), ("decoder", 3), ("bottleneck", 2)):
            _check_sizes(name, getattr(self, name), length)
        _check_sizes("latent_dim", (self.latent_dim,), 1)


def _check_sizes(name: str, sizes: object, length: int) -> None:
    if not (
        isinstance(sizes, tuple) and len(sizes) == length and all(type(s) is int and s > 0 for s in sizes)
    ):
        raise ValueError(
            f"face VAE configuration: expected {length} positive integers for {name}, got {sizes}"
        )


def _start_at_zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class ResidualBlock(nn.Module):
    """x + conv(silu(conv(silu(x)))).

    The last convolution starts at zero, so a deep stack starts as the identity and needs no normalisation
    (Zhang et al. 2019, Fixup).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        _start_at_zero(self.second)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Same shape out as in."""
        out: Tensor = x + self.second(F.silu(self.first(F.silu(x))))
        return out


class Encoder(nn.Module):
    """Image → mean and log variance of the posterior; a linear path from a thumbnail carries the mean."""

    def __init__(self, config: FaceVAEConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.encoder
        self.stem = nn.Conv2d(3 * PATCH**2, fine, 3, padding=1)
        self.fine = ResidualBlock(fine)
        self.to_middle = nn.Conv2d(4 * fine, middle, 1)
        self.middle = ResidualBlock(middle)
        self.to_coarse = nn.Conv2d(4 * middle, coarse, 1)
        self.coarse = nn.ModuleList(ResidualBlock(coarse) for _ in range(2))
        self.bottleneck = nn.Conv2d(coarse, config.bottleneck[0], 1)
        self.posterior = nn.Linear(config.bottleneck[0] * COARSE**2, 2 * config.latent_dim)
        self.linear = nn.Linear(3 * THUMB**2, config.latent_dim)
        _start_at_zero(self.posterior)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Images in [-1, 1] of IMAGE_SIZE pixels a side."""
        x = self.fine(self.stem(F.pixel_unshuffle(images, PATCH)))
        x = self.middle(self.to_middle(F.pixel_unshuffle(x, 2)))
        x = self.to_coarse(F.pixel_unshuffle(x, 2))
        for block in self.coarse:
            x = block(x)
        x = self.bottleneck(F.silu(x)).flatten(1)
        mean, log_variance = self.posterior(x).float().chunk(2, dim=1)
        thumbs = F.avg_pool2d(images, IMAGE_SIZE // THUMB).flatten(1)
        return mean + self.linear(thumbs).float(), log_variance.clamp(-12, 4)


class Decoder(nn.Module):
    """Latent → image: a linear thumbnail, enlarged, plus what the convolutions add at full resolution."""

    def __init__(self, config: FaceVAEConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.decoder
        latent = config.latent_dim
        self.project = nn.Linear(latent, config.bottleneck[1] * COARSE**2)
        self.to_coarse = nn.Conv2d(config.bottleneck[1], coarse, 1)
        self.coarse = nn.ModuleList(ResidualBlock(coarse) for _ in range(2))
        self.to_middle = nn.Conv2d(coarse, 4 * middle, 1)
        self.middle = nn.ModuleList(ResidualBlock(middle) for _ in range(2))
        self.to_fine = nn.Conv2d(middle, 4 * fine, 1)
        self.fine = nn.ModuleList(ResidualBlock(fine) for _ in range(2))
        self.head = nn.Conv2d(fine, 3 * PATCH**2, 3, padding=1)
        self.linear = nn.Linear(latent, 3 * THUMB**2)
        _start_at_zero(self.head)

    def forward(self, latents: Float[Tensor, "n d"]) -> Float[Tensor, "n 3 h w"]:
        """Images of about [-1, 1]; a few values leave it."""
        x = self.to_coarse(self.project(latents).unflatten(1, (-1, COARSE, COARSE)))
        for block in self.coarse:
            x = block(x)
        x = F.pixel_shuffle(self.to_middle(x), 2)
        for block in self.middle:
            x = block(x)
        x = F.pixel_shuffle(self.to_fine(x), 2)
        for block in self.fine:
            x = block(x)
        detail = F.pixel_shuffle(self.head(F.silu(x)), PATCH)
        thumbs = self.linear(latents).unflatten(1, (3, THUMB, THUMB))
        return detail + F.interpolate(thumbs, size=IMAGE_SIZE, mode="bilinear")


class FaceVAENetwork(nn.Module):
    """Encoder and decoder of one configuration."""

    def __init__(self, config: FaceVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)


class FaceVAE(LatentModel):
    """A trained face VAE; its latents are N(0, I) by the KL term of its training (Kingma & Welling 2014)."""

    def __init__(self, network: FaceVAENetwork, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.space = LatentSpace("face-vae", (network.config.latent_dim,), IMAGE_SIZE, "normal")
        self._network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._network.eval().requires_grad_(False)
        # A third faster at batch 1 where the processor multiplies bfloat16 itself, and 65 dB from float32.
        dtype = torch.bfloat16 if self.device.type == "cpu" and _native_bfloat16() else torch.float32
        self._decoder = copy.deepcopy(network.decoder).to(dtype)

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read weights that `save` wrote.

        Raises ValueError that names the file, what was expected and what came, for a missing, truncated or
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

    def _encode(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        mean: Tensor = self._network.encoder(images)[0]
        return mean

    def _decode(self, latents: Float[Tensor, "n d"]) -> Float[Tensor, "n 3 h w"]:
        images: Tensor = self._decoder(latents.to(self._decoder.linear.weight.dtype))
        return images


def read_network(path: Path) -> FaceVAENetwork:
    """The network of a weights file, ready to train on; raises what `FaceVAE.load` raises."""
    weights, config = _read(Path(path))
    network = FaceVAENetwork(config)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ValueError(
                f"{path}: expected {name} of shape {expected.get(name)}, found {found.get(name)}"
            )
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network


def _native_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _read(path: Path) -> tuple[dict[str, Tensor], FaceVAEConfig]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(f"{path}: expected format {FORMAT!r}, found {metadata.get('format')!r}")
            values: dict[str, Any] = json.loads(metadata["config"])
            sizes: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            config = FaceVAEConfig(**sizes)
            return {name: file.get_tensor(name) for name in file.keys()}, config  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: expected a whole safetensors file of a face VAE: {error}") from error
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: expected a face VAE configuration in the metadata: {error!r}") from error

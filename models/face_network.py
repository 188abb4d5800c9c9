"""The face VAE's network: convolutions on patches between an image and a vector latent."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from models.errors import InputError

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
        raise InputError(
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


class PosteriorMean(nn.Module):
    """Image → mean of the posterior: the latent."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Images as for the encoder."""
        mean: Tensor = self.encoder(images)[0]
        return mean


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

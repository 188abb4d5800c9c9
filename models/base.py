"""The two abstractions every generative model is adapted to once: a latent space and a model over it."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

Progress = Callable[[float, str], None]
"""Called while a model loads: fraction done in [0, 1] and one sentence for the person who waits."""


class ModelUnavailableError(RuntimeError):
    """The model's weights cannot be had here; the text says why and names the way out."""


@dataclass(frozen=True)
class LatentSpace:
    """What a model's latents are, without the model itself."""

    name: str
    shape: tuple[int, ...]  # of one latent: (128,) or (4, 64, 64)
    image_size: int  # pixels; height = width
    prior: Literal["normal", "none"]  # does N(0, I) decode to plausible images?

    def check(self, latents: Tensor) -> None:
        """Raise ValueError unless `latents` is a finite floating-point (n, *shape) tensor with n >= 1."""
        _check_batch(latents, self.shape, f"{self.name} latents")


class LatentModel(ABC):
    """An autoencoder over RGB images in [-1, 1] whose latents are scaled to about unit variance.

    Subclasses implement `_encode` and `_decode` on `device`; the public methods check every batch, run
    without gradients, and take and return float32 tensors on the CPU: no caller knows device or dtype, but
    who asks for `decode_on_device`.
    """

    space: LatentSpace
    device: torch.device
    precision: str = "fp32"  # what it decodes in on this device, and why not in something faster

    @functools.cached_property
    def nbytes(self) -> int:
        """Bytes of the weights of all networks that the model holds."""
        networks = [value for value in vars(self).values() if isinstance(value, nn.Module)]
        return sum(weight.nbytes for network in networks for weight in network.state_dict().values())

    @final
    def encode(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n *latent"]:
        """Posterior mean of each image.

        Images are RGB in [-1, 1] with h = w = space.image_size. Raises ValueError for other shapes or NaN.
        """
        size = self.space.image_size
        _check_batch(images, (3, size, size), f"{self.space.name} images")
        with torch.no_grad():
            return self._encode(images.to(self.device, torch.float32)).float().cpu()

    @final
    def decode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n 3 h w"]:
        """Image of each latent, RGB clamped to [-1, 1]. Raises ValueError for a wrong shape or NaN."""
        return self.decode_on_device(latents).cpu()

    @final
    def decode_on_device(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n 3 h w"]:
        """As `decode`, but the images stay on `device`: bytes made of them there are a quarter to copy."""
        self.space.check(latents)
        with torch.no_grad():
            return self._decode(latents.to(self.device, torch.float32)).float().clamp(-1, 1)

    @final
    def reencode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *latent"]:
        """What comes back from each latent's own picture, encode(decode(latents)). Raises as `decode`."""
        return self.encode(self.decode(latents))

    def speed_up(self) -> None:
        """Go over to a faster way of decoding, where making it takes longer than a first picture should.

        Other threads may decode meanwhile. A model that has none does nothing.
        """
        return

    @property
    @abstractmethod
    def first_layer(self) -> Float[Tensor, "out dims"] | None:
        """The decoder's first map, float32 on the CPU, where it is linear in the latent; else None.

        One column for each dimension of a vector latent, or for each channel of a spatial one.
        """

    @abstractmethod
    def _encode(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n *latent"]:
        """Posterior mean of float32 images on `device`; any floating dtype may come back."""

    @abstractmethod
    def _decode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n 3 h w"]:
        """Images of float32 latents on `device`; values may leave [-1, 1], the caller clamps."""


def _check_batch(batch: Tensor, shape: tuple[int, ...], what: str) -> None:
    if not isinstance(batch, Tensor):
        raise ValueError(f"{what}: expected a torch tensor, got {type(batch).__name__}")
    if not batch.is_floating_point():
        raise ValueError(f"{what}: expected floating-point values, got {batch.dtype}")
    if batch.ndim != len(shape) + 1 or tuple(batch.shape[1:]) != shape or len(batch) == 0:
        expected = ", ".join(map(str, shape))
        raise ValueError(f"{what}: expected shape (n, {expected}), got {tuple(batch.shape)}")
    if not torch.isfinite(batch).all():
        raise ValueError(f"{what}: expected finite values, got NaN or infinity")

"""The two abstractions every generative model is adapted to once: a latent space and a model over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from models.errors import CannotEncodeError, InputError, check_batch
from models.held_bytes import held_bytes
from models.media import Media
from models.priors import Prior

Axis = Literal["dim", "channel", "row", "column", "layer", "token"]

Progress = Callable[[float, str], None]
"""Called while a model loads: fraction done in [0, 1] and one sentence for the person who waits."""


@dataclass(frozen=True)
class LatentSpace:
    """What a model's latents are, without the model itself. Raises ValueError unless axes are shape's."""

    name: str
    shape: tuple[int, ...]  # of one latent: (128,) or (4, 64, 64)
    axes: tuple[Axis, ...]  # what each number of the shape counts
    prior: Prior | None = None  # None where no distribution is known whose samples decode to plausible things

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.shape):
            raise ValueError(f"{self.name}: expected an axis for each of {self.shape}, got {self.axes}")

    @property
    def is_spatial(self) -> bool:
        """Whether a latent has rows and columns, as its picture has."""
        return "row" in self.axes and "column" in self.axes

    @property
    def content(self) -> int:
        """Index of the axis that counts what each place holds: channels, or the dimensions of a vector."""
        return next(i for i, axis in enumerate(self.axes) if axis in ("channel", "dim"))

    @property
    def grid(self) -> tuple[int, ...]:
        """Shape of the places that a token can stand at: a latent's, without what each place holds."""
        counted = zip(self.shape, self.axes, strict=True)
        return tuple(n for n, axis in counted if axis not in ("channel", "dim"))

    def check(self, latents: Tensor) -> None:
        """Raise InputError unless `latents` is a finite floating-point (n, *shape) tensor with n >= 1."""
        check_batch(latents, self.shape, f"{self.name} latents")


class LatentModel(ABC):
    """A model that makes `media` of latents, which are scaled to about unit variance.

    Subclasses implement `_decode` on `device`, and `_encode` and the tokens where the family has them. The
    public methods check what comes and goes, without gradients, as float32 tensors on the CPU.
    """

    space: LatentSpace
    media: Media
    device: torch.device
    precision: str = "fp32"  # what it decodes in on this device, and why not in something faster
    preview_precision: str | None = None  # what it previews in, where that is faster than decoding
    codebook_size: int | None = None  # tokens that there are, where latents are snapped to some

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors that the model holds now: its weights, and what `speed_up` made of them.

        Found as the garbage collector would, in milliseconds; not what a CUDA graph keeps for itself.
        """
        return held_bytes(vars(self).values())

    @property
    def can_encode(self) -> bool:
        """Whether the family has an encoder, or an inversion in its place."""
        return type(self)._encode is not LatentModel._encode

    @property
    def has_tokens(self) -> bool:
        """Whether latents are a grid of tokens: `tokens` and `embed` can be asked."""
        return self.codebook_size is not None

    @final
    def encode(self, values: Float[Tensor, "n *value"]) -> Float[Tensor, "n *latent"]:
        """The latent of each value: of a posterior, its mean.

        Raises InputError for another shape than the media's or NaN, CannotEncodeError without an encoder.
        """
        self._check_encoder()
        check_batch(values, self.media.shape, f"{self.space.name} {self.media.name}")
        with torch.no_grad():
            return self._encode(values.to(self.device, torch.float32)).float().cpu()

    @final
    def decode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        """Value of each latent, clamped to the media's range. Raises InputError for wrong shapes and NaN."""
        return self.decode_on_device(latents).cpu()

    @final
    def decode_on_device(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        """As `decode`, but the values stay on `device`: bytes made of them there are a quarter to copy."""
        return self._values(self._decode, latents)

    @final
    def preview_on_device(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        """As `decode_on_device`, but as fast as can be: for what is seen in passing only."""
        return self._values(self._preview, latents)

    def _values(
        self, decode: Callable[[Tensor], Tensor], latents: Float[Tensor, "n *latent"]
    ) -> Float[Tensor, "n *value"]:
        self.space.check(latents)
        with torch.no_grad():
            values = decode(latents.to(self.device, torch.float32)).float()
        check_batch(values, self.media.shape, f"what {self.space.name} decodes so far out")
        return self.media.clamp(values)  # NaN would be shown as black

    @final
    def reencode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *latent"]:
        """What comes back from each latent's own value, encode(decode(latents)). Raises as both."""
        self._check_encoder()  # before anything is decoded for it
        return self.encode(self.decode(latents))

    @final
    def tokens(self, latents: Float[Tensor, "n *latent"]) -> Int[Tensor, "n *grid"]:
        """The nearest token at each place of the grid, in [0, codebook_size). Raises InputError."""
        self._check_tokens()
        self.space.check(latents)
        with torch.no_grad():
            return self._tokens(latents.to(self.device, torch.float32)).cpu()

    @final
    def embed(self, tokens: Int[Tensor, "n *grid"]) -> Float[Tensor, "n *latent"]:
        """The latents that tokens stand for. Raises InputError for another grid or an unknown token."""
        size = self._check_tokens()
        if tokens.is_floating_point() or tuple(tokens.shape[1:]) != self.space.grid or len(tokens) == 0:
            expected = f"{self.space.name} tokens: expected whole numbers of shape (n, *{self.space.grid})"
            raise InputError(f"{expected}, got {tokens.dtype} {tuple(tokens.shape)}")
        if tokens.min() < 0 or tokens.max() >= size:
            found = f"{int(tokens.min())} to {int(tokens.max())}"
            raise InputError(f"{self.space.name} tokens: expected 0 to {size - 1}, got {found}")
        with torch.no_grad():
            return self._embed(tokens.to(self.device)).float().cpu()

    def speed_up(self, cache: Path | None = None) -> None:
        """Go over to faster ways, where making them takes longer than a first picture should.

        What is made is kept in the folder `cache`, if any, for the next time. Other threads may decode
        meanwhile. A model that has none does nothing.
        """
        return

    @property
    def first_layer(self) -> Float[Tensor, "out dims"] | None:
        """The decoder's first map, float32 on the CPU, where it is linear in the latent; else None.

        One column for each dimension of a vector latent, or for each channel of a spatial one.
        """
        return None

    @abstractmethod
    def _decode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        """Values of float32 latents on `device`; they may leave the media's range, the caller clamps."""

    def _preview(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        """About what `_decode` makes, where `preview_precision` says that there is a faster way to that."""
        return self._decode(latents)

    def _encode(self, values: Float[Tensor, "n *value"]) -> Float[Tensor, "n *latent"]:
        """Latents of float32 values on `device`; any floating dtype may come back."""
        raise NotImplementedError

    def _tokens(self, latents: Float[Tensor, "n *latent"]) -> Int[Tensor, "n *grid"]:
        """Tokens of float32 latents on `device`."""
        raise NotImplementedError

    def _embed(self, tokens: Int[Tensor, "n *grid"]) -> Float[Tensor, "n *latent"]:
        """Latents of tokens in range, on `device`."""
        raise NotImplementedError

    def _check_encoder(self) -> None:
        if not self.can_encode:
            made = f"it makes its own {self.media.name}, but cannot take one in"
            raise CannotEncodeError(f"{self.space.name} has no encoder: {made}")

    def _check_tokens(self) -> int:
        if self.codebook_size is None:
            raise InputError(f"{self.space.name} has no tokens: its latents are not snapped to a codebook")
        return self.codebook_size

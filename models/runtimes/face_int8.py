"""The face VAE's decoder in 8 bits, end to end but for the maps of the latent itself."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from models.face_network import COARSE, IMAGE_SIZE, PATCH, THUMB, Decoder, ResidualBlock
from models.runtimes.int8 import Convolution, Grid, Step

SEEN, SPREAD = 16, 1.5  # draws that show the range of every tensor, wider than the prior: sliders lead there

Features = Float[Tensor, "n c h w"]
Made = tuple[
    Step, Float[Tensor, "n c2 h2 w2"], Grid
]  # a step in bytes, what it makes of a float32 input, and the grid of that


class FaceInt8Decoder:
    """Decoder of the face VAE in bytes; its maps of the latent and the pictures are in float32."""

    def __init__(self, decoder: Decoder) -> None:
        """The grids are fixed here, so that no frame depends on the others of its batch."""
        self._weight, self._bias = _entrance(decoder)
        self._linear = decoder.linear
        self._enlarge = F.interpolate(torch.eye(THUMB)[None], size=IMAGE_SIZE, mode="linear")[0]
        generator = torch.Generator().manual_seed(0)
        x = self._enter(SPREAD * torch.randn(SEEN, self._linear.in_features, generator=generator))
        self._grid = grid = Grid.over(x)
        self._steps: list[Step] = []
        for layer in _layers(decoder):
            step, x, grid = (_block if isinstance(layer, ResidualBlock) else _enlargement)(layer, x, grid)
            self._steps.append(step)
        step, x, grid = _silu(x, grid)
        self._steps += [step, Convolution(*_by_pixel(decoder.head, PATCH), x, grid, None)]

    def __call__(self, latents: Float[Tensor, "n d"]) -> Float[Tensor, "n 3 h w"]:
        """Images of about [-1, 1], channels last."""
        x = self._grid.bytes(self._enter(latents))
        for step in self._steps:
            x = step(x)
        images, detail = self._thumbs(latents), _patches(x, PATCH)
        images.view(detail.shape).add_(detail)
        return images.movedim(-1, 1)

    def _enter(self, latents: Float[Tensor, "n d"]) -> Features:
        """The input of the first block."""
        x: Tensor = F.linear(latents, self._weight, self._bias).unflatten(1, (COARSE, COARSE, -1))
        return x.movedim(-1, 1)

    def _thumbs(self, latents: Float[Tensor, "n d"]) -> Float[Tensor, "n h w 3"]:
        """The linear path's picture, enlarged by products of matrices, in a third of F.interpolate's time."""
        wide: Tensor = self._linear(latents).unflatten(1, (3, THUMB, THUMB)) @ self._enlarge
        high: Tensor = (self._enlarge.t() @ wide.permute(0, 2, 3, 1).flatten(2)).unflatten(2, (IMAGE_SIZE, 3))
        return high


def _layers(decoder: Decoder) -> list[Any]:
    """Between the first features and the last."""
    return [*decoder.coarse, decoder.to_middle, *decoder.middle, decoder.to_fine, *decoder.fine]


def _entrance(decoder: Decoder) -> tuple[Float[Tensor, "out d"], Float[Tensor, " out"]]:
    """Both maps before the first block as one, to the order row, column, channel."""
    (mix, shift), (weight, bias) = decoder.to_coarse.parameters(), decoder.project.parameters()
    cells, starts = weight.unflatten(0, (-1, COARSE**2)), bias.unflatten(0, (-1, COARSE**2))
    mixed = torch.einsum("ocyx,cpd->pod", mix, cells)  # y and x: 1
    return mixed.flatten(0, 1), (torch.einsum("ocyx,cp->po", mix, starts) + shift).flatten()


def _by_pixel(convolution: nn.Conv2d, side: int) -> tuple[Float[Tensor, "out in k k"], Float[Tensor, " out"]]:
    """Weight and bias before a pixel shuffle, with the outputs of one pixel side by side."""
    weight, bias = (p.unflatten(0, (-1, side**2)).transpose(0, 1) for p in convolution.parameters())
    return weight.flatten(0, 1), bias.flatten()


def _patches(y: Shaped[Tensor, "n c h w"], side: int) -> Shaped[Tensor, "n h side w pixels"]:
    """What `_by_pixel`'s convolution makes, in the order of the shuffled picture, channels last."""
    pixels: Tensor = y.movedim(1, -1).unflatten(-1, (side, -1))
    return pixels.transpose(2, 3)


def _silu(x: Features, grid: Grid) -> Made:
    """Of each byte by itself, as a convolution by 1: no table is as fast."""
    y = F.silu(x)
    after, ones = Grid.over(y), torch.ones(x.shape[1], 1, 1, 1)
    return Convolution(ones, None, x, grid, after, "swish", padding=0), y, after


def _block(block: ResidualBlock, x: Features, grid: Grid) -> Made:
    activate, active, before = _silu(x, grid)
    inner = F.silu(block.first(active))
    y = x + block.second(inner)
    inside, after = Grid.over(inner), Grid.over(y)
    one = Convolution(block.first.weight, block.first.bias, active, before, inside, "swish")
    two = Convolution(block.second.weight, block.second.bias, inner, inside, after)
    return lambda z: two.add(one(activate(z)), z, grid), y, after


def _enlargement(convolution: nn.Conv2d, x: Features, grid: Grid) -> Made:
    """A convolution and a pixel shuffle."""
    y = F.pixel_shuffle(convolution(x), 2)
    after = Grid.over(y)
    four = Convolution(*_by_pixel(convolution, 2), x, grid, after, padding=0)

    def step(z: Tensor) -> Tensor:
        n, _, h, w = z.shape
        return _patches(four(z), 2).reshape(n, 2 * h, 2 * w, -1).movedim(-1, 1)

    return step, y, after

"""The tiny autoencoder's decoder in 8 bits, end to end."""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from models.runtimes.int8 import Bytes, Convolution, Grid, Step
from models.runtimes.tiny_fitting import RARE, balance, draws, thin
from models.runtimes.upsampling import interleave, rows

MARGIN = 1.1  # of the grids: less than for other networks, since the draws are as smooth as pictures' latents


class TinyInt8Decoder:
    """DecoderTiny (diffusers) with its lowest resolution in `dtype` and all others in 8 bits.

    At the lowest are 2 % of the work, and more than a third of what rounding all would change. The `lean` one
    takes 7 % less time: it is thinned, and has only its first convolution in `dtype`.
    """

    def __init__(self, layers: nn.Sequential, dtype: torch.dtype, lean: bool = False) -> None:
        """The grids are fixed here, so that no frame depends on the others of its batch."""
        fitted: Any = copy.deepcopy(layers).requires_grad_(False)
        latents = _squash(draws(fitted[0].in_channels))
        if lean:
            thin(fitted, latents)
        balance(fitted, latents)
        enlargement = next(place for place, layer in enumerate(fitted) if isinstance(layer, nn.Upsample))
        start = 2 if lean else enlargement  # the first convolution and its ReLU, or all of its resolution
        x = fitted[:start](latents)
        self._grid = grid = _grid(x)
        self._steps: list[Step] = []
        queue = list(fitted[start:])
        rare = 0.0  # within the blocks of the lowest resolution: clipping there, some pictures lost 5 dB
        while queue:
            layer = queue.pop(0)
            if isinstance(layer, nn.Upsample):
                step, x, grid = _upsampling(queue.pop(0), x, grid)
                rare = RARE
            elif isinstance(layer, nn.Conv2d):
                step = _to_picture(layer, x, grid)
            else:
                step, x, grid = _block(layer, x, grid, rare)
            self._steps.append(step)
        self._dtype = dtype
        self._start = fitted[:start].to(dtype=dtype, memory_format=torch.channels_last)

    def __call__(self, latents: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h8 w8"]:
        """Images of about [-1, 1], channels last."""
        x = self._start(_squash(latents).to(self._dtype, memory_format=torch.channels_last))
        x = self._grid.bytes(x.float())
        for step in self._steps:
            x = step(x)
        return x


def _squash(latents: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    return torch.tanh(latents / 3) * 3


def _grid(values: Float[Tensor, "n c h w"], rare: float = RARE) -> Grid:
    return Grid.over(values, rare, MARGIN)


def _block(
    block: Any, x: Float[Tensor, "n c h w"], grid: Grid, rare: float
) -> tuple[Step, Float[Tensor, "n c h w"], Grid]:
    """A residual block, what it makes of x, and the grid of that; within it the share `rare` is clipped."""
    first, second, third = block.conv[::2]  # between them ReLUs
    inner = F.relu(first(x))
    outer = F.relu(second(inner))
    y = F.relu(third(outer) + x)
    inside, outside, after = _grid(inner, rare), _grid(outer, rare), _grid(y)
    one = Convolution(first.weight, first.bias, x, grid, inside, "relu")
    two = Convolution(second.weight, second.bias, inner, inside, outside, "relu")
    three = Convolution(third.weight, third.bias, outer, outside, after, "relu")
    return lambda z: three.add(two(one(z)), z, grid), y, after


def _upsampling(
    convolution: Any, x: Float[Tensor, "n c h w"], grid: Grid
) -> tuple[Step, Float[Tensor, "n c h2 w2"], Grid]:
    """Nearest upsampling and a 3 x 3 convolution, what they make of x, and the grid of that."""
    y = convolution(F.interpolate(x, scale_factor=2.0))
    after = _grid(y)
    bias = None if convolution.bias is None else convolution.bias.repeat(2)
    even, odd = (Convolution(weight, bias, x, grid, after) for weight in rows(convolution.weight))
    return lambda z: interleave(even(z), odd(z)), y, after


def _to_picture(convolution: Any, x: Float[Tensor, "n c h w"], grid: Grid) -> Step:
    """The last convolution, from [0, 1] to [-1, 1].

    oneDNN computes 16 channels or none, so the three of four pixels are made at once, of 4 x 4 others.
    """
    weight, bias = 2 * convolution.weight, 2 * convolution.bias - 1
    corners = [F.pad(weight, (right, 1 - right, down, 1 - down)) for down in (0, 1) for right in (0, 1)]
    four = Convolution(torch.cat(corners), bias.repeat(4), x, grid, None, stride=2)

    def step(z: Bytes) -> Float[Tensor, "n 3 h w"]:
        y = four(z).movedim(1, -1).unflatten(-1, (2, 2, 3)).transpose(2, 3)  # n, h / 2, down, w / 2, right, 3
        images: Tensor = y.flatten(3, 4).flatten(1, 2).movedim(-1, 1)
        return images

    return step

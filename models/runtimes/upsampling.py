"""Nearest upsampling and the convolution after it, as one convolution of the picture before."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn


def rows(weight: Float[Tensor, "out in 3 3"]) -> tuple[Tensor, Tensor]:
    """Two (2 out, in, 2, 2) kernels, of the even and the odd rows of the doubled picture.

    A 3 x 3 window of a doubled picture covers 2 x 2 different pixels only: their weights add up. Each window
    of the picture with a border of one pixel makes two neighbours of a row, first an odd one.
    """
    first, second = torch.tensor([[1.0, 0, 0], [0, 1, 1]]), torch.tensor([[1.0, 1, 0], [0, 0, 1]])
    first, second = first.to(weight), second.to(weight)
    even, odd = (
        torch.cat([torch.einsum("ay,bx,oiyx->oiab", down, right, weight) for right in (second, first)])
        for down in (first, second)
    )
    return even, odd


def interleave(even: Tensor, odd: Tensor) -> Tensor:
    """The doubled picture (n, out, 2 h, 2 w), channels last, of what both kernels make of a bordered one.

    They come as (n, 2 out, h + 1, w + 1), channels last.
    """
    above, below = (
        part.movedim(1, -1).unflatten(-1, (2, -1)).flatten(2, 3)[:, :, 1:-1] for part in (even, odd)
    )
    return torch.stack([above[:, :-1], below[:, 1:]], 2).flatten(1, 2).movedim(-1, 1)


class FoldedUpsampling(nn.Module):
    """Doubles a picture and convolves it, with 4/9 of the multiplications of doing one after the other."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.weights = nn.ParameterList(rows(convolution.weight))
        self.bias = None if convolution.bias is None else nn.Parameter(convolution.bias.repeat(2))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n out h2 w2"]:
        """Channels last out, whatever comes in."""
        x = x.contiguous(memory_format=torch.channels_last)
        even, odd = (F.conv2d(x, weight, self.bias, padding=1) for weight in self.weights)
        return interleave(even, odd)

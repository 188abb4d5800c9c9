"""What TAESD's decoder goes through before it becomes bytes, so that its pictures stay nearly the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from models.runtimes.noise import noise
from models.runtimes.surgeon import leave_out, without_outputs

FALLS = (0.0, 0.5, 1.0, 1.5)  # of the draws' amplitudes, 1 / f^fall
SIDE = 32  # of the draws
RARE = 1e-4  # of a tensor's values at either end are clipped, for a finer grid: +1 dB for photographs
BLOCK = 16  # channels, which a processor computes together: fewer take as long


def draws(channels: int) -> Float[Tensor, "n channels h w"]:
    """Latents of unit variance, as rough and as smooth as pictures', to see the decoder's tensors by."""
    latents = noise(len(FALLS), channels, SIDE, torch.tensor(FALLS).view(-1, 1, 1, 1))
    return latents / latents.std((2, 3), keepdim=True)


@dataclass
class _Stream:
    """What goes from block to block at one resolution; each block adds to it."""

    makers: list[nn.Conv2d] = field(default_factory=list)
    users: list[nn.Conv2d] = field(default_factory=list)
    reach: Tensor = field(default_factory=lambda: torch.tensor(1e-3))  # of each channel, but for rare values

    def use(self, convolution: nn.Conv2d, x: Float[Tensor, "n c h w"]) -> None:
        """Note that `convolution` uses `x`."""
        self.users.append(convolution)
        values = x.abs().movedim(1, 0).flatten(1)[:, ::4]
        self.reach = self.reach.maximum(values.quantile(1 - RARE, dim=1))

    def balance(self) -> None:
        """Divide each channel by the root of its reach, and multiply by it where it is used."""
        scales = self.reach.sqrt() / self.reach.log().mean().div(2).exp()
        for maker in self.makers:
            maker.weight /= scales[:, None, None, None]
            if maker.bias is not None:
                maker.bias /= scales
        for user in self.users:
            user.weight *= scales[:, None, None]


def balance(layers: nn.Sequential, x: Float[Tensor, "n c h w"]) -> None:
    """Bring the channels of each stream closer to one reach, since one grid has to serve them all.

    What is divided before a ReLU can be multiplied after it: the pictures stay the same (Nagel et al. 2019).
    By the root only, for the weights, which take up the other half, have grids too (Xiao et al. 2023).
    """
    streams: list[_Stream] = []
    for layer in layers:
        if convolutions := _convolutions(layer):
            first, last = convolutions[0], convolutions[-1]
            if streams:
                streams[-1].use(first, x)
            if first is last:  # no block, but what leads to another resolution
                streams.append(_Stream())
            streams[-1].makers.append(last)
        x = layer(x)
    for stream in streams[:-1]:  # the last one is the picture
        stream.balance()


def thin(layers: nn.Sequential, x: Float[Tensor, "n c h w"]) -> None:
    """Leave a quarter of the channels out before the last block's last convolution: 7 % of TAESD's work."""
    last = max(place for place, layer in enumerate(layers) if len(_convolutions(layer)) > 1)
    first, second, third = _convolutions(layers[last])
    seen = F.relu(second(F.relu(first(layers[:last](x)))))
    convolutions: Any = layers[last].conv
    convolutions[4], kept = leave_out(third, seen, third.in_channels // 4 // BLOCK * BLOCK)
    convolutions[2] = without_outputs(second, kept)


def _convolutions(layer: Any) -> list[nn.Conv2d]:
    """One, or those of a block (between them are ReLUs), or none."""
    if isinstance(layer, nn.Conv2d):
        return [layer]
    return [*layer.conv[::2]] if hasattr(layer, "conv") else []

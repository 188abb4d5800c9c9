"""Convolutions of bytes by bytes (oneDNN), for processors that multiply them natively (VNNI, AMX)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

Bytes = UInt8[Tensor, "n c h w"]
Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Grid:
    """How the values of one tensor become bytes: value = scale * (byte - zero)."""

    scale: float
    zero: int

    @classmethod
    def over(cls, values: Float[Tensor, "n c h w"], rare: float = 0.0, margin: float = 1.2) -> Self:
        """A grid that holds zero and `margin` times these values, but for the share `rare` at either end."""
        few = values.flatten()[::16]
        ends = [few.quantile(share) for share in (rare, 1 - rare)] if rare else values.aminmax()
        low, high = min(0.0, margin * float(ends[0])), max(1e-6, margin * float(ends[1]))
        scale = (high - low) / 255
        return cls(scale, round(-low / scale))

    def bytes(self, values: Float[Tensor, "n c h w"]) -> Bytes:
        """The nearest bytes, channels last."""
        steps = (values / self.scale).round_().add_(self.zero).clamp_(0, 255)
        return steps.to(torch.uint8).contiguous(memory_format=torch.channels_last)


class Convolution:
    """A convolution of bytes by bytes, with a scale for each output channel of the weights.

    `seen` is a typical input: what rounding the weights does to its mean is taken out of the bias. The output
    is bytes on the grid `target`, or float32 where that is None.
    """

    def __init__(
        self,
        weight: Float[Tensor, "out group k k"],
        bias: Float[Tensor, " out"] | None,
        seen: Float[Tensor, "n in h w"],
        source: Grid,
        target: Grid | None,
        activation: str = "none",
        padding: int = 1,
        stride: int = 1,
    ) -> None:
        self._source, self._target, self._activation = source, target, activation
        self._scales = scales = (weight.abs().amax((1, 2, 3)) / 127).clamp(min=1e-12)
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        steps = (weight / scales[:, None, None, None]).round()
        groups = seen.shape[1] // weight.shape[1]
        lost = (weight - steps * scales[:, None, None, None]).sum((2, 3)).unflatten(0, (groups, -1))
        lost = (lost @ seen.mean((0, 2, 3)).view(groups, -1, 1)).flatten()
        self._bias = lost if bias is None else bias + lost
        self._geometry = ([stride, stride], [padding, padding], [1, 1], groups)  # [1, 1]: no dilation
        # Without a shape some weights would be put in order again at every call.
        self._weight = torch.ops.onednn.qconv_prepack(
            steps.to(torch.int8), scales, source.scale, source.zero, *self._geometry, list(seen.shape)
        )

    def __call__(self, x: Bytes) -> Tensor:
        """The activation of the convolution of `x`."""
        target, dtype = self._target or Grid(1.0, 0), torch.uint8 if self._target else torch.float32
        output: Tensor = torch.ops.onednn.qconv2d_pointwise(
            *self._operands(x), self._bias, *self._geometry, target.scale, target.zero, dtype,
            self._activation, [], "",
        )  # fmt: skip
        return output

    def add(self, x: Bytes, residual: UInt8[Tensor, "n out h w"], grid: Grid) -> UInt8[Tensor, "n out h w"]:
        """The activation of residual + convolution of `x`; `residual` is on `grid` and is written over."""
        assert self._target is not None
        output: Tensor = torch.ops.onednn.qconv2d_pointwise.binary(
            *self._operands(x), residual, self._bias, *self._geometry, self._target.scale, self._target.zero,
            torch.uint8, grid.scale, grid.zero, "sum", 1.0, self._activation, [], "",
        )  # fmt: skip
        return output

    def _operands(self, x: Bytes) -> tuple[Tensor, float, int, Tensor, Tensor, Tensor]:
        return x, self._source.scale, self._source.zero, self._weight, self._scales, self._zeros

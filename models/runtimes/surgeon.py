"""Leaving inputs of a convolution out, so that the others make up for them as well as they can."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor, nn

DAMPING = 1e-3  # of the mean square of what is seen: what hardly ever differs must not decide
STRIDE = 3  # of the windows that are looked at: neighbours say nearly the same


def leave_out(
    convolution: nn.Conv2d, seen: Float[Tensor, "n in h w"], count: int
) -> tuple[nn.Conv2d, Int[Tensor, " kept"]]:
    """The convolution without those `count` inputs that matter least, refitted; and the inputs it keeps.

    The optimal brain surgeon (Hassibi and Stork 1993), for whole channels: leaving out the weights w whose
    block of the inverse Hessian is B costs w B⁻¹ wᵀ in squared error over the inputs `seen`, if all others
    change by -w B⁻¹ times their rows of it. The bias is one of them. One channel after the other, for what
    one costs depends on which others are there.
    """
    taps = convolution.weight[0, 0].numel()
    weight, inverse = _with_bias(convolution), torch.linalg.inv(_hessian(convolution, seen))
    kept = torch.arange(convolution.in_channels)
    for _ in range(count):
        places = (taps * torch.arange(len(kept)))[:, None] + torch.arange(taps)
        blocks = torch.linalg.inv(inverse[places[:, :, None], places[:, None, :]])
        costs = torch.einsum("oci,cij,ocj->c", weight[:, places], blocks, weight[:, places])
        least = int(costs.argmin())
        rows = inverse[places[least]]
        weight = weight - weight[:, places[least]] @ blocks[least] @ rows
        inverse = inverse - rows.mT @ blocks[least] @ rows
        others = torch.ones(len(inverse), dtype=torch.bool).index_fill(0, places[least], False)
        weight, inverse = weight[:, others], inverse[others][:, others]
        kept = kept[kept != kept[least]]
    return _convolution(convolution, weight), kept


def without_outputs(convolution: nn.Conv2d, kept: Int[Tensor, " kept"]) -> nn.Conv2d:
    """The convolution that computes only the outputs `kept`."""
    return _convolution(convolution, _with_bias(convolution)[kept])


def _with_bias(convolution: nn.Conv2d) -> Float[Tensor, "out m"]:
    assert convolution.bias is not None
    return torch.cat([convolution.weight.flatten(1), convolution.bias[:, None]], 1).double()


def _hessian(convolution: nn.Conv2d, seen: Float[Tensor, "n in h w"]) -> Float[Tensor, "m m"]:
    """Mean products of the inputs of a window with each other, and with the one of the bias."""
    side = convolution.kernel_size[0]
    windows = F.unfold(seen, side, padding=side // 2, stride=STRIDE).mT.flatten(0, 1)
    windows = F.pad(windows, (0, 1), value=1.0).double()
    hessian = windows.mT @ windows / len(windows)
    return hessian + DAMPING * hessian.diagonal().mean() * torch.eye(len(hessian))


def _convolution(like: nn.Conv2d, weight: Float[Tensor, "out m"]) -> nn.Conv2d:
    side = like.kernel_size[0]
    kernels = weight[:, :-1].unflatten(1, (-1, side, side)).to(like.weight)
    convolution = nn.Conv2d(kernels.shape[1], len(kernels), side, padding=side // 2)
    convolution.weight, convolution.bias = nn.Parameter(kernels), nn.Parameter(weight[:, -1].to(kernels))
    return convolution.requires_grad_(False)

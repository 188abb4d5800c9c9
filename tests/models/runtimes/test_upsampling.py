import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from models.runtimes.upsampling import FoldedUpsampling


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 4)])
def test_folding_changes_nothing_but_the_work(shape: tuple[int, int], bias: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    convolution = nn.Conv2d(3, 5, 3, padding=1, bias=bias).requires_grad_(False)
    for parameter in convolution.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    x = torch.randn(2, 3, *shape, generator=generator)
    expected = convolution(F.interpolate(x, scale_factor=2.0))
    found = FoldedUpsampling(convolution)(x)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)

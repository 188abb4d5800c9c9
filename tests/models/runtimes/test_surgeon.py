"""What is left out of a convolution, and how well the others make up for it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.runtimes.surgeon import leave_out, without_outputs


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def convolution(channels: int, side: int = 3) -> nn.Conv2d:
    made = nn.Conv2d(channels, 5, side, padding=side // 2).requires_grad_(False)
    made.weight.copy_(random(*made.weight.shape, seed=1))
    made.bias.copy_(random(5, seed=2))
    return made


def test_inputs_that_follow_from_the_others_are_left_out_without_a_loss() -> None:
    seen = random(2, 6, 40, 40)
    seen[:, 3] = 2 * seen[:, 0] - seen[:, 5]
    seen[:, 4] = seen[:, 1]
    whole = convolution(6)
    less, kept = leave_out(whole, seen, 2)
    assert len({0, 3, 5} & set(kept.tolist())) == 2
    assert len({1, 4} & set(kept.tolist())) == 1
    torch.testing.assert_close(less(seen[:, kept]), whole(seen), atol=0.1, rtol=0)  # of some 9


def test_no_other_weights_on_what_is_kept_come_closer() -> None:
    mixed = torch.einsum("oc,nchw->nohw", random(4, 4, seed=3), random(1, 4, 60, 60))
    whole = convolution(4, side=1)
    less, kept = leave_out(whole, mixed, 1)
    inputs = torch.cat([mixed[:, kept], torch.ones(1, 1, 60, 60)], 1)
    seen, wanted = (x[..., ::3, ::3].flatten(2)[0].T for x in (inputs, whole(mixed)))
    best = torch.linalg.lstsq(seen, wanted).solution
    found = torch.cat([less.weight.flatten(1), less.bias[:, None]], 1).T
    torch.testing.assert_close(found, best, atol=0.02, rtol=0.02)


def test_what_matters_least_goes_first() -> None:
    whole = convolution(5)
    whole.weight[:, 2] *= 1e-3
    less, kept = leave_out(whole, random(1, 5, 30, 30), 1)
    assert kept.tolist() == [0, 1, 3, 4]
    assert less.weight.shape == (5, 4, 3, 3)
    same, all_of_them = leave_out(whole, random(1, 5, 30, 30), 0)
    assert torch.equal(same.weight, whole.weight)
    assert len(all_of_them) == 5


def test_outputs_are_left_out_as_they_are() -> None:
    whole, x = convolution(3), random(1, 3, 8, 8)
    kept = torch.tensor([0, 2, 3])
    torch.testing.assert_close(without_outputs(whole, kept)(x), whole(x)[:, kept])

from __future__ import annotations

import pytest
import torch

from explorer.device.processor import choose_device
from models.errors import InputError


def test_devices() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device().type in ("cpu", "cuda", "mps")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected auto or one of those this machine has .* got 'cuda'"):
        choose_device("cuda")

"""What a device is taken to do fast."""

from __future__ import annotations

import pytest
import torch

from models.runtimes import policy as module
from models.runtimes.policy import policy, threads


@pytest.mark.parametrize(
    ("features", "name"),
    [
        ({"avx512_bf16": True, "avx512_vnni": True}, "bf16"),
        ({"amx_bf16": True, "amx_int8": True}, "bf16"),
        ({"avx512_vnni": True}, "fp32"),
        ({"avx512_f": True, "avx512_bf16": False}, "fp32"),
        ({}, "fp32"),
    ],
)
def test_a_cpu_gets_what_it_multiplies_itself(
    features: dict[str, bool], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    found = policy(torch.device("cpu"))
    assert (found.name, found.compiles, found.graphs) == (name, True, False)
    assert found.layout == torch.channels_last


@pytest.mark.parametrize(("native", "name"), [(True, "bf16"), (False, "fp16")])
def test_emulated_bf16_is_not_chosen_on_a_gpu(
    native: bool, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: native or including_emulation
    )
    found = policy(torch.device("cuda"))
    assert (found.name, found.compiles, found.graphs) == (name, False, True)


def test_mps_is_left_as_it_is() -> None:
    found = policy(torch.device("mps"))
    assert (found.name, found.compiles, found.graphs) == ("fp32", False, False)
    assert found.layout == torch.contiguous_format


@pytest.mark.parametrize(
    ("cores", "size", "expected"), [(8, 128, 7), (8, 129, 8), (1, 128, 1), (1, 512, 1), (2, 16, 1)]
)
def test_a_small_value_leaves_a_core_to_others(
    cores: int, size: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CORES", cores)
    assert threads((3, size, size)) == expected

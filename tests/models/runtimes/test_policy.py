"""Which way of decoding a device gets, and that one which strays from float32 is refused."""

from __future__ import annotations

import logging

import pytest
import torch
from torch import Tensor

from models.base import LatentSpace
from models.media import Picture
from models.runtimes.policy import choose, closeness, policy

LATENTS = torch.linspace(-1, 1, 24).view(2, 3, 2, 2)
FP32 = {"avx512_f": True, "avx512_bf16": False}


@pytest.mark.parametrize(
    ("features", "name", "eight"),
    [
        ({"avx512_bf16": True, "avx512_vnni": True}, "bf16", True),
        ({"amx_bf16": True, "amx_int8": True}, "bf16", True),
        ({"avx512_vnni": True}, "fp32", True),
        (FP32, "fp32", False),
        ({}, "fp32", False),
    ],
)
def test_a_cpu_gets_what_it_multiplies_itself(
    features: dict[str, bool], name: str, eight: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    found = policy(torch.device("cpu"))
    assert (found.name, found.bytes) == (name, eight)
    assert found.layout == torch.channels_last


@pytest.mark.parametrize(("native", "name"), [(True, "bf16"), (False, "fp16")])
def test_emulated_bf16_is_not_chosen_on_a_gpu(
    native: bool, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: native or including_emulation
    )
    assert policy(torch.device("cuda")).name == name


@pytest.mark.parametrize(
    ("size", "ways"), [(512, ["bf16 in CUDA graphs", "bf16"]), (768, ["bf16"])], ids=["small", "large"]
)
def test_a_gpu_decodes_small_pictures_in_graphs(
    size: int, ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    space = LatentSpace("mine", (3, 2, 2), ("channel", "row", "column"))
    assert (
        list(policy(torch.device("cuda")).ways(space, Picture(size), off(0.001), {"int8": off(0.0)})) == ways
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_where_graphs_cannot_be_recorded_it_decodes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    space = LatentSpace("mine", (3, 2, 2), ("channel", "row", "column"))
    ways = policy(torch.device("cuda")).ways(space, Picture(128), off(0.001), {})
    choice = choose("mine", ways, same, LATENTS)
    assert choice.remark == "bf16; bf16 in CUDA graphs does not run here"


def test_mps_stays_with_what_is_known_to_be_right() -> None:
    found = policy(torch.device("mps"))
    assert (found.name, found.layout, found.bytes) == ("fp32", torch.contiguous_format, False)


def same(latents: Tensor) -> Tensor:
    return latents


def off(by: float):
    """A way whose pictures are wrong by this share."""
    return lambda: lambda latents: latents * (1 - by)


def missing():
    raise RuntimeError("no such kernel")


def test_the_first_way_that_is_close_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        choice = choose("mine", {"int8": off(0.001), "bf16": off(0.0)}, same, LATENTS)
    assert (choice.way, choice.remark) == ("int8", "int8")
    assert torch.equal(choice.decode(LATENTS), LATENTS * 0.999)
    assert "mine decodes in int8" in caplog.text


def test_a_way_that_strays_is_refused_and_named(caplog: pytest.LogCaptureFixture) -> None:
    choice = choose("mine", {"int8": off(0.1), "bf16": off(0.001)}, same, LATENTS)
    assert choice.way == "bf16"
    assert choice.remark == f"bf16; int8 is only {closeness(LATENTS * 0.9, LATENTS):.0f} dB from fp32"
    assert "mine: int8 is" in caplog.text


def test_a_way_that_does_not_run_is_refused_and_float32_is_left(caplog: pytest.LogCaptureFixture) -> None:
    choice = choose("mine", {"int8": missing, "bf16": off(float("nan"))}, same, LATENTS)
    assert (choice.way, choice.decode) == ("fp32", same)
    assert choice.remark == "fp32; int8 does not run here; bf16 is only -inf dB from fp32"
    assert "no such kernel" in caplog.text


def test_a_way_is_not_made_before_it_is_needed() -> None:
    assert choose("mine", {"int8": off(0.0), "bf16": missing}, same, LATENTS).remark == "int8"


def test_closeness_is_the_psnr_of_the_worst_picture_within_range() -> None:
    assert closeness(LATENTS, LATENTS) == float("inf")
    assert closeness(LATENTS * 0 + 9, LATENTS * 0 + 1) == float("inf")  # both are white
    worst = torch.stack([LATENTS[0], LATENTS[1] * 0.9])
    assert closeness(worst, LATENTS) == pytest.approx(closeness(worst[1:], LATENTS[1:]))
    assert closeness(LATENTS * 0 + 0.02, LATENTS * 0) == pytest.approx(40.0, abs=1e-4)  # 1 / 100 of the range

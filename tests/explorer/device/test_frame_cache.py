from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from explorer.device import frame_cache
from explorer.device.frame_cache import FrameCache
from models.toys.vector import ToyModel

SIZE = 16 * 16 * 3  # bytes of a picture


def latents(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None].expand(-1, 8)


def pictures(*levels: int) -> np.ndarray:
    return np.stack([np.full((16, 16, 3), level, np.uint8) for level in levels])


def found(cache: FrameCache, *values: int) -> dict[int, int]:
    """Place in the batch → level of the picture."""
    return {
        row: int(picture[0, 0, 0])
        for row, picture in cache.get(ToyModel(), latents(*values), "decode").items()
    }


def test_pictures_come_back_by_latent() -> None:
    cache = FrameCache()
    cache.put(ToyModel(), latents(1, 2), "decode", pictures(10, 20))
    assert found(cache, 2, 3, 1) == {0: 20, 2: 10}


def test_another_model_has_other_pictures() -> None:
    cache, other = FrameCache(), ToyModel()
    other.space = replace(other.space, name="another")
    cache.put(other, latents(1), "decode", pictures(10))
    assert found(cache, 1) == {}


def test_what_was_decoded_is_a_preview_too_but_not_the_other_way_round() -> None:
    cache, model = FrameCache(), ToyModel()
    cache.put(model, latents(1, 2), "preview", pictures(10, 20))
    cache.put(model, latents(2), "decode", pictures(21))
    assert found(cache, 1, 2) == {1: 21}
    previews = cache.get(model, latents(1, 2), "preview")
    assert [int(previews[row][0, 0, 0]) for row in (0, 1)] == [10, 21], "the exact one where there is one"


def test_what_is_kept_is_a_copy_that_nobody_can_change() -> None:
    cache, given_ = FrameCache(), pictures(10)
    cache.put(ToyModel(), latents(1), "decode", given_)
    given_[:] = 99
    (kept,) = cache.get(ToyModel(), latents(1), "decode").values()
    assert (kept == 10).all()
    with pytest.raises(ValueError, match="read-only"):
        kept[:] = 0


@given(st.lists(st.tuples(st.sampled_from(["put", "get"]), st.integers(0, 6)), max_size=40))
def test_the_budget_holds_and_the_longest_unused_go_first(uses: list[tuple[str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_cache, "BUDGET", 3 * SIZE)
        cache, by_use = FrameCache(), []
        for use, value in uses:
            if use == "put":
                cache.put(ToyModel(), latents(value), "decode", pictures(value))
            elif (found(cache, value) == {0: value}) != (value in by_use[-3:]):
                raise AssertionError(f"{value} after {by_use}")
            if use == "put" or value in by_use[-3:]:
                by_use = [other for other in by_use if other != value] + [value]
                by_use = by_use[-3:]
        assert cache.bytes == SIZE * len(by_use)


def test_a_picture_larger_than_the_budget_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_cache, "BUDGET", SIZE - 1)
    cache = FrameCache()
    cache.put(ToyModel(), latents(1), "decode", pictures(1))
    assert (found(cache, 1), cache.bytes) == ({}, 0)

from __future__ import annotations

import pytest
import torch

from explorer.measures import effects, is_well_read
from explorer.operations import Direction, Provenance


def along(index: int, score: float | None = 0.9, std: float = 0.5) -> Direction:
    """The direction of one of the toy's dimensions."""
    name = "R²" if score is not None else None
    told = Provenance("ridge", "made up", 10, score=score, score_name=name)
    return Direction(f"dimension {index}", torch.eye(8)[index], std, told)


def test_effects_are_in_sigma_of_each_trait_the_largest_first() -> None:
    before = torch.ones(8)
    after = before + 1.0 * torch.eye(8)[2] - 1.5 * torch.eye(8)[5]
    traits = {f"t{index}": along(index) for index in range(8)} | {"wide": along(5, std=3)}
    told = effects(torch.stack([before, after]), traits)
    assert [(effect.direction, effect.name) for effect in told[:3]] == [
        ("t5", "dimension 5"),
        ("t2", "dimension 2"),
        ("wide", "dimension 5"),
    ]
    assert [effect.change for effect in told[:3]] == pytest.approx([-3, 2, -0.5])
    assert [effect.change for effect in told[3:]] == [0] * 6


def test_spatial_latents_count_as_vectors() -> None:
    latents = torch.randn(2, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    trait = along(3)
    (flat,) = effects(latents.flatten(1), {"t": trait})
    spatial = Direction(trait.name, trait.vector.reshape(2, 2, 2), trait.std, trait.provenance)
    assert effects(latents, {"t": spatial}) == [flat]


def test_only_traits_that_are_read_well_are_told() -> None:
    traits = {"well": along(1), "badly": along(2, score=0.1), "unscored": along(3, score=None)}
    assert [is_well_read(trait) for trait in traits.values()] == [True, False, False]
    told = effects(torch.stack([torch.zeros(8), torch.ones(8) / 4]), traits)
    assert [effect.direction for effect in told] == ["well"]
    assert effects(torch.zeros(2, 8), {}) == []

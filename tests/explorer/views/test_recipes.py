"""Sums, mixes and rows: refused where nothing can be made, and computed by hand where something can."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from explorer.data import Dataset, LatentTable, Point, UnknownPointError, numeric_labels
from explorer.operations import (
    STRENGTHS,
    Direction,
    Provenance,
    mix_frequencies,
    mix_region,
    traverse,
    unit,
)
from explorer.steering import Morph, Steer, UnknownDirectionError, dimensions
from explorer.views import (
    MAX_TERMS,
    Mix,
    Recipe,
    Row,
    Sum,
    View,
    add_dimension,
    dimensions_of,
    judge,
    keep,
)
from explorer.views.keeping import FAR
from explorer.views.recipes import MAX_CELLS, MAX_SIDE
from models.errors import InputError


def sum_of(*terms: tuple[object, float], model: str = "toy") -> Sum:
    return Sum.model_validate({"model": model, "terms": [{"point": p, "weight": w} for p, w in terms]})


def mix(model: str = "toy-spatial", **fields: object) -> Mix:
    return Mix.model_validate({"model": model, "a": 1, "b": 2, **fields})


def latent(view: View, recipe: Recipe) -> Tensor:
    return asyncio.run(recipe.latent(view))


def row_of(view: View, morph: Morph, direction: str, **fields: object) -> Tensor:
    row = Row.model_validate({"morph": morph, "direction": direction, **fields})
    return asyncio.run(row.latents(view))


def added(view: View, seed: int) -> str:
    vector = unit(torch.randn(8, generator=torch.Generator().manual_seed(seed)))
    return view.steering.add(Direction("some", vector, 0.1, Provenance("pca", "some", 1)), "ann")


def test_a_sum_is_told_with_the_truth_it_lands_near(view: View, toy_latents: Tensor) -> None:
    asked = sum_of((3, 1), ("4", -1), (4, 1))
    made = latent(view, asked)
    torch.testing.assert_close(made, toy_latents[3])
    told = judge(view, asked, made)
    first = told.neighbours[0]
    assert (first.point, first.is_term) == (Point.of(3), True)
    assert first.distance == pytest.approx(0, abs=1e-4)
    for neighbour in told.neighbours:
        assert neighbour.is_term == (neighbour.point.key in ("3", "4"))
    distances = (toy_latents - made).norm(dim=1).sort().values
    assert [n.distance for n in told.neighbours] == pytest.approx(distances[:5].tolist(), abs=1e-4)
    assert told.typical
    assert told.sum == "The weights add up to 1, as in a mean."
    pairs = torch.pdist(toy_latents).square().mean().sqrt()
    assert told.near == f"Two portraits taken at random lie {pairs:.1f} apart."


def test_a_sum_that_leaves_the_data_says_so(view: View) -> None:
    asked = sum_of((3, 10))
    told = judge(view, asked, latent(view, asked))
    assert not told.typical
    assert "guessing" in told.typicality
    assert told.sum.startswith("The weights add up to 10, not to 1. That is allowed")
    assert "the centre of the prior" in told.sum


def test_a_term_may_be_of_ones_own_and_counts_as_such(view: View, toy_latents: Tensor) -> None:
    mine = keep(view, toy_latents[5], "ann")
    asked = sum_of((str(mine), 0.5), (5, 0.5))
    made = latent(view, asked)
    torch.testing.assert_close(made, toy_latents[5])
    assert judge(view, asked, made).neighbours[0].is_term


def test_a_sum_of_sums_that_goes_far_out_is_refused(view: View, toy_latents: Tensor) -> None:
    """38 times ten times itself was a black picture, without a word."""
    latents = [toy_latents[3]]

    def ten_times_and_again() -> None:
        for _ in range(38):
            latents.append(latent(view, sum_of((str(keep(view, latents[-1], "ann")), 10))))

    message = (
        r"this lies .* times as far from the data's mean as the data:"
        rf" beyond {FAR:g} times nothing is decoded; take smaller weights or strengths"
    )
    with pytest.raises(InputError, match=message):
        ten_times_and_again()
    assert len(latents) < 4
    assert all(one.isfinite().all() for one in latents)


def test_how_far_out_is_told_in_the_datas_own_terms(view: View, toy_latents: Tensor) -> None:
    mean = toy_latents.mean(0)
    usual = float((toy_latents - mean).norm(dim=1).mean())
    way = unit(toy_latents[3] - mean)
    near, far = (mean + share * FAR * usual * way for share in (0.99, 1.01))
    assert latent(view, sum_of((str(keep(view, near, "ann")), 1))).isfinite().all()
    with pytest.raises(InputError, match=r"this lies 20\.2 times as far"):
        keep(view, far, "ann")


def test_data_that_are_all_the_same_set_no_measure(view: View, toy_dataset: Dataset) -> None:
    same = LatentTable(view.model.space, toy_dataset, torch.ones(60, 8), None)
    flat = replace(view, latents=same)
    torch.testing.assert_close(latent(flat, sum_of((3, 2))), torch.full((8,), 2.0))


@pytest.mark.parametrize(
    ("count", "weight"),
    [(1, float("nan")), (1, float("inf")), (1, 10.1), (1, "much"), (0, 1), (MAX_TERMS + 1, 1)],
)
def test_a_bad_sum_is_refused(count: int, weight: float) -> None:
    sum_of(*[(1, 1)] * MAX_TERMS)
    with pytest.raises(ValidationError, match="terms"):
        sum_of(*[(1, weight)] * count)


def test_unknown_points_are_named(view: View) -> None:
    with pytest.raises(UnknownPointError, match="'60' is not in the data set portraits"):
        latent(view, sum_of((3, 1), (60, 1)))
    with pytest.raises(ValidationError, match="expected a point, such as 17"):
        sum_of((-1, 1))


def test_before_anything_is_encoded_nothing_is_said_of_a_sum(view: View, toy_dataset: Dataset) -> None:
    nothing = LatentTable(
        view.model.space, toy_dataset, torch.zeros(60, 8), None, lambda _: pytest.fail("asked")
    )
    told = judge(replace(view, latents=nothing), sum_of((3, 1)), torch.ones(8))
    assert (told.neighbours, told.near, told.typical) == ((), "", True)
    assert told.typicality == "Nothing is encoded yet that it could be compared with."


def test_coarse_of_one_goes_with_fine_of_the_other(spatial: View) -> None:
    made = latent(spatial, mix(cutoff=1.5))
    a, b = spatial.latents.latents[[1, 2]]
    torch.testing.assert_close(made, mix_frequencies(a, b, 1.5))


def test_one_is_seen_inside_what_is_painted_on_the_other(spatial: View) -> None:
    rows, columns = spatial.model.space.shape[1:]
    mask = torch.zeros(rows, columns)
    mask[: rows // 2] = 1
    made = latent(spatial, mix(mask=mask.tolist()))
    a, b = spatial.latents.latents[[1, 2]]
    torch.testing.assert_close(made, mix_region(a, b, mask))


def test_a_latent_without_places_is_not_mixed(view: View) -> None:
    with pytest.raises(InputError, match="toy: its latent has no places, so nothing in it is coarse or fine"):
        latent(view, mix("toy", cutoff=1))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"cutoff": 1, "mask": [[1]]},
        {"mask": []},
        {"mask": [[]]},
        {"mask": [[1, 0], [1]]},
        {"mask": [[0] * (MAX_SIDE + 1)]},
        {"mask": [[0]] * (MAX_SIDE + 1)},
        {"cutoff": "low"},
        {"cutoff": 1, "a": "a/b/c"},
        {"cutoff": 1, "extra": 1},
    ],
    ids=lambda fields: str(fields)[:30],
)
def test_a_bad_mix_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        mix(**fields)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cutoff": 0}, "cutoff: expected a number above 0"),
        ({"cutoff": float("nan")}, "cutoff: expected a number above 0"),
        ({"mask": [[1, 0]]}, "mask: expected one value a place"),
        ({"cutoff": 1, "a": 50}, "'50' is not in the data set portraits: expected 0 to 39"),
    ],
    ids=str,
)
def test_a_mix_of_what_is_not_there_is_refused(
    spatial: View, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        latent(spatial, mix(**fields))


@pytest.mark.parametrize("level", [2.0, -0.1, float("nan")])
def test_a_mask_beyond_0_and_1_is_refused(spatial: View, level: float) -> None:
    rows, columns = spatial.model.space.shape[1:]
    with pytest.raises(InputError, match="mask: expected values from 0 to 1"):
        latent(spatial, mix(mask=np.full((rows, columns), level).tolist()))


def test_a_cell_is_its_rows_morph_with_one_more_slider(view: View) -> None:
    """So that the page keeps a cell by saying what it shows."""
    slider, along = added(view, 0), added(view, 1)
    morph = Morph(model="toy", a=1, b=2, steer=(Steer(direction=slider, strength=1.5, hold=True),))
    row = row_of(view, morph, along)
    for value, cell in zip(STRENGTHS, row, strict=True):
        steer = (*morph.steer, Steer(direction=along, strength=value))
        one = asyncio.run(view.point(morph.model_copy(update={"steer": steer})))
        torch.testing.assert_close(one, cell, rtol=0, atol=2e-5)
    held = view.steering.direction(slider).vector
    free = asyncio.run(view.direction(Morph(model="toy", a=1, b=2), along)).vector
    assert abs(float((row[-1] - row[0]) @ held)) < 0.1 * abs(6 * 0.1 * float(free @ held))


def test_a_traversal_along_what_is_held_moves_it(view: View) -> None:
    along = added(view, 2)
    morph = Morph(model="toy", a=1, b=1, steer=(Steer(direction=along, hold=True),))
    row = row_of(view, morph, along, strengths=(0, 10))
    assert float((row[1] - row[0]).norm()) == pytest.approx(10 * 0.1, rel=1e-4)


def test_a_row_starts_where_its_morph_is(view: View, toy_latents: Tensor) -> None:
    along = added(view, 2)
    row = row_of(view, Morph(model="toy", a=1, b=2, alpha=0), along, strengths=(-1, 0, 2))
    one = view.steering.direction(along)
    torch.testing.assert_close(row, traverse(toy_latents[1], one, (-1, 0, 2)), rtol=0, atol=1e-5)


def test_an_unknown_direction_of_a_row_is_named(view: View) -> None:
    with pytest.raises(UnknownDirectionError, match="nobody"):
        row_of(view, Morph(model="toy", a=1, b=2), "nobody")


def test_a_cross_fade_has_no_rows(view: View) -> None:
    with pytest.raises(InputError, match="A cross-fade mixes decodes and has no latent"):
        row_of(view, Morph(model="toy", a=1, b=2, method="cross-fade"), added(view, 3))


@pytest.mark.parametrize("strengths", [(), (float("nan"),), (11,), (0,) * (MAX_CELLS + 1)], ids=len)
def test_bad_strengths_are_refused(view: View, strengths: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="strength"):
        row_of(view, Morph(model="toy", a=1, b=2), added(view, 3), strengths=strengths)


def test_dimensions_are_those_of_the_training_data(
    view: View, toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    train = np.flatnonzero(toy_dataset.splits == "train")
    found, labels = dimensions_of(view), numeric_labels(toy_dataset, train)
    expected = dimensions(view.model.space, toy_latents[train], labels)
    assert list(found) == list(expected)
    for index, one in found.items():
        assert one.provenance == expected[index].provenance
        assert set(one.provenance.correlations) == {"age", "hair: long", "hair: short"}


def test_a_dimension_becomes_a_slider(view: View) -> None:
    key, one = add_dimension(view, 3)
    assert key == "dimension:3"
    assert view.steering.direction(key) is one
    assert torch.equal(one.vector, torch.eye(8)[3])
    Steer(direction=key)


@pytest.mark.parametrize("index", [-1, 8, 10**6])
def test_a_dimension_that_is_not_there_is_named(view: View, index: int) -> None:
    with pytest.raises(
        InputError,
        match=rf"expected one of the dimensions that vary \(0, 1, 2, 3, 4, 5, 6, 7\), got {index}",
    ):
        add_dimension(view, index)


def test_where_nothing_varies_there_is_no_dimension(view: View, toy_dataset: Dataset) -> None:
    same = LatentTable(view.model.space, toy_dataset, torch.ones(60, 8), None)
    with pytest.raises(InputError, match=r"expected one of the dimensions that vary \(none\), got 0"):
        add_dimension(replace(view, latents=same), 0)


def test_the_same_dimension_of_other_data_is_another_slider(generated: View, view: View) -> None:
    """σ and name are those of the data."""
    keys = {add_dimension(one, 0)[0] for one in (generated, view)}
    assert keys == {"dimension:0", "samples:dimension:0"}

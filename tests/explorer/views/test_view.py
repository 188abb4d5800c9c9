"""What can be asked of one data set in one model."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data import MINE, Dataset, Point, UnknownPointError
from explorer.device import Priority, User
from explorer.operations import Direction, Provenance, hold, slerp, steer, unit
from explorer.steering import DirectionQuery, Morph, Steer, UnknownDirectionError
from explorer.views import View, find_direction, keep
from explorer.workspace import Workspace
from models.errors import InputError
from models.pictures import to_uint8
from models.toys.vector import ToyModel
from tests.explorer.waiting import wait

T = torch.tensor([0.0, 0.3, 1.0])


def morph(steer: tuple[Steer, ...] = (), **fields: object) -> Morph:
    return Morph.model_validate({"model": "toy", "a": 3, "b": 4, "steer": steer, **fields})


def found(view: View, **fields: object) -> tuple[str, Direction]:
    query = {"model": "toy", "method": "mean-difference", **fields}
    return asyncio.run(find_direction(view, DirectionQuery.model_validate(query), "ann"))


def frames(view: View, asked: Morph, alphas: list[float]) -> np.ndarray:
    return asyncio.run(view.frames(asked, alphas))


def latents(view: View, asked: Morph) -> Tensor:
    return asyncio.run(view.path(asked)).latents(T)


def decoded(batch: Tensor) -> np.ndarray:
    return to_uint8(ToyModel().decode(batch))


def added(view: View, seed: int, std: float = 0.3) -> str:
    vector = unit(torch.randn(view.model.space.shape, generator=torch.Generator().manual_seed(seed)))
    return view.steering.add(Direction(f"number {seed}", vector, std, Provenance("pca", "", 1)), "ann")


def test_a_view_is_a_data_set_in_a_model(view: View, toy_dataset: Dataset, toy_latents: Tensor) -> None:
    assert view.dataset is toy_dataset
    assert view.model.space.name == "toy"
    assert torch.equal(view.latents.latents, toy_latents)
    assert toy_dataset.shipped is not None
    assert view.latents.coordinates is toy_dataset.shipped.coordinates


def test_frames_are_decodes_of_the_path(view: View, toy_latents: Tensor) -> None:
    path = slerp(toy_latents[3], toy_latents[4], T)
    slot = User().ask("canvas", Priority.CANVAS)
    values = asyncio.run(view.frames(morph(), T.tolist(), slot))
    np.testing.assert_array_equal(values, decoded(path))
    np.testing.assert_array_equal(frames(view, morph(), T.tolist()), values)
    assert view.shared.worker.telemetry.ms_per_frame("toy") > 0
    torch.testing.assert_close(latents(view, morph()), path)


def test_a_cross_fade_blends_what_is_decoded_and_has_no_latent(view: View, toy_latents: Tensor) -> None:
    a, b = decoded(toy_latents[3:5]).astype(int)
    faded = frames(view, morph(method="cross-fade"), [0, 0.25, 1])
    np.testing.assert_allclose(faded, [a, 0.75 * a + 0.25 * b, b], atol=0.51)
    with pytest.raises(InputError, match="A cross-fade mixes decodes and has no latent: choose another path"):
        asyncio.run(view.point(morph(method="cross-fade")))


@pytest.mark.parametrize("method", ["slerp", "lerp", "cross-fade"])
@pytest.mark.parametrize("alpha", [1.5, -0.1, float("nan")])
def test_alphas_outside_0_to_1_are_refused(view: View, method: str, alpha: float) -> None:
    with pytest.raises(InputError, match="expected"):
        frames(view, morph(method=method), [alpha])


def test_frames_are_decodes_of_the_steered_path(view: View, toy_latents: Tensor) -> None:
    """The toy's pictures answer as its latents do, but for their 256 levels."""
    hair, age = found(view, label="hair", value="long"), found(view, method="ridge", label="age")
    asked = morph((Steer(direction=hair[0], strength=1.5), Steer(direction=age[0], hold=True)))
    way = slerp(toy_latents[3], toy_latents[4], T)
    expected = steer(way, [hold(hair[1], [age[1]])], [1.5])
    torch.testing.assert_close(latents(view, asked), expected, rtol=0, atol=0.02)
    np.testing.assert_array_equal(frames(view, asked, T.tolist()), decoded(latents(view, asked)))
    halfway = asyncio.run(view.point(asked))
    torch.testing.assert_close(halfway, asyncio.run(view.path(asked)).latents(torch.tensor([0.5]))[0])


def test_a_cross_fade_is_steered_at_both_ends(view: View, toy_latents: Tensor) -> None:
    key, one = found(view, label="hair", value="long")
    asked = morph((Steer(direction=key, strength=2),), method="cross-fade")
    a, b = decoded(steer(toy_latents[3:5], [one], [2])).astype(int)
    np.testing.assert_allclose(frames(view, asked, [0, 0.5, 1]), [a, 0.5 * a + 0.5 * b, b], atol=0.51)


def test_all_frames_of_a_drag_share_their_path(view: View) -> None:
    """What is held is measured and taken out once, whatever alpha is."""
    held = (Steer(direction=added(view, 1), strength=1), Steer(direction=added(view, 2), hold=True))
    first = asyncio.run(view.path(morph(held)))
    assert asyncio.run(view.path(morph(held, alpha=0.9))) is first
    assert asyncio.run(view.path(morph(held, b=5))) is not first
    assert asyncio.run(view.path(morph(held[:1]))) is not first
    assert asyncio.run(view.path(morph(held, method="lerp"))) is not first


def test_a_path_of_a_direction_that_was_replaced_is_not_shown(view: View) -> None:
    """Two under one name: of the few items that are encoded, then of all."""
    asked, steps = morph((Steer(direction="pca:77", strength=1),)), []
    for seed in (20, 21):
        one = view.steering.direction(added(view, seed))
        view.steering.name(one, "pca:77")
        steps.append(latents(view, asked) - latents(view, morph()))
        torch.testing.assert_close(steps[-1][0], one.std * one.vector)
    assert not torch.allclose(*steps)


def test_a_quick_model_of_the_same_latents_can_decode_them(view: View) -> None:
    class Inverted(ToyModel):
        def __init__(self) -> None:
            super().__init__()
            self.space = replace(self.space, name="toy-inverted")

        def _decode(self, latents: Tensor) -> Tensor:
            return -super()._decode(latents)

    quick = asyncio.run(view.frames(morph(), [0.5], by=Inverted()))
    np.testing.assert_allclose(quick.astype(int), 255 - frames(view, morph(), [0.5]).astype(int), atol=1)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("60", "'60' is not in the data set portraits: expected 0 to 59"),
        ("nobody", "'nobody' is not in the data set portraits"),
        ("samples/3", "the data set 'samples' is not open in toy: choose it once in the page's menu"),
        ("mine/" + "0" * 32, "is unknown or no longer kept: open the picture again"),
    ],
)
def test_an_unknown_point_is_named(view: View, point: str, message: str) -> None:
    for ends in ({"a": point}, {"b": point}):
        with pytest.raises(UnknownPointError, match=message):
            frames(view, morph(**ends), [0])
    with pytest.raises(UnknownPointError, match=message):
        view.position(Point.of(point))


def test_an_unknown_data_set_is_told_which_there_are(view: View) -> None:
    message = "dataset: expected one of portraits, samples for toy, got 'paintings'"
    with pytest.raises(InputError, match=message):
        frames(view, morph(a="paintings/3"), [0])
    with pytest.raises(InputError, match=message):
        view.position(Point.of("paintings/3"))


def test_a_point_of_another_model_says_of_which(view: View, generated: View, workspace: Workspace) -> None:
    """Both latents have 8 dimensions: nothing else would tell, and nothing is begun for it."""
    theirs = keep(generated, torch.ones(8), "ann")
    before = [status.stage for status in workspace.statuses()]
    for asked in (lambda: frames(view, morph(a=str(theirs)), [0]), lambda: view.position(theirs)):
        with pytest.raises(UnknownPointError, match=f"{theirs} belongs to toy-generator: .* nothing to toy"):
            asked()
    assert [status.stage for status in workspace.statuses()] == before


def test_a_morph_of_another_model_is_refused(view: View) -> None:
    """Its path would be kept for that model too."""
    asked = morph(model="toy-generator")
    for call in (view.path(asked), view.frames(asked, [0.5]), view.point(asked), view.direction(asked, "x")):
        with pytest.raises(InputError, match="expected a morph of toy, got one of toy-generator"):
            asyncio.run(call)


def test_a_point_of_ones_own_is_as_good_as_any(view: View, toy_latents: Tensor) -> None:
    mine = keep(view, toy_latents[7] * 0.9, "ann")
    assert mine.dataset == MINE
    np.testing.assert_array_equal(
        frames(view, morph(a=str(mine)), [0.0]), decoded(toy_latents[7][None] * 0.9)
    )
    assert view.position(mine) is not None


def test_points_of_all_data_sets_that_are_open_meet(workspace: Workspace, view: View) -> None:
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    drawn = workspace.open("toy", "samples")
    asked = morph(a="samples/5", b=4)
    expected = torch.stack([drawn.latents.latents[5], view.latents.latents[4]])
    for one in (view, drawn):
        np.testing.assert_array_equal(frames(one, asked, [0, 1]), decoded(expected))
    assert view.position(Point.of("samples/5")) is None, "it lies on the map of its own data set"
    np.testing.assert_array_equal(drawn.position(Point.of("samples/5")), drawn.latents.position(5))


def test_a_point_of_ones_own_has_a_place_of_its_own_on_each_map(workspace: Workspace, view: View) -> None:
    """The maps of two data sets have nothing to do with each other."""
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    drawn, latent = workspace.open("toy", "samples"), torch.full((8,), 0.4)
    for here, there in ((view, drawn), (drawn, view)):
        mine = keep(here, latent, "ann")
        np.testing.assert_array_equal(here.position(mine), here.own(mine).position)
        np.testing.assert_array_equal(there.position(mine), there.latents.place(latent[None])[0])
        assert not np.allclose(here.position(mine), there.position(mine))


def test_a_point_that_was_kept_before_there_was_a_map_has_a_place_once_there_is(view: View) -> None:
    latent = torch.full((8,), 0.3)
    mine = view.shared.own_points.add(view.model.space, latent, "portraits", None, "ann")
    np.testing.assert_array_equal(view.position(mine), view.latents.place(latent[None])[0])


def test_an_unknown_direction_is_named(view: View) -> None:
    for entry in (Steer(direction="nobody", strength=1), Steer(direction="nobody", hold=True)):
        for call in (view.frames(morph((entry,)), [0]), view.point(morph((entry,)))):
            with pytest.raises(UnknownDirectionError, match="direction 'nobody' is unknown"):
                asyncio.run(call)
    with pytest.raises(UnknownDirectionError):
        asyncio.run(view.direction(morph(), "nobody"))


def test_directions_that_leave_nothing_of_each_other_say_so(view: View) -> None:
    first, second = added(view, 5), added(view, 5)
    asked = morph((Steer(direction=first, strength=1), Steer(direction=second, hold=True)))
    with pytest.raises(InputError, match=r"nothing of .* is left while .* is held"):
        frames(view, asked, [0])


def test_what_a_rack_changed_is_read_at_the_pictures(view: View) -> None:
    told = Provenance("ridge", "made up", 10, score=0.9, score_name="R²")
    axis = Direction("one axis", torch.eye(8)[2], 0.5, told)
    key = view.steering.add(axis, "ann")
    (effect,) = asyncio.run(view.effects(morph((Steer(direction=key, strength=2),)))) or []
    assert (effect.direction, effect.name) == (key, "one axis")
    assert effect.change == pytest.approx(2, abs=0.1)
    assert asyncio.run(view.effects(morph())) == [], "nothing is on the rack, and nothing built in"


def test_without_an_encoder_nothing_is_read(generated: View) -> None:
    asked = morph(
        (Steer(direction=added(generated, 1), strength=2),),
        model="toy-generator",
        a="samples/1",
        b="samples/2",
    )
    assert asyncio.run(generated.effects(asked)) is None
    assert frames(generated, asked, [0.5]).shape == (1, 64, 64, 3), "but it is steered"


def test_a_slow_model_is_not_asked_what_changed(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.views.view.SLOW_MS", 0)
    frames(view, morph(), [0.41])
    assert asyncio.run(view.effects(morph())) is None


def test_an_item_that_is_not_encoded_yet_is_encoded_first(spatial: View) -> None:
    table = spatial.latents
    assert not table.filled[[11, 12]].any()
    shown = frames(spatial, morph(model="toy-spatial", a=11, b=12), [0, 1])
    assert table.filled[[11, 12]].all()
    assert not table.filled[13]
    expected = spatial.model.media.quantise(spatial.model.decode(table.latents[[11, 12]])).numpy()
    np.testing.assert_array_equal(shown, expected)


def test_a_view_can_be_used_within_an_event_loop(view: View) -> None:
    """As in a notebook, many at a time."""

    async def all_at_once() -> list[np.ndarray]:
        return await asyncio.gather(*(view.frames(morph(b=row), [0.5]) for row in range(5, 25)))

    for row, values in zip(range(5, 25), asyncio.run(all_at_once()), strict=True):
        np.testing.assert_array_equal(values, frames(view, morph(b=row), [0.5]))

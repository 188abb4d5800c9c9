"""What a person gets to keep: directions that they find, files that they bring, latents that they make."""

from __future__ import annotations

import asyncio
import base64
import time
from concurrent.futures import Future
from dataclasses import replace
from io import BytesIO
from threading import Lock
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photographs
from torch import Tensor

from explorer.data import Dataset, LatentTable, Point, UnknownPointError
from explorer.measures import psnr
from explorer.operations import Direction, Provenance
from explorer.steering import DirectionQuery, Morph, Steer, UnknownDirectionError, find
from explorer.views import View, bring, find_direction, keep
from explorer.workspace import Workspace
from models.errors import CannotEncodeError, InputError
from models.pictures import PictureError
from tests.explorer.waiting import unload, wait


def query(**fields: object) -> DirectionQuery:
    return DirectionQuery.model_validate({"model": "toy", "method": "mean-difference", **fields})


def found(view: View, owner: str = "ann", **fields: object) -> tuple[str, Direction]:
    return asyncio.run(find_direction(view, query(**fields), owner))


def cosine(a: Tensor, b: Tensor) -> float:
    return float((a * b).sum() / a.norm() / b.norm())


def png(picture: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def opened(url: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))))


def test_a_direction_that_is_found_is_kept(view: View) -> None:
    key, one = found(view, label="hair", value="long")
    assert key.startswith("d")
    assert view.steering.direction(key) is one
    assert one.provenance.data == "label hair: long of 30 portraits"
    assert found(view, label="hair", value="long")[0] != key


def test_what_the_model_itself_gives_has_an_id_that_says_so(view: View, generated: View) -> None:
    key, one = found(view, method="pca", component=1)
    assert key == "pca:1"
    assert view.steering.direction(key) is one
    assert found(view, method="pca", component=1, name="mine")[0].startswith("d")
    theirs, _ = asyncio.run(
        find_direction(generated, query(model="toy-generator", method="pca", component=1), "ann")
    )
    assert theirs == "samples:pca:1", "of other data it is another direction"


def test_two_directions_are_found_at_a_time_and_others_wait(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most, lock = 0, 0, Lock()

    def slowly(*asked: Any) -> Direction:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return find(*asked)

    monkeypatch.setattr("explorer.views.keeping.find", slowly)

    async def six() -> list[tuple[str, Direction]]:
        asked = query(label="hair", value="long")
        return await asyncio.gather(*(find_direction(view, asked, "ann") for _ in range(6)))

    assert len({key for key, _ in asyncio.run(six())}) == 6
    assert most == 2


def test_two_groups_make_a_direction_at_once(view: View, toy_latents: Tensor) -> None:
    mine = keep(view, torch.ones(8), "ann")
    _, one = found(view, plus=[1, str(mine)], minus=[5])
    expected = (toy_latents[1] + 1) / 2 - toy_latents[5]
    assert cosine(one.vector, expected) == pytest.approx(1, abs=1e-5)
    assert one.provenance.points == (("1", "an upload"), ("5",)), "its id would show the picture to anybody"


@pytest.mark.parametrize("point", ["60", "samples/3", "mine/" + "0" * 32])
def test_an_unknown_point_of_a_group_is_named(view: View, point: str) -> None:
    with pytest.raises(UnknownPointError):
        found(view, plus=[1], minus=[point])


def test_what_cannot_be_found_says_why(view: View) -> None:
    with pytest.raises(InputError, match="label: expected one of age, hair; got 'mood'"):
        found(view, label="mood")


def test_a_direction_is_of_the_model_that_it_was_found_in(view: View, generated: View) -> None:
    key, _ = found(view, label="hair", value="long")
    with pytest.raises(UnknownDirectionError, match=f"'{key}' belongs to toy, not to toy-generator"):
        generated.steering.direction(key)


def test_one_person_finds_as_many_as_they_like_and_costs_nobody_theirs(view: View) -> None:
    bens, one = found(view, "ben", label="hair", value="long")
    for _ in range(300):
        view.steering.add(one, "ann")
    assert view.steering.direction(bens) is one


@pytest.fixture
def unencoded(view: View, toy_dataset: Dataset) -> View:
    """A view of which every second item is encoded; the others when a test says so."""

    def encode(row: int) -> Any:
        raise AssertionError(f"{row} was asked for")

    table = LatentTable(view.model.space, toy_dataset, torch.zeros(60, 8), None, encode)
    table.filled[::2] = True
    table.latents[::2] = view.latents.latents[::2]
    return replace(view, latents=table)


def test_points_that_are_not_encoded_yet_are_asked_for_at_once(
    unencoded: View, toy_latents: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is waited for before all are requested, or they would not share batches."""
    asked: list[tuple[int, Future[Tensor]]] = []

    def encode(row: int) -> Future[Tensor]:
        asked.append((row, Future()))
        if len(asked) == 4:
            for each, waiting in asked:
                waiting.set_result(toy_latents[each])
        return asked[-1][1]

    monkeypatch.setattr(unencoded.latents, "_encode", encode)
    _, one = found(unencoded, plus=[1, 3, 2], minus=[5, 7])
    assert [row for row, _ in asked] == [1, 3, 5, 7]
    expected = toy_latents[1:4].mean(0) - toy_latents[[5, 7]].mean(0)
    assert cosine(one.vector, expected) == pytest.approx(1, abs=1e-5)


def test_more_points_than_can_be_encoded_in_passing_are_refused(
    unencoded: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.views.keeping.MOST_MISSING", 3)
    with pytest.raises(InputError, match=r"4 of these points are not encoded .* choose at most 3"):
        found(unencoded, plus=[1, 3, 2], minus=[5, 7])


def test_a_file_becomes_a_point(view: View, toy_dataset: Dataset, toy_latents: Tensor) -> None:
    file = toy_dataset.files[7]
    assert file is not None
    mine = bring(view, file, "ann")
    own = view.shared.own_points.get(mine, "toy")
    torch.testing.assert_close(own.latent, toy_latents[7], atol=1e-4, rtol=0)
    assert torch.equal(asyncio.run(view.latent(mine)), own.latent)
    assert own.position is not None
    np.testing.assert_array_equal(view.position(mine), own.position)
    at = view.position(Point.of(7))
    np.testing.assert_allclose(
        own.position, at, atol=1e-3, err_msg="an item's own file lies where the item does"
    )
    assert own.card["known"]
    assert own.card["psnr"] > 40
    assert "as the data are" in own.card["verdict"]
    shown = opened(own.card["original"])
    assert psnr(shown, view.model.media.unpack(file).value) >= 30  # noise is hard on a JPEG
    assert view.shared.own_points.of("ann", "toy")[mine] is own
    assert mine not in view.shared.own_points.of("ben", "toy")


def test_what_the_model_does_not_know_is_told(view: View) -> None:
    own = view.shared.own_points.get(bring(view, png(photographs.astronaut()), "ann"), "toy")
    assert not own.card["known"]
    assert own.card["verdict"].startswith("Far from what the model knows")


@pytest.mark.parametrize("file", [b"", b"not a picture", png(np.zeros((9, 9, 3), np.uint8))[:40]])
def test_a_file_that_is_no_picture_is_refused(view: View, file: bytes) -> None:
    before = len(view.shared.own_points.of("eve", "toy"))
    with pytest.raises(PictureError):
        bring(view, file, "eve")
    assert len(view.shared.own_points.of("eve", "toy")) == before


def test_a_model_without_an_encoder_says_so(generated: View) -> None:
    with pytest.raises(CannotEncodeError, match="toy-generator has no encoder"):
        bring(generated, png(photographs.astronaut()), "ann")


def test_what_is_made_is_kept_as_a_point_with_its_place(view: View, toy_latents: Tensor) -> None:
    latent = toy_latents[3] * 0.5 + toy_latents[8] * 0.5
    made = keep(view, latent, "ann", {"picture": "of it"})
    own = view.shared.own_points.get(made, "toy")
    torch.testing.assert_close(own.latent, latent)
    assert own.card == {"picture": "of it"}
    places = view.latents.place(latent[None])
    assert places is not None
    np.testing.assert_allclose(own.position, places[0])
    assert Point.of(str(made)) == made


def test_what_is_steered_and_kept_again_and_again_goes_only_so_far(view: View, toy_latents: Tensor) -> None:
    """Only sums were checked: any other way led as far, until all decodes were black."""
    one = Direction("far", torch.eye(8)[0], 0.5, Provenance("pca", "tests", 60))
    steer = (Steer(direction=view.steering.add(one, "ann"), strength=10.0),)
    kept = [Point.of(3)]

    def again_and_again() -> None:
        for _ in range(40):
            morph = Morph(model="toy", a=kept[-1], b=kept[-1], steer=steer)
            kept.append(keep(view, asyncio.run(view.point(morph)), "ann"))

    with pytest.raises(InputError, match=r"this lies .* times as far from the data's mean"):
        again_and_again()
    assert 2 < len(kept) < 40


def test_without_a_map_what_is_made_has_no_place(spatial: View) -> None:
    made = keep(spatial, torch.zeros(spatial.model.space.shape), "ann")
    assert spatial.position(made) is None


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("latent", [torch.zeros(7), torch.full((8,), float("nan"))], ids=["shape", "nan"])
def test_what_is_no_latent_is_not_kept(view: View, latent: Tensor) -> None:
    with pytest.raises(InputError, match="toy latents: expected"):
        keep(view, latent, "ann")


def test_what_is_kept_outlives_the_model(view: View, workspace: Workspace) -> None:
    mine = keep(view, torch.ones(8), "ann")
    unload(workspace, "toy")
    workspace.prepare("toy")
    wait(workspace, "toy")
    assert torch.equal(asyncio.run(workspace.open("toy").latent(mine)), torch.ones(8))

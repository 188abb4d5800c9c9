from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from skimage import data

import models
from explorer.data.dataset import Dataset
from explorer.data.latent_table import UnknownPointError
from explorer.device.jobs import User
from explorer.device.worker import WorkerClosedError
from explorer.measures.metrics import psnr
from explorer.operations.directions import Direction, steer
from explorer.operations.holding import hold
from explorer.operations.interpolation import slerp
from explorer.settings import Settings
from explorer.steering.direction_query import Wish, find
from explorer.steering.morph import Morph
from explorer.steering.rack import Steer, UnknownDirectionError
from explorer.workspace import NotReadyError, Workspace
from models.face_vae import FaceVAE
from models.pictures import PictureError, fit, open_picture, to_uint8
from models.runtimes.policy import policy
from models.stable_diffusion import StableDiffusionVAE
from models.toy import ToyModel
from tests.explorer.waiting import wait, wait_for

WISHES = (
    Wish(model="toy", method="mean-difference", label="hair", value="long"),
    Wish(model="toy", method="ridge", label="age"),
)


def settings(tmp_path: Path, model: str = "toy") -> Settings:
    return Settings(model=model, device="cpu", cache_dir=tmp_path, sd_vae_tiny=str(tmp_path / "absent"))


@pytest.fixture
def workspace(tmp_path: Path, toy_dataset: Dataset) -> Iterator[Workspace]:
    """A workspace whose bundled model is the toy."""
    with Workspace(settings(tmp_path), toy_dataset) as workspace:
        wait(workspace, "toy")
        yield workspace


def png(picture: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_bundled_model_is_ready_with_the_shipped_map(workspace: Workspace, toy_dataset: Dataset) -> None:
    status = workspace.status("toy")
    assert (status.state, status.progress, status.points) == ("ready", 1, 60)
    assert (status.latent_shape, status.image_size) == ((8,), 16)
    np.testing.assert_array_equal(workspace.store("toy").coordinates, toy_dataset.coordinates)
    assert workspace.device == torch.device("cpu")


def test_frames_are_decodes_of_the_path(workspace: Workspace, toy_dataset: Dataset) -> None:
    morph = Morph(model="toy", a=3, b="4")
    alphas = [0.0, 0.3, 1.0]
    path = slerp(toy_dataset.latents[3], toy_dataset.latents[4], torch.tensor(alphas))
    frames = workspace.frames(morph, alphas, slot=User().ask("canvas")).result(20)
    np.testing.assert_array_equal(frames, to_uint8(ToyModel().decode(path)))
    assert workspace.ms_per_frame("toy") > 0
    torch.testing.assert_close(workspace.path(morph, 3).result(20)[[0, 2]], path[[0, 2]])


def test_a_cross_fade_blends_pixels_and_has_no_path(workspace: Workspace, toy_dataset: Dataset) -> None:
    morph = Morph(model="toy", a=3, b=4, method="cross-fade")
    a, b = to_uint8(ToyModel().decode(toy_dataset.latents[3:5])).astype(int)
    frames = workspace.frames(morph, [0, 0.25, 1]).result(20)
    np.testing.assert_allclose(frames, [a, 0.75 * a + 0.25 * b, b], atol=0.51)
    assert workspace.path(morph, 5).result(20).shape == (0, 8)


def test_alphas_outside_0_to_1_are_refused(workspace: Workspace) -> None:
    morph = Morph(model="toy", a=3, b=4)
    for alpha in (1.5, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"expected a vector t within \[0, 1\]"):
            workspace.frames(morph, [alpha]).result(20)


def test_frames_are_decodes_of_the_steered_path(workspace: Workspace, toy_dataset: Dataset) -> None:
    smile, age = (workspace.find_direction(wish) for wish in WISHES)
    rack = (Steer(direction=smile[0], strength=1.5), Steer(direction=age[0], hold=True))
    morph = Morph(model="toy", a=3, b=4, steer=rack)
    alphas = [0.0, 0.3, 1.0]
    path = slerp(toy_dataset.latents[3], toy_dataset.latents[4], torch.tensor(alphas))
    expected = steer(path, [hold(smile[1], [age[1]])], [1.5])
    frames = workspace.frames(morph, alphas).result(20)
    np.testing.assert_array_equal(frames, to_uint8(ToyModel().decode(expected)))
    torch.testing.assert_close(workspace.path(morph, 3).result(20)[[0, 2]], expected[[0, 2]])
    halfway = workspace.point(morph).result(20)
    torch.testing.assert_close(halfway, workspace.path(morph, 3).result(20)[1])


def test_a_cross_fade_is_steered_at_both_ends(workspace: Workspace, toy_dataset: Dataset) -> None:
    key, found = workspace.find_direction(WISHES[0])
    morph = Morph(
        model="toy", a=3, b=4, method="cross-fade", alpha=0.5, steer=(Steer(direction=key, strength=2),)
    )
    ends = steer(toy_dataset.latents[3:5], [found], [2])
    a, b = to_uint8(ToyModel().decode(ends)).astype(int)
    frames = workspace.frames(morph, [0, 0.5, 1]).result(20)
    np.testing.assert_allclose(frames, [a, 0.5 * a + 0.5 * b, b], atol=0.51)
    with pytest.raises(
        ValueError, match="A cross-fade mixes pictures and has no latent: choose another path"
    ):
        workspace.point(morph)


def test_two_directions_are_found_at_a_time_and_others_wait(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
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

    monkeypatch.setattr("explorer.workspace.find", slowly)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(workspace.find_direction, [WISHES[0]] * 6))
    assert len({key for key, _ in found}) == 6
    assert most == 2


def test_an_unknown_direction_is_named_at_once(workspace: Workspace) -> None:
    for entry in (Steer(direction="nobody", strength=1), Steer(direction="nobody", hold=True)):
        morph = Morph(model="toy", a=3, b=4, steer=(entry,))
        for ask in (lambda morph: workspace.frames(morph, [0]), workspace.point):
            with pytest.raises(UnknownDirectionError, match="direction 'nobody' is unknown"):
                ask(morph)


def test_directions_that_leave_nothing_of_each_other_say_so(workspace: Workspace) -> None:
    first, second = (workspace.find_direction(WISHES[0])[0] for _ in range(2))
    rack = (Steer(direction=first, strength=1), Steer(direction=second, hold=True))
    with pytest.raises(ValueError, match=r"nothing of .* is left while .* is held"):
        workspace.frames(Morph(model="toy", a=3, b=4, steer=rack), [0]).result(20)


def test_a_direction_is_of_the_model_that_it_was_found_in(workspace: Workspace) -> None:
    key, _ = workspace.find_direction(WISHES[0])
    assert workspace.steering("toy").direction(key).provenance.count == 30
    with pytest.raises(UnknownDirectionError):
        workspace.steering("sd-vae").direction(key)
    with pytest.raises(NotReadyError):
        workspace.find_direction(Wish(model="sd-vae", method="pca", component=0))
    with pytest.raises(ValueError, match="got 'gan'"):
        workspace.find_direction(Wish(model="gan", method="pca", component=0))


def test_unknown_points_and_models_are_named(workspace: Workspace) -> None:
    with pytest.raises(UnknownPointError, match="'60' is unknown: expected a portrait from 0 to 59"):
        workspace.frames(Morph(model="toy", a=60, b=4), [0])
    with pytest.raises(UnknownPointError):
        workspace.row("u" + "0" * 32)
    with pytest.raises(ValueError, match=r"expected one of face-vae.* got 'gan'"):
        workspace.prepare("gan")


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "gan"},
        {"method": "fly"},
        {"alpha": 1.01},
        {"alpha": float("nan")},
        {"a": -1},
        {"a": True},
        {"a": 1.5},
        {"a": "u1"},
        {"b": "../etc"},
        {"b": "1\n"},
        {"b": "9" * 10},
        {"steer": [{"direction": "smile", "strength": 11}]},
        {"steer": [{"direction": "smile", "strength": float("nan")}]},
        {"steer": [{"direction": "no such name"}]},
        {"steer": [{"direction": "smile"}] * 65},
    ],
)
def test_a_bad_morph_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Morph(**{"model": "toy", "a": 1, "b": 2, **wrong})


def test_a_morph_is_a_value() -> None:
    morph = Morph(model="toy", a=1, b="2")
    assert morph == Morph(model="toy", a="1", b=2, method="slerp", alpha=0.5)
    with pytest.raises(ValidationError):
        morph.alpha = 0.1  # type: ignore[misc]


def test_a_model_that_is_not_loaded_says_so(workspace: Workspace) -> None:
    assert workspace.status("sd-vae").state == "absent"
    with pytest.raises(NotReadyError, match="Not loaded yet"):
        workspace.store("sd-vae")


def test_a_model_that_cannot_be_had_fails_with_a_sentence_and_can_be_tried_again(
    workspace: Workspace,
) -> None:
    for _ in range(2):
        workspace.prepare("sd-vae-tiny")
        wait(workspace, "sd-vae-tiny")
        status = workspace.status("sd-vae-tiny")
        assert status.state == "failed"
        assert "absent" in status.message
        with pytest.raises(NotReadyError):
            workspace.store("sd-vae-tiny")
    assert workspace.frames(Morph(model="toy", a=1, b=2), [0.5]).result(20).shape == (1, 16, 16, 3)


def test_a_model_decodes_while_a_faster_way_is_made(
    tmp_path: Path, toy_dataset: Dataset, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, speed_up = Event(), StableDiffusionVAE.speed_up
    monkeypatch.setattr(StableDiffusionVAE, "speed_up", lambda model: made.wait(60) and speed_up(model))
    own = settings(tmp_path).model_copy(update={"sd_vae_tiny": str(tiny_folder)})
    with Workspace(own, toy_dataset) as workspace:
        workspace.prepare("sd-vae-tiny-256")
        wait_for(lambda: workspace.status("sd-vae-tiny-256").latent_shape)
        pictures = workspace.frames(Morph(model="sd-vae-tiny-256", a=1, b=2), [0.5]).result(60)
        assert pictures.shape == (1, 256, 256, 3)
        wait_for(lambda: "getting faster" in workspace.status("sd-vae-tiny-256").message)
        assert workspace.status("sd-vae-tiny-256").precision == policy(torch.device("cpu")).name
        made.set()
        wait(workspace, "sd-vae-tiny-256")
        here = policy(torch.device("cpu"))
        assert workspace.status("sd-vae-tiny-256").precision == ("int8" if here.bytes else here.name)


def test_a_model_that_cannot_be_made_faster_is_used_as_it_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(model: FaceVAE) -> None:
        raise MemoryError("none left")

    monkeypatch.setattr(FaceVAE, "speed_up", fail)
    workspace.prepare("face-vae")
    wait(workspace, "face-vae")
    assert workspace.status("face-vae").state == "ready"
    assert "face-vae stays as fast as it is: none left" in caplog.text


def test_an_unused_model_is_unloaded_and_loads_again_with_all_that_was_made(
    workspace: Workspace, toy_dataset: Dataset
) -> None:
    direction, _ = workspace.find_direction(WISHES[1])
    mine = workspace.upload("toy", png(data.astronaut())).id
    morph = Morph(model="toy", a=mine, b="2", steer=(Steer(direction=direction, strength=1.0),))
    before = workspace.frames(morph, [0.5]).result(20)
    workspace._preparations["toy"].unload()
    assert (workspace.status("toy").state, workspace.status("toy").precision) == ("absent", None)
    with pytest.raises(NotReadyError, match="Loading"):
        workspace.frames(morph, [0.5])
    wait(workspace, "toy")
    assert workspace.status("toy").precision == "fp32"
    np.testing.assert_array_equal(workspace.frames(morph, [0.5]).result(20), before)


def test_models_over_the_budget_are_unloaded_when_another_is_used(
    tmp_path: Path, toy_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.device.residency.UNUSED", 0.0)
    small = settings(tmp_path).model_copy(update={"memory": 0.01})
    with Workspace(small, toy_dataset) as workspace:
        wait(workspace, "toy")
        workspace.prepare("face-vae")  # 22 MB and more
        wait(workspace, "face-vae")
        workspace.prepare("toy")
        workspace.frames(Morph(model="toy", a=1, b=2), [0.5]).result(20)
        assert workspace.status("face-vae").state == "absent"
        assert workspace.status("toy").state == "ready"


def test_a_slow_model_is_previewed_by_the_quick_one_of_its_latents(
    tmp_path: Path, toy_dataset: Dataset, kl_folder: Path, tiny_folder: Path
) -> None:
    miniatures = settings(tmp_path).model_copy(
        update={"sd_vae": str(kl_folder), "sd_vae_tiny": str(tiny_folder)}
    )
    with Workspace(miniatures, toy_dataset) as workspace:
        workspace.prepare("sd-vae-256")
        wait_for(lambda: workspace.previews("sd-vae-256") and workspace.status("sd-vae-256").latent_shape)
        assert workspace.status("sd-vae-tiny-256").state == "absent", "its own map is not made for this"
        morph = Morph(model="sd-vae-256", a=1, b=2)
        quick, full = (
            workspace.frames(morph, [0.5], preview=preview).result(60) for preview in (True, False)
        )
        (latent,) = workspace.path(morph, 3).result(60)[[1]]
        tiny = models.load("sd-vae-tiny-256", "cpu", source=str(tiny_folder))
        at_once = to_uint8(tiny.decode(latent[None]))
        tiny.speed_up()  # which the workspace's own may have done meanwhile
        assert any(np.array_equal(quick, own) for own in (at_once, to_uint8(tiny.decode(latent[None]))))
        assert psnr(quick[0], full[0]) < 40, "the other model's picture is another one"


def test_a_model_without_a_quick_one_shows_its_own_pictures(workspace: Workspace) -> None:
    assert not workspace.previews("toy")
    morph = Morph(model="toy", a=1, b=2)
    quick, full = (workspace.frames(morph, [0.5], preview=preview).result(20) for preview in (True, False))
    np.testing.assert_array_equal(quick, full)


def test_an_upload_becomes_a_point(workspace: Workspace, toy_dataset: Dataset) -> None:
    picture = toy_dataset.portraits[7]
    assert picture is not None
    upload = workspace.upload("toy", picture)
    original = fit(open_picture(picture), 16)
    np.testing.assert_array_equal(upload.original, original)
    assert upload.psnr == psnr(original, upload.reconstruction)
    latent = workspace.store("toy").latent(upload.id)
    torch.testing.assert_close(latent, toy_dataset.latents[7], atol=1e-4, rtol=0)
    assert upload.coordinates is not None
    np.testing.assert_array_equal(workspace.store("toy").position(upload.id), upload.coordinates)
    frames = workspace.frames(Morph(model="toy", a=upload.id, b=3), [0]).result(20)
    np.testing.assert_array_equal(frames[0], upload.reconstruction)


def test_the_verdict_compares_with_the_held_out_portraits(workspace: Workspace, toy_dataset: Dataset) -> None:
    reach = np.percentile(toy_dataset.psnr[toy_dataset.splits == "held-out"], 1)
    far = workspace.upload("toy", png(data.astronaut()))
    assert not far.known
    assert f"{far.psnr:.1f} dB, while 99 % of its own held-out portraits reach {reach:.1f} dB" in far.verdict
    own = toy_dataset.portraits[0]
    assert own is not None
    assert workspace.upload("toy", own).known


@pytest.mark.parametrize("file", [b"", b"not a picture", png(np.zeros((9, 9, 3), np.uint8))[:40]])
def test_a_file_that_is_no_picture_is_refused(workspace: Workspace, file: bytes) -> None:
    with pytest.raises(PictureError):
        workspace.upload("toy", file)


def test_after_close_everybody_hears_of_it(workspace: Workspace) -> None:
    workspace.close()
    with pytest.raises(WorkerClosedError):
        workspace.frames(Morph(model="toy", a=1, b=2), [0.5]).result(20)
    assert workspace.prepare("face-vae").state == "absent"


def test_unknown_settings_are_refused(tmp_path: Path, toy_dataset: Dataset) -> None:
    with pytest.raises(ValueError, match=r"model: expected one of face-vae.*, got 'gan'"):
        Workspace(settings(tmp_path, "gan"), toy_dataset)


def test_another_models_portraits_are_encoded_and_mapped(tmp_path: Path, toy_dataset: Dataset) -> None:
    """The toy as a model that nothing was shipped for: its portraits are those with a 128 px picture."""
    foreign = replace(toy_dataset, metadata=toy_dataset.metadata | {"model": "face-vae"})
    for _ in range(2):  # the second time from the cache
        with Workspace(settings(tmp_path), foreign) as workspace:
            wait(workspace, "toy")
            assert workspace.status("toy").state == "ready", workspace.status("toy").message
            store = workspace.store("toy")
            assert len(store) == workspace.status("toy").points == 40
            torch.testing.assert_close(store.latents, toy_dataset.latents[:40], atol=1e-4, rtol=0)
            assert store.coordinates is not None
            assert store.coordinates.shape == (40, 2)
            upload = workspace.upload("toy", png(data.astronaut()))
            assert upload.coordinates is not None
            assert upload.known
            assert upload.verdict == f"Rebuilt at {upload.psnr:.1f} dB."


def test_shipped_latents_of_other_weights_are_not_used(tmp_path: Path, toy_dataset: Dataset) -> None:
    other = replace(toy_dataset, latents=toy_dataset.latents.flip(0))
    with Workspace(settings(tmp_path), other) as workspace:
        wait(workspace, "toy")
        torch.testing.assert_close(
            workspace.store("toy").latents, toy_dataset.latents[:40], atol=1e-4, rtol=0
        )


def test_the_face_vae_knows_its_portraits_and_not_a_photograph(tmp_path: Path) -> None:
    with Workspace(settings(tmp_path, "face-vae")) as workspace:
        wait(workspace, "face-vae")
        assert workspace.status("face-vae").message == "Ready"
        portrait = workspace.dataset.portraits[0]
        assert portrait is not None
        known, photograph = (workspace.upload("face-vae", file) for file in (portrait, png(data.astronaut())))
        assert known.known
        assert not photograph.known
        assert "trained on synthetic portraits only" in photograph.verdict
        own, place = workspace.store("face-vae").position("0"), known.coordinates
        assert own is not None
        assert place is not None
        spread = workspace.dataset.coordinates.std(axis=0).max()
        assert np.linalg.norm(place - own) < spread, "a portrait uploaded again lands near itself"

"""What one running app shares: data sets, models and their weights, and how they are getting on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

import models
from explorer.data import Dataset, Point, UnknownPointError, samples
from explorer.device import WorkerClosedError
from explorer.measures import psnr
from explorer.operations import Direction, Provenance
from explorer.routes.status import describe
from explorer.settings import Settings
from explorer.steering import Morph, Steer
from explorer.views import NotReadyError, View, bring, keep
from explorer.workspace import Workspace
from models import MODELS
from models.errors import InputError
from models.face_vae import FaceVAE
from models.pictures import to_uint8
from models.stable_diffusion import StableDiffusionVAE
from tests.explorer.waiting import unload, wait, wait_for


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "COUNT", 24)


def settings(tmp_path: Path, model: str = "toy", **sources: Path) -> Settings:
    absent = {name: str(tmp_path / "absent") for name, entry in MODELS.items() if entry.source}
    del absent["face-vae"]
    given = {name.replace("_", "-"): str(path) for name, path in sources.items()}
    return Settings(model=model, device="cpu", cache_dir=tmp_path, source=absent | given)


@pytest.fixture
def workspace(tmp_path: Path, toy_dataset: Dataset) -> Iterator[Workspace]:
    """A workspace whose bundled model is the toy."""
    with Workspace(settings(tmp_path), {"portraits": toy_dataset}) as workspace:
        wait(workspace, "toy")
        yield workspace


def frames(view: View, **fields: object) -> np.ndarray:
    morph = Morph.model_validate({"model": view.model.space.name, "a": 1, "b": 2, **fields})
    return asyncio.run(view.frames(morph, [0.5]))


def test_the_bundled_model_is_ready_with_the_shipped_map(workspace: Workspace, toy_dataset: Dataset) -> None:
    status, view = workspace.status("toy"), workspace.open("toy")
    assert (status.stage.state, status.stage.progress, status.encoded) == ("ready", 1, 60)
    assert (status.model, status.title, status.decodes, status.has_map) == (
        "toy", "Toy (linear)", True, True,
    )  # fmt: skip
    assert status.dataset is view.dataset is toy_dataset
    assert status.loaded is view.model
    assert toy_dataset.shipped is not None
    np.testing.assert_array_equal(view.latents.coordinates, toy_dataset.shipped.coordinates)
    assert workspace.shared.worker.device == torch.device("cpu")
    assert frames(view).shape == (1, 16, 16, 3)


def test_every_model_has_a_status(workspace: Workspace) -> None:
    statuses = workspace.statuses()
    assert [status.model for status in statuses] == list(MODELS)
    absent = workspace.status("sd-vae")
    assert (absent.stage.state, absent.decodes, absent.loaded, absent.dataset, absent.datasets) == (
        "absent", False, None, None, (),
    )  # fmt: skip


def test_a_model_shows_the_data_sets_that_it_can_encode_and_its_samples(workspace: Workspace) -> None:
    assert workspace.status("toy").datasets == ("portraits", "samples")
    assert workspace.open("toy") is not workspace.open("toy")
    assert workspace.open("toy", "portraits").latents is workspace.open("toy").latents
    with pytest.raises(NotReadyError, match="Not loaded yet"):
        workspace.open("toy", "samples")
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    drawn = workspace.open("toy", "samples")
    assert (drawn.dataset.name, len(drawn.latents)) == ("samples", 24)
    assert drawn.steering is workspace.open("toy").steering
    assert workspace.status("toy").dataset is not drawn.dataset, "what it shows first stays"


@pytest.mark.parametrize("call", ["open", "prepare", "stop", "status"])
def test_unknown_names_are_told_which_there_are(workspace: Workspace, call: str) -> None:
    with pytest.raises(InputError, match=r"model: expected one of face-vae.*, got 'gan'"):
        getattr(workspace, call)("gan")
    with pytest.raises(InputError, match="dataset: expected one of portraits, samples, got 'paintings'"):
        getattr(workspace, call)("toy", "paintings")


def test_unknown_settings_are_refused(tmp_path: Path, toy_dataset: Dataset) -> None:
    with pytest.raises(InputError, match=r"model: expected one of face-vae.*, got 'gan'"):
        Workspace(settings(tmp_path, "gan"), {"portraits": toy_dataset})


def test_a_model_that_is_not_loaded_says_so(workspace: Workspace) -> None:
    with pytest.raises(NotReadyError, match="Not loaded yet"):
        workspace.open("sd-vae")
    assert workspace.status("sd-vae").stage.state == "absent", "asking begins nothing"


def test_a_model_that_cannot_be_had_fails_with_a_sentence_and_can_be_tried_again(
    workspace: Workspace,
) -> None:
    for _ in range(2):
        workspace.prepare("sd-vae-tiny")
        wait(workspace, "sd-vae-tiny")
        status = workspace.status("sd-vae-tiny")
        assert (status.stage.state, status.decodes) == ("failed", False)
        assert "absent" in status.stage.message
        with pytest.raises(NotReadyError, match="absent"):
            workspace.open("sd-vae-tiny")
    assert frames(workspace.open("toy")).shape == (1, 16, 16, 3)


def test_a_model_decodes_while_a_faster_way_is_made(
    tmp_path: Path, toy_dataset: Dataset, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, speed_up, caches = Event(), StableDiffusionVAE.speed_up, list[Path]()

    def when_told(model: StableDiffusionVAE, cache: Path) -> None:
        caches.append(cache)
        made.wait(60)
        speed_up(model, cache)

    monkeypatch.setattr(StableDiffusionVAE, "speed_up", when_told)
    own = settings(tmp_path, sd_vae_tiny_256=tiny_folder)
    with Workspace(own, {"portraits": toy_dataset}) as workspace:
        name = "sd-vae-tiny-256"
        workspace.prepare(name)
        wait_for(lambda: workspace.status(name).decodes)
        assert frames(workspace.open(name)).shape == (1, 256, 256, 3)
        wait_for(lambda: "getting faster" in workspace.status(name).stage.message)
        assert workspace.open(name).model.preview_precision is None
        made.set()
        wait(workspace, name)
        assert workspace.open(name).model.preview_precision == "int8"
    assert caches == [own.cache_dir]


def test_a_model_that_cannot_be_made_faster_is_used_as_it_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(model: FaceVAE, cache: Path | None) -> None:
        raise MemoryError("none left")

    monkeypatch.setattr(FaceVAE, "speed_up", fail)
    workspace.prepare("face-vae")
    wait(workspace, "face-vae")
    assert workspace.status("face-vae").stage.state == "ready"
    assert "face-vae stays as fast as it is: none left" in caplog.text


def test_an_unused_model_is_unloaded_and_loads_again_with_all_that_was_made(
    workspace: Workspace, toy_dataset: Dataset
) -> None:
    view, file = workspace.open("toy"), toy_dataset.files[9]
    assert file is not None
    one = Direction("one", torch.eye(8)[1], 0.5, Provenance("pca", "", 1))
    steer = (Steer(direction=view.steering.add(one, "ann"), strength=1.0),)
    mine = bring(view, file, "ann")
    before = frames(view, a=str(mine), steer=steer)
    unload(workspace, "toy")
    status = workspace.status("toy")
    assert (status.stage.state, status.loaded, status.decodes) == ("absent", None, False)
    assert status.stage.message == "Toy (linear) was unloaded to make room for others"
    with pytest.raises(NotReadyError, match="Loading"):
        workspace.open("toy")
    wait(workspace, "toy")
    again = workspace.open("toy")
    assert again.model is not view.model
    np.testing.assert_array_equal(frames(again, a=str(mine), steer=steer), before)


def test_models_over_the_budget_are_unloaded_when_another_is_used(
    tmp_path: Path, toy_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.device.shelf.UNUSED", 0.0)
    small = settings(tmp_path).model_copy(update={"memory": 0.01})
    with Workspace(small, {"portraits": toy_dataset}) as workspace:
        wait(workspace, "toy")
        workspace.prepare("face-vae")  # 22 MB and more
        wait(workspace, "face-vae")
        wait_for(lambda: not workspace._shelf._held["face-vae"])
        workspace.prepare("toy")
        wait(workspace, "toy")
        frames(workspace.open("toy"))
        wait_for(lambda: workspace.open("toy") and workspace.status("face-vae").stage.state == "absent")
        assert workspace.status("toy").stage.state == "ready"


def test_a_slow_model_is_previewed_by_the_quick_one_of_its_latents(
    tmp_path: Path, toy_dataset: Dataset, kl_folder: Path, tiny_folder: Path
) -> None:
    miniatures = settings(tmp_path, sd_vae_256=kl_folder, sd_vae_tiny_256=tiny_folder)
    with Workspace(miniatures, {"portraits": toy_dataset}) as workspace:
        workspace.prepare("sd-vae-256", encode=False)
        wait_for(lambda: workspace.preview("sd-vae-256") and workspace.status("sd-vae-256").decodes)
        status = workspace.status("sd-vae-tiny-256")
        assert status.stage.state == "absent", "its own map is not made for this"
        view, by = workspace.open("sd-vae-256"), workspace.preview("sd-vae-256")
        morph = Morph(model="sd-vae-256", a=1, b=2)
        quick, full = (asyncio.run(view.frames(morph, [0.5], by=model)) for model in (by, None))
        latent = asyncio.run(view.point(morph))
        tiny = models.load("sd-vae-tiny-256", "cpu", source=str(tiny_folder))
        at_once = to_uint8(tiny.decode(latent[None]))
        assert psnr(quick[0], at_once[0]) >= 34, "it may have got faster meanwhile"
        assert psnr(quick[0], full[0]) < 34, "the other model's picture is another one"


def test_a_model_without_a_quick_one_has_no_preview(workspace: Workspace) -> None:
    assert workspace.preview("toy") is None
    assert workspace.preview("sd-vae") is None, "not loaded, and so is the one that would help it"


def test_only_frames_keep_a_preview_loaded(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open page asks for the status all the time, and so kept it over the budget for ever."""
    monkeypatch.setitem(MODELS, "toy", replace(MODELS["toy"], preview="toy-vector"))
    monkeypatch.setitem(MODELS, "toy-vector", replace(MODELS["toy"], preview=None))
    workspace.prepare("toy")
    wait_for(lambda: workspace.previewer("toy") and not workspace._shelf._held["toy-vector"])
    before = workspace._shelf._used["toy-vector"]
    assert describe(workspace, workspace.status("toy"))["preview"]
    assert workspace._shelf._used["toy-vector"] == before
    assert workspace.preview("toy") is workspace._shelf.loaded("toy-vector")
    assert workspace._shelf._used["toy-vector"] > before


def test_latents_of_another_shape_are_not_previewed(
    tmp_path: Path, toy_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with 16 channels was previewed by one with 4: an error a frame."""
    monkeypatch.setitem(MODELS, "toy", replace(MODELS["toy"], preview="toy-spatial"))
    with Workspace(settings(tmp_path), {"portraits": toy_dataset}) as workspace:
        wait(workspace, "toy")
        wait_for(lambda: workspace._shelf.loaded("toy-spatial"))
        assert workspace.preview("toy") is None


@pytest.mark.parametrize(
    ("replaced", "previews"), [("", True), ("toy twin", True), ("toy", False), ("twin", False)]
)
def test_weights_of_ones_own_are_not_previewed_by_the_shipped_ones(
    tmp_path: Path, toy_dataset: Dataset, monkeypatch: pytest.MonkeyPatch, replaced: str, previews: bool
) -> None:
    """Another VAE with as many channels was shown by one that does not know its latents: nonsense."""
    monkeypatch.setitem(MODELS, "twin", MODELS["toy"])
    monkeypatch.setitem(MODELS, "toy", replace(MODELS["toy"], preview="twin"))
    own = settings(tmp_path, **dict.fromkeys(replaced.split(), tmp_path))
    with Workspace(own, {"portraits": toy_dataset}) as workspace:
        wait(workspace, "toy")
        workspace.prepare("twin")
        wait(workspace, "twin")
        assert (workspace.preview("toy") is not None) == previews


def test_points_of_another_data_set_are_told_where_they_are_not_open(workspace: Workspace) -> None:
    view = workspace.open("toy")
    with pytest.raises(UnknownPointError, match="the data set 'samples' is not open in toy"):
        asyncio.run(view.latent(Point.of("samples/3")))
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    assert asyncio.run(view.latent(Point.of("samples/3"))).shape == (8,)


def test_what_people_keep_is_shared_by_all_views_of_a_model(workspace: Workspace) -> None:
    workspace.prepare("toy", "samples")
    wait(workspace, "toy", "samples")
    portraits, drawn = workspace.open("toy"), workspace.open("toy", "samples")
    mine = keep(drawn, torch.ones(8), "ann")
    assert torch.equal(asyncio.run(portraits.latent(mine)), torch.ones(8))
    assert mine in workspace.shared.own_points.of("ann", "toy")


def test_after_close_everybody_hears_of_it(workspace: Workspace) -> None:
    view = workspace.open("toy")
    workspace.close()
    with pytest.raises(WorkerClosedError):
        frames(view)
    assert workspace.prepare("face-vae").stage.state == "absent"


def test_the_face_vae_is_ready_with_the_bundled_portraits(tmp_path: Path) -> None:
    with Workspace(settings(tmp_path, "face-vae")) as workspace:
        wait(workspace, "face-vae")
        assert workspace.status("face-vae").stage.message == "Ready"
        view = workspace.open("face-vae")
        assert len(view.latents) == 5512
        assert {"age", "glasses", "yaw"} <= view.steering.built_in.keys()
        file = view.dataset.files[0]
        assert file is not None
        own, place = view.position(Point.of(0)), view.position(bring(view, file, "ann"))
        assert own is not None
        assert place is not None
        assert view.latents.coordinates is not None
        spread = view.latents.coordinates.std(axis=0).max()
        assert np.linalg.norm(place - own) < spread, "a portrait that is brought again lands near itself"

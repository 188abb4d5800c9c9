"""On the way to the page: what ships is used if it fits, the rest is encoded, and can be stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data import Arguments, Dataset, Point, encoding, filling, kept_latents
from explorer.data.dataset import Placed
from explorer.settings import Settings
from explorer.views import NotReadyError, View
from explorer.workspace import Workspace
from models.base import LatentModel
from models.errors import InputError
from models.media import Sound
from models.toys.vector import ToyModel
from tests.explorer.waiting import unload, wait, wait_for


def app(cache_dir: Path, dataset: Dataset, model: str = "toy", **more: object) -> Workspace:
    settings = Settings(model=model, device="cpu", cache_dir=cache_dir, **more)
    return Workspace(settings, {dataset.name: dataset})


def opened(workspace: Workspace, model: str = "toy", dataset: str | None = None) -> View:
    wait(workspace, model, dataset)
    stage = workspace.status(model, dataset).stage
    assert stage.state == "ready", stage.message
    return workspace.open(model, dataset)


def latent(view: View, point: str | int) -> Tensor:
    return asyncio.run(view.latent(Point.of(point)))


def same(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.fixture
def foreign(toy_dataset: Dataset) -> Dataset:
    """The toy as a model that nothing was shipped for."""
    assert toy_dataset.shipped is not None
    return replace(toy_dataset, shipped=replace(toy_dataset.shipped, model="face-vae"))


class Gate:
    """Lets the toy encode its items by fours, as often as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.permits, self.encoded = threading.Semaphore(0), 0
        encode = ToyModel._encode

        def gated(model: ToyModel, images: Tensor) -> Tensor:
            if len(images) > 1:  # not what is asked for on demand
                assert self.permits.acquire(timeout=60)
            self.encoded += len(images)
            return encode(model, images)

        monkeypatch.setattr(ToyModel, "_encode", gated)

    def let(self, batches: int) -> None:
        self.permits.release(batches)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.let(1000)


def test_what_ships_is_there_at_once(cache_dir: Path, toy_dataset: Dataset, toy_latents: Tensor) -> None:
    with app(cache_dir, toy_dataset) as workspace:
        view = opened(workspace)
        status = workspace.status("toy")
        assert (status.stage.progress, status.encoded, status.has_map) == (1, 60, True)
        assert torch.equal(view.latents.latents, toy_latents)
        assert toy_dataset.shipped is not None
        assert view.latents.coordinates is toy_dataset.shipped.coordinates
    assert not cache_dir.exists(), "nothing was made that could be kept"


def test_another_models_items_are_encoded_and_mapped(
    cache_dir: Path, foreign: Dataset, toy_latents: Tensor
) -> None:
    for _ in range(2):  # the second time from the cache
        with app(cache_dir, foreign) as workspace:
            view = opened(workspace)
            assert len(view.latents) == len(view.dataset) == workspace.status("toy").encoded == 40
            same(view.latents.latents, toy_latents[:40])
            coordinates = view.latents.coordinates
            assert coordinates is not None
            assert coordinates.shape == (40, 2)
            assert coordinates.std() > 0.1
            np.testing.assert_array_equal(view.position(Point.of(7)), coordinates[7])
    assert len(list(cache_dir.iterdir())) == 2


def test_shipped_latents_of_other_weights_are_not_used(
    cache_dir: Path, toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    assert toy_dataset.shipped is not None
    shipped = replace(toy_dataset.shipped, latents=toy_latents.flip(0))
    with app(cache_dir, replace(toy_dataset, shipped=shipped)) as workspace:
        view = opened(workspace)
        same(view.latents.latents, toy_latents[:40])
        assert view.dataset.shipped is None


def test_own_weights_are_never_those_that_ship(
    cache_dir: Path, toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    """However near: fine-tuned, they still encode much alike."""
    with app(cache_dir, toy_dataset, source={"toy": "my/weights"}) as workspace:
        view = opened(workspace)
        assert view.dataset.shipped is None
        assert len(view.latents) == 40


def test_a_model_without_an_encoder_shows_samples_of_its_prior(cache_dir: Path, toy_dataset: Dataset) -> None:
    with app(cache_dir, toy_dataset, "toy-generator") as workspace:
        view = opened(workspace, "toy-generator")
        assert (view.dataset.name, len(view.dataset)) == ("samples", 24)
        assert workspace.status("toy-generator").datasets == ("samples",)
        assert view.latents.coordinates is not None
        assert torch.equal(latent(view, "samples/3"), view.latents.latents[3])
        shown = asyncio.run(view.decoded(view.latents.latents[3:4]))
        file = view.dataset.files[3]
        assert file is not None
        assert view.model.media.distance(view.model.media.unpack(file).value, shown[0]) < 10


def test_a_data_set_that_a_model_cannot_take_in_says_so(cache_dir: Path, toy_dataset: Dataset) -> None:
    """Also when it was asked for before anybody knew that the model has no encoder."""
    with app(cache_dir, toy_dataset, "toy-generator") as workspace:
        workspace.prepare("toy-generator", "portraits")
        opened(workspace, "toy-generator")
        with pytest.raises(NotReadyError):
            workspace.open("toy-generator", "portraits")
        workspace.prepare("toy-generator", "portraits")
        wait(workspace, "toy-generator", "portraits")
        stage = workspace.status("toy-generator", "portraits").stage
        assert (stage.state, stage.message) == ("failed", "toy-generator cannot encode toy portraits")
        with pytest.raises(NotReadyError, match="toy-generator cannot encode toy portraits"):
            workspace.open("toy-generator", "portraits")
        assert workspace.open("toy-generator").dataset.name == "samples"


def test_data_of_another_kind_are_not_encoded(cache_dir: Path, toy_dataset: Dataset) -> None:
    sounds = replace(toy_dataset, media=Sound(8000, 8000), shipped=None)
    with app(cache_dir, sounds) as workspace:
        assert opened(workspace).dataset.name == "samples"


def test_a_map_that_ships_without_latents_is_there_at_once(
    cache_dir: Path, foreign: Dataset, toy_latents: Tensor
) -> None:
    places = np.arange(80, dtype=np.float32).reshape(40, 2)
    data = replace(foreign, placed={"toy": Placed(places, Arguments().to_json(), toy_latents[0])})
    with app(cache_dir, data, "toy-generator") as workspace:
        workspace.prepare("toy", encode=False)
        wait(workspace, "toy")
        view, status = workspace.open("toy"), workspace.status("toy")
        assert (status.encoded, status.has_map) == (0, True)
        np.testing.assert_array_equal(view.position(Point.of(7)), places[7])
        assert status.stage.message.endswith(
            "40 of 40 items are not encoded yet; those that are picked will be"
        )
        same(latent(view, 30), toy_latents[30])
        workspace.prepare("toy")
        np.testing.assert_array_equal(opened(workspace).latents.coordinates, places)


def test_a_map_of_other_weights_is_not_used(cache_dir: Path, foreign: Dataset, toy_latents: Tensor) -> None:
    places = np.full((40, 2), 1e6, np.float32)
    placed = Placed(places, Arguments().to_json(), -toy_latents[0])
    with app(cache_dir, replace(foreign, placed={"toy": placed})) as workspace:
        coordinates = opened(workspace).latents.coordinates
        assert coordinates is not None
        assert np.abs(coordinates).max() < 1e3


@pytest.mark.parametrize("asked", [0, 17])
def test_a_stale_cache_is_not_used_where_an_item_was_encoded_before(
    cache_dir: Path, foreign: Dataset, toy_latents: Tensor, asked: int
) -> None:
    """The map used to be made of zeros: the first item's row was taken for a sign that all were there."""
    kept = kept_latents(cache_dir, ToyModel(), None, foreign.with_files())
    kept.append(range(40), -toy_latents[:40])
    with app(cache_dir, foreign, "toy-generator") as workspace:
        workspace.prepare("toy", encode=False)
        wait(workspace, "toy")
        same(latent(workspace.open("toy"), asked), toy_latents[asked])
        assert workspace.status("toy").encoded == 1
        workspace.prepare("toy")
        view = opened(workspace)
        same(view.latents.latents, toy_latents[:40])
        assert view.latents.coordinates is not None
        assert len(np.unique(view.latents.coordinates, axis=0)) == 40
    rows, latents = next(kept.read())
    same(latents[torch.tensor(rows).argsort()], toy_latents[:40])


def test_nothing_is_encoded_that_nobody_asked_for(
    cache_dir: Path, foreign: Dataset, toy_latents: Tensor, gate: Gate
) -> None:
    with app(cache_dir, foreign, "toy-generator") as workspace:
        for _ in range(3):  # each call of the API begins so
            workspace.prepare("toy", encode=False)
            wait(workspace, "toy")
        status = workspace.status("toy")
        assert (status.stage.state, status.decodes, status.encoded, status.has_map) == (
            "stopped", True, 0, False,
        )  # fmt: skip
        assert "its data are not all encoded" in status.stage.message
        view = workspace.open("toy")
        same(latent(view, 17), toy_latents[17])
        assert view.position(Point.of(17)) is None
        assert workspace.status("toy").encoded == gate.encoded == 1
        unload(workspace, "toy")
        with pytest.raises(NotReadyError):
            workspace.open("toy")
        wait(workspace, "toy")
        assert workspace.status("toy").stage.state == "stopped"
        assert gate.encoded == 1, "whoever uses a model that was unloaded asks for no more than before"
    kept = kept_latents(cache_dir, ToyModel(), None, foreign.with_files())
    assert [rows for rows, _ in kept.read()] == [[17]], "what was asked for is kept, and nothing else"


def test_an_encode_that_is_stopped_goes_on_where_it_was(
    cache_dir: Path, foreign: Dataset, toy_latents: Tensor, gate: Gate
) -> None:
    with app(cache_dir, foreign) as workspace:
        gate.let(2)
        wait_for(lambda: workspace.status("toy").encoded >= 8)
        workspace.stop("toy")
        gate.let(1)  # what was being encoded comes to its end
        wait(workspace, "toy")
        status = workspace.status("toy")
        assert (status.stage.state, status.encoded, status.decodes) == ("stopped", 12, True)
        assert 0 < status.stage.progress < 1
        gate.let(7)
        workspace.prepare("toy")
        view = opened(workspace)
        same(view.latents.latents, toy_latents[:40])
        assert gate.encoded <= 40 + 2, "and one that shows that the weights are the same"


def test_what_was_encoded_before_a_stop_is_there_for_the_next_start(
    cache_dir: Path, foreign: Dataset, gate: Gate
) -> None:
    with app(cache_dir, foreign) as workspace:
        gate.let(3)
        wait_for(lambda: workspace.status("toy").encoded >= 12)
        workspace.stop("toy")
        gate.let(1)
        wait(workspace, "toy")
    with app(cache_dir, foreign) as workspace:
        wait_for(lambda: workspace.status("toy").encoded >= 16)


def test_who_asks_while_another_stops_is_not_forgotten(cache_dir: Path, foreign: Dataset, gate: Gate) -> None:
    with app(cache_dir, foreign) as workspace:
        gate.let(1)
        wait_for(lambda: workspace.status("toy").encoded >= 4)
        workspace.stop("toy")
        workspace.prepare("toy")
        gate.let(9)
        assert opened(workspace).latents.coordinates is not None


def test_items_are_encoded_and_a_stop_is_heard_while_the_model_gets_faster(
    cache_dir: Path, foreign: Dataset, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes minutes for some models, and the stop used to wait for it."""
    may_end, begun = threading.Event(), []

    def speed_up(model: ToyModel, cache: Path | None = None) -> None:
        begun.append(model)
        assert may_end.wait(60)

    monkeypatch.setattr(ToyModel, "speed_up", speed_up)
    with app(cache_dir, foreign) as workspace:
        gate.let(2)
        wait_for(lambda: workspace.status("toy").encoded >= 8)
        workspace.stop("toy")
        gate.let(1)
        wait(workspace, "toy")
        assert (workspace.status("toy").stage.state, workspace.status("toy").encoded) == ("stopped", 12)
        workspace.prepare("toy")
        gate.let(10)
        wait_for(lambda: workspace.status("toy").has_map)
        stage = workspace.status("toy").stage
        assert (stage.state, stage.message) == ("loading", "Decoding already, and getting faster")
        may_end.set()
        opened(workspace)
        assert len(begun) == 1, "once for a model, however often it is prepared"


def test_a_failure_inside_is_told_and_logged(
    cache_dir: Path, foreign: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug inside of a library")

    monkeypatch.setattr("explorer.views.opening.fit", broken)
    with app(cache_dir, foreign) as workspace:
        wait(workspace, "toy")
        stage = workspace.status("toy").stage
        assert stage.state == "failed"
        assert stage.message == "Toy (linear) could not be prepared: a bug inside of a library"
        assert "Traceback" in caplog.text, "nobody's input is to blame, so that somebody has to see it"
        monkeypatch.undo()
        workspace.prepare("toy")
        assert opened(workspace).latents.coordinates is not None


def test_a_file_that_is_gone_is_left_out_of_the_map(
    cache_dir: Path, foreign: Dataset, toy_latents: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It failed the whole preparation, again at every try."""
    gone, take = {3}, filling.value_of

    def value_of(dataset: Dataset, row: int, model: LatentModel) -> np.ndarray:
        if row in gone:
            raise InputError("gone")
        return take(dataset, row, model)

    for module in (encoding, filling):  # on demand, and all
        monkeypatch.setattr(module, "value_of", value_of)
    with app(cache_dir, foreign) as workspace:
        wait(workspace, "toy")
        status, view = workspace.status("toy"), workspace.open("toy")
        assert (status.stage.state, status.encoded, status.has_map) == ("stopped", 39, True)
        assert "1 of 40 items are not encoded and so not on the map" in status.stage.message
        with pytest.raises(InputError, match="gone"):
            latent(view, 3)
        assert (view.position(Point.of(3)), view.position(Point.of(4)) is None) == (None, False)
        places = view.latents.place(toy_latents[3:5])
        assert places is not None
        assert np.isfinite(places).all()
        gone.clear()
        same(latent(view, 3), toy_latents[3])
        again = view.latents.place(toy_latents[3:5])
        assert again is not None
        assert np.isfinite(again).all(), "of a row that has no place, only its neighbours count"
        kept = view.latents.coordinates
        workspace.prepare("toy")
        assert opened(workspace).latents.coordinates is kept, "nothing on it moves"


def test_without_enough_that_can_be_read_there_is_no_map(
    cache_dir: Path, foreign: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = filling.value_of

    def value_of(dataset: Dataset, row: int, model: LatentModel) -> np.ndarray:
        if row > 2:
            raise InputError("gone")
        return take(dataset, row, model)

    for module in (encoding, filling):  # on demand, and all
        monkeypatch.setattr(module, "value_of", value_of)
    with app(cache_dir, foreign) as workspace:
        wait(workspace, "toy")
        status = workspace.status("toy")
        assert (status.stage.state, status.decodes, status.encoded, status.has_map) == (
            "stopped", True, 3, False,
        )  # fmt: skip
        assert "no map of their own" in status.stage.message

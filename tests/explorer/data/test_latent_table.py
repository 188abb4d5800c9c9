from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data import latent_table as store_module
from explorer.data.dataset import Dataset
from explorer.data.latent_table import LatentStore, UnknownPointError
from models.toy import ToyModel

SPACE = ToyModel().space


@pytest.fixture
def store(toy_dataset: Dataset) -> LatentStore:
    return LatentStore(SPACE, toy_dataset, toy_dataset.latents, toy_dataset.coordinates)


def test_points_are_portrait_numbers(store: LatentStore, toy_dataset: Dataset) -> None:
    assert len(store) == 60
    torch.testing.assert_close(store.latent("17"), toy_dataset.latents[17])
    np.testing.assert_array_equal(store.position("17"), toy_dataset.coordinates[17])


@pytest.mark.parametrize("point", ["60", "-1", "1.5", "", "x", "١", "9" * 30, "u", "u" + "0" * 32])
def test_unknown_points_are_named(store: LatentStore, point: str) -> None:
    with pytest.raises(UnknownPointError, match="unknown"):
        store.latent(point)
    with pytest.raises(UnknownPointError, match="unknown"):
        store.position(point)


def test_uploads_are_kept_under_ids_that_cannot_be_guessed(store: LatentStore) -> None:
    position = np.array([1, 2], np.float32)
    ids = {store.add(torch.full((8,), float(n)), position) for n in range(5)}
    assert len(ids) == 5
    assert all(len(point) == 33 and point[0] == "u" for point in ids)
    assert sorted(float(store.latent(point)[0]) for point in ids) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(store.position(ids.pop()), position)


def test_the_upload_unused_for_longest_is_dropped(
    store: LatentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "UPLOADS", 3)
    first, second, _ = (store.add(torch.ones(8), None) for _ in range(3))
    store.latent(first)
    store.add(torch.ones(8), None)
    store.latent(first)
    with pytest.raises(UnknownPointError, match="no longer kept: upload the picture again"):
        store.latent(second)


def test_uploads_from_many_threads_are_all_kept(store: LatentStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: store.add(torch.full((8,), float(n)), None), range(200)))
    assert [float(store.latent(point)[0]) for point in ids] == list(range(200))


@pytest.mark.usefixtures("unchecked")
def test_an_upload_of_another_shape_is_refused(store: LatentStore) -> None:
    with pytest.raises(ValueError, match=r"expected shape \(n, 8\), got \(1, 7\)"):
        store.add(torch.zeros(7), None)


def test_nearest_is_what_the_definition_says(store: LatentStore, toy_dataset: Dataset) -> None:
    queries = torch.randn(20, 8, generator=torch.Generator().manual_seed(3))
    rows, distances = store.nearest(queries, 5)
    all_distances = torch.cdist(queries.double(), toy_dataset.latents.double()).numpy()
    np.testing.assert_allclose(distances, np.sort(all_distances, axis=1)[:, :5], rtol=1e-5)
    np.testing.assert_array_equal(rows, np.argsort(all_distances, axis=1)[:, :5])


def test_a_portrait_is_its_own_nearest_at_no_distance(store: LatentStore, toy_dataset: Dataset) -> None:
    rows, distances = store.nearest(toy_dataset.latents, 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(60))
    np.testing.assert_array_equal(distances, 0)


@pytest.mark.parametrize("k", [0, 61])
def test_nearest_refuses_more_neighbours_than_there_are(store: LatentStore, k: int) -> None:
    with pytest.raises(ValueError, match=f"expected 1 to 60 neighbours, got {k}"):
        store.nearest(torch.zeros(1, 8), k)


def test_a_path_runs_through_the_portraits_and_uploads_it_touches(
    store: LatentStore, toy_dataset: Dataset
) -> None:
    upload, position = torch.full((8,), 2.0), np.array([50, -50], np.float32)
    point = store.add(upload, position)
    weights = torch.linspace(0, 1, 2001)[:, None]
    path = (1 - weights) * toy_dataset.latents[3] + weights * upload
    places = store.place(path, anchors=("3", point))
    assert places is not None
    np.testing.assert_allclose(places[0], toy_dataset.coordinates[3], atol=1e-3)
    np.testing.assert_allclose(places[-1], position, atol=1e-3)
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 1, "no jumps, on a map of 50 by 50"


def test_an_upload_places_only_the_paths_that_name_it(store: LatentStore) -> None:
    upload = torch.full((8,), 2.0)
    store.add(upload, np.array([50, -50], np.float32))
    places = store.place(upload[None])
    assert places is not None
    assert np.abs(places).max() < 2


def test_equal_portraits_place_a_path(toy_dataset: Dataset) -> None:
    store = LatentStore(SPACE, toy_dataset, torch.ones(60, 8), np.ones((60, 2), np.float32))
    np.testing.assert_allclose(store.place(torch.ones(2, 8)), np.ones((2, 2)))
    np.testing.assert_allclose(store.place(torch.zeros(2, 8)), np.ones((2, 2)))


class Encoder:
    """Requests that a test answers when it likes."""

    def __init__(self) -> None:
        self.asked: dict[int, Future[Tensor]] = {}

    def __call__(self, row: int) -> Future[Tensor]:
        assert row not in self.asked
        self.asked[row] = Future()
        return self.asked[row]


def test_a_portrait_that_is_not_encoded_yet_is_encoded_on_demand_once(toy_dataset: Dataset) -> None:
    encoder = Encoder()
    store = LatentStore(SPACE, toy_dataset, torch.zeros(60, 8), None, encoder)
    first, second = store.request("5"), store.request("5")
    assert not first.done()
    assert store.position("5") is None
    assert store.place(torch.zeros(1, 8)) is None
    encoder.asked[5].set_result(torch.ones(8))
    for future in (first, second, store.request("5")):
        torch.testing.assert_close(future.result(0), torch.ones(8))
    store.fill(6, torch.full((3, 8), 2.0))
    torch.testing.assert_close(store.latent("8"), torch.full((8,), 2.0))
    rows, _ = store.nearest(torch.full((1, 8), 2.0), 4)
    assert set(rows[0]) == {5, 6, 7, 8}, "only what is encoded counts"


def test_a_portrait_that_failed_to_encode_is_tried_again(toy_dataset: Dataset) -> None:
    encoder = Encoder()
    store = LatentStore(SPACE, toy_dataset, torch.zeros(60, 8), None, encoder)
    failed = store.request("5")
    encoder.asked.pop(5).set_exception(RuntimeError("out of memory"))
    with pytest.raises(RuntimeError, match="out of memory"):
        failed.result(0)
    again = store.request("5")
    encoder.asked[5].set_result(torch.ones(8))
    torch.testing.assert_close(again.result(0), torch.ones(8))

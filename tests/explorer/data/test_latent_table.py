from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data import Dataset, LatentTable
from models.errors import InputError
from models.toys.vector import ToyModel

SPACE = ToyModel().space


@pytest.fixture
def table(toy_dataset: Dataset, toy_latents: Tensor) -> LatentTable:
    return LatentTable(SPACE, toy_dataset, toy_latents, toy_latents[:, :2].numpy())


def test_rows_are_those_of_the_data_set(table: LatentTable, toy_latents: Tensor) -> None:
    assert len(table) == 60
    torch.testing.assert_close(table.request(17).result(0), toy_latents[17])
    np.testing.assert_array_equal(table.position(17), toy_latents[17, :2])
    assert table.encoded is table.latents


def test_nearest_is_what_the_definition_says(table: LatentTable, toy_latents: Tensor) -> None:
    queries = torch.randn(20, 8, generator=torch.Generator().manual_seed(3))
    rows, distances = table.nearest(queries, 5)
    all_distances = torch.cdist(queries.double(), toy_latents.double()).numpy()
    np.testing.assert_allclose(distances, np.sort(all_distances, axis=1)[:, :5], rtol=1e-5)
    np.testing.assert_array_equal(rows, np.argsort(all_distances, axis=1)[:, :5])


def test_an_item_is_its_own_nearest_at_no_distance(table: LatentTable, toy_latents: Tensor) -> None:
    rows, distances = table.nearest(toy_latents, 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(60))
    np.testing.assert_array_equal(distances, 0)


@pytest.mark.parametrize("k", [0, 61])
def test_nearest_refuses_more_neighbours_than_there_are(table: LatentTable, k: int) -> None:
    with pytest.raises(InputError, match=f"expected 1 to 60 neighbours, got {k}"):
        table.nearest(torch.zeros(1, 8), k)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("latents", "message"), [(torch.zeros(1, 7), "shape"), (torch.full((1, 8), float("nan")), "finite")]
)
def test_nearest_refuses_what_is_no_latent_of_the_model(
    table: LatentTable, latents: Tensor, message: str
) -> None:
    with pytest.raises(InputError, match=f"expected {message}"):
        table.nearest(latents, 1)


def test_a_path_runs_through_the_items_and_the_anchors_it_touches(
    table: LatentTable, toy_latents: Tensor
) -> None:
    own, position = torch.full((8,), 2.0), np.array([50, -50], np.float32)
    weights = torch.linspace(0, 1, 2001)[:, None]
    path = (1 - weights) * toy_latents[3] + weights * own
    places = table.place(path, [(own, position)])
    assert places is not None
    np.testing.assert_allclose(places[0], toy_latents[3, :2], atol=1e-3)
    np.testing.assert_allclose(places[-1], position, atol=1e-3)
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 1, "no jumps, on a map of 50 by 50"


def test_without_anchors_a_latent_lies_among_the_data(table: LatentTable) -> None:
    places = table.place(torch.full((1, 8), 2.0))
    assert places is not None
    assert np.abs(places).max() < 2


def test_equal_items_place_a_path(toy_dataset: Dataset) -> None:
    table = LatentTable(SPACE, toy_dataset, torch.ones(60, 8), np.ones((60, 2), np.float32))
    np.testing.assert_allclose(table.place(torch.ones(2, 8)), np.ones((2, 2)))
    np.testing.assert_allclose(table.place(torch.zeros(2, 8)), np.ones((2, 2)))


class Encoder:
    """Requests that a test answers when it likes."""

    def __init__(self) -> None:
        self.asked: dict[int, Future[Tensor]] = {}

    def __call__(self, row: int) -> Future[Tensor]:
        assert row not in self.asked
        self.asked[row] = Future()
        return self.asked[row]


def test_an_item_that_is_not_encoded_yet_is_encoded_on_demand_once(toy_dataset: Dataset) -> None:
    encoder = Encoder()
    table = LatentTable(SPACE, toy_dataset, torch.zeros(60, 8), None, encoder)
    first, second = table.request(5), table.request(5)
    assert not first.done()
    assert table.position(5) is None
    assert table.place(torch.zeros(1, 8)) is None
    assert len(table.encoded) == 0
    encoder.asked[5].set_result(torch.ones(8))
    for future in (first, second, table.request(5)):
        torch.testing.assert_close(future.result(0), torch.ones(8))
    table.fill([6, 7, 8], torch.full((3, 8), 2.0))
    torch.testing.assert_close(table.request(8).result(0), torch.full((8,), 2.0))
    rows, _ = table.nearest(torch.full((1, 8), 2.0), 4)
    assert set(rows[0]) == {5, 6, 7, 8}, "only what is encoded counts"
    assert table.encoded.shape == (4, 8)


def test_an_item_that_failed_to_encode_is_tried_again(toy_dataset: Dataset) -> None:
    encoder = Encoder()
    table = LatentTable(SPACE, toy_dataset, torch.zeros(60, 8), None, encoder)
    failed = table.request(5)
    encoder.asked.pop(5).set_exception(RuntimeError("out of memory"))
    with pytest.raises(RuntimeError, match="out of memory"):
        failed.result(0)
    again = table.request(5)
    encoder.asked[5].set_result(torch.ones(8))
    torch.testing.assert_close(again.result(0), torch.ones(8))


def test_an_item_whose_encode_was_cancelled_is_tried_again(toy_dataset: Dataset) -> None:
    encoder = Encoder()
    table = LatentTable(SPACE, toy_dataset, torch.zeros(60, 8), None, encoder)
    assert table.request(5).cancel()
    encoder.asked.pop(5)
    assert not table.request(5).done()
    assert 5 in encoder.asked


def test_an_answer_that_is_there_at_once_is_taken_in(toy_dataset: Dataset, toy_latents: Tensor) -> None:
    """Its callback runs inside of the request."""

    def encode(row: int) -> Future[Tensor]:
        future: Future[Tensor] = Future()
        future.set_result(toy_latents[row])
        return future

    table = LatentTable(SPACE, toy_dataset, torch.zeros(60, 8), None, encode)
    torch.testing.assert_close(table.request(5).result(0), toy_latents[5])
    assert table.filled.nonzero().flatten().tolist() == [5]


def test_a_map_that_ships_without_latents_places_by_what_is_encoded(
    toy_dataset: Dataset, toy_latents: Tensor
) -> None:
    places = toy_latents[:, :2].numpy()
    table = LatentTable(SPACE, toy_dataset, torch.zeros(60, 8), places, Encoder())
    np.testing.assert_array_equal(table.position(7), places[7])
    assert table.place(toy_latents[7:8]) is None, "nothing is encoded that could say where"
    table.fill([7], toy_latents[7:8])
    np.testing.assert_allclose(table.place(toy_latents[7:8])[0], places[7], atol=1e-5)

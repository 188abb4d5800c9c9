from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.encoding import agrees, cache_path, encode_portraits, portrait
from explorer.data.latent_table import LatentStore
from explorer.device.worker import DecodeWorker
from models.toy import ToyModel


class CountingToy(ToyModel):
    """The toy, which counts the pictures it encodes; `scale` makes it a model of other weights."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.encoded, self.scale = 0, scale

    def _encode(self, images: Tensor) -> Tensor:
        self.encoded += len(images)
        return self.scale * super()._encode(images)


@pytest.fixture
def worker() -> Iterator[DecodeWorker]:
    with DecodeWorker(torch.device("cpu")) as worker:
        yield worker


@pytest.fixture
def shown(toy_dataset: Dataset) -> Dataset:
    return toy_dataset.with_portraits()


def empty_store(model: ToyModel, dataset: Dataset, worker: DecodeWorker) -> LatentStore:
    def encode(row: int) -> None:
        raise AssertionError("nothing is asked for in these tests")

    return LatentStore(model.space, dataset, torch.zeros(len(dataset), 8), None, encode)


def quiet(encoded: int, seconds: float) -> None:
    assert seconds >= 0


def test_portraits_are_encoded_and_reported(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    reports: list[int] = []
    model = CountingToy()
    store = empty_store(model, shown, worker)
    encode_portraits(model, worker, store, tmp_path / "file", lambda n, _: reports.append(n))
    torch.testing.assert_close(store.latents, shown.latents, atol=1e-4, rtol=0)
    assert store.filled.all()
    assert reports == list(range(4, 41, 4))


def test_a_second_start_reads_the_file(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    path = cache_path(tmp_path / "new", ToyModel(), None, shown)
    first = empty_store(ToyModel(), shown, worker)
    encode_portraits(ToyModel(), worker, first, path, quiet)
    again, second = CountingToy(), empty_store(ToyModel(), shown, worker)
    encode_portraits(again, worker, second, path, quiet)
    assert again.encoded == 1, "one portrait shows that the weights are the same"
    assert torch.equal(first.latents, second.latents)


def stop_after(limit: int) -> Callable[[int, float], None]:
    def report(encoded: int, seconds: float) -> None:
        if encoded >= limit:
            raise KeyboardInterrupt

    return report


def test_what_was_encoded_before_a_stop_is_kept(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    store = empty_store(ToyModel(), shown, worker)
    with pytest.raises(KeyboardInterrupt):
        encode_portraits(ToyModel(), worker, store, tmp_path / "file", stop_after(12))
    model = CountingToy()
    store = empty_store(model, shown, worker)
    encode_portraits(model, worker, store, tmp_path / "file", quiet)
    assert model.encoded == 1 + 40 - 12
    torch.testing.assert_close(store.latents, shown.latents, atol=1e-4, rtol=0)


def test_latents_of_other_weights_are_not_used(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "file"
    encode_portraits(CountingToy(0.8), worker, empty_store(ToyModel(), shown, worker), path, quiet)
    store = empty_store(ToyModel(), shown, worker)
    encode_portraits(ToyModel(), worker, store, path, quiet)
    torch.testing.assert_close(store.latents, shown.latents, atol=1e-4, rtol=0)


def test_a_damaged_file_is_made_anew(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"damaged")
    store = empty_store(ToyModel(), shown, worker)
    encode_portraits(ToyModel(), worker, store, path, quiet)
    torch.testing.assert_close(store.latents, shown.latents, atol=1e-4, rtol=0)


def test_a_place_that_cannot_be_written_costs_the_file_only(
    worker: DecodeWorker, shown: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = empty_store(ToyModel(), shown, worker)
    encode_portraits(ToyModel(), worker, store, tmp_path / "file" / "cache", quiet)
    assert store.filled.all()


def test_other_pictures_and_sources_are_other_files(shown: Dataset) -> None:
    paths = {
        cache_path(Path(), ToyModel(), None, shown),
        cache_path(Path(), ToyModel(), "somewhere", shown),
        cache_path(Path(), ToyModel(), None, replace(shown, portraits=shown.portraits[::-1])),
    }
    assert len(paths) == 3


def test_agreement_is_of_shape_and_values(worker: DecodeWorker, shown: Dataset) -> None:
    assert agrees(ToyModel(), worker, shown, shown.latents, tolerance=0.05)
    assert not agrees(ToyModel(), worker, shown, shown.latents.flip(0), tolerance=0.05)
    assert not agrees(ToyModel(), worker, shown, torch.zeros(40, 9), tolerance=0.05)


def test_a_portrait_comes_at_the_models_size(toy_dataset: Dataset) -> None:
    assert portrait(toy_dataset, 0, 256).shape == (256, 256, 3)
    with pytest.raises(ValueError, match="portrait 50 ships as a thumbnail only"):
        portrait(toy_dataset, 50, 16)

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import models
from explorer.data import Dataset, LatentTable, encode_missing, kept_latents
from explorer.device import DecodeWorker
from models.pictures import PictureError
from models.toys.vector import ToyModel


class CountingToy(ToyModel):
    """The toy, which counts the pictures it encodes; `scale` makes it a model of other weights."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.encoded, self.scale = 0, scale

    def _encode(self, images: Tensor) -> Tensor:
        self.encoded += len(images)
        return self.scale * super()._encode(images)


@pytest.fixture
def shown(toy_dataset: Dataset) -> Dataset:
    return toy_dataset.with_files()


@pytest.fixture
def expected(toy_latents: Tensor) -> Tensor:
    return toy_latents[:40]


def empty_table(dataset: Dataset) -> LatentTable:
    def encode(row: int) -> Future[Tensor]:
        raise AssertionError("nothing is asked for in these tests")

    return LatentTable(ToyModel().space, dataset, torch.zeros(len(dataset), 8), None, encode)


def quiet(encoded: int, seconds: float) -> None:
    assert seconds >= 0


def fill(
    model: ToyModel,
    worker: DecodeWorker,
    table: LatentTable,
    folder: Path,
    report: Callable[[int, float], None] = quiet,
    is_stopped: Callable[[], bool] = lambda: False,
) -> bool:
    kept = kept_latents(folder, model, None, table.dataset)
    return encode_missing(model, worker, table, kept, report, is_stopped)


def check(table: LatentTable, expected: Tensor) -> None:
    assert table.filled.all()
    torch.testing.assert_close(table.latents, expected, atol=1e-4, rtol=0)


def test_items_are_encoded_and_reported(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path
) -> None:
    reports: list[int] = []
    table = empty_table(shown)
    assert fill(CountingToy(), worker, table, tmp_path, lambda n, _: reports.append(n))
    check(table, expected)
    assert reports == list(range(4, 41, 4))


def test_a_second_start_reads_the_file(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    first = empty_table(shown)
    fill(ToyModel(), worker, first, tmp_path / "new")
    again, second = CountingToy(), empty_table(shown)
    written = files_below(tmp_path)
    assert fill(again, worker, second, tmp_path / "new")
    assert again.encoded == 1, "one item shows that the weights are the same"
    assert torch.equal(first.latents, second.latents)
    assert files_below(tmp_path) == written, "what is whole is not written again"


def files_below(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def stop_after(limit: int) -> Callable[[int, float], None]:
    def report(encoded: int, seconds: float) -> None:
        if encoded >= limit:
            raise KeyboardInterrupt

    return report


def test_what_was_encoded_before_a_failure_is_kept(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill(ToyModel(), worker, empty_table(shown), tmp_path, stop_after(12))
    model, table = CountingToy(), empty_table(shown)
    assert fill(model, worker, table, tmp_path)
    assert model.encoded == 1 + 40 - 12
    check(table, expected)


def test_who_stops_it_can_let_it_go_on(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path
) -> None:
    model, table, done = CountingToy(), empty_table(shown), [0]
    is_stopped = lambda: done[0] >= 12  # noqa: E731
    assert not fill(model, worker, table, tmp_path, lambda n, _: done.__setitem__(0, n), is_stopped)
    assert (int(table.filled.sum()), model.encoded) == (12, 12)
    assert fill(model, worker, table, tmp_path)
    assert model.encoded == 12 + 1 + 28
    check(table, expected)


class Gone(list[bytes]):
    """Files of which some cannot be read any more."""

    def __getitem__(self, row: Any) -> Any:
        if row in (0, 5, 6):
            raise PictureError(f"{row}.png cannot be read any more")
        return super().__getitem__(row)


def test_what_cannot_be_read_does_not_take_the_rest_along(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left = replace(shown, files=Gone(shown.files))
    table, again, model = empty_table(left), empty_table(left), CountingToy()
    assert fill(ToyModel(), worker, table, tmp_path), "it came to its end"
    assert (~table.filled).nonzero().flatten().tolist() == [0, 5, 6]
    torch.testing.assert_close(table.encoded, expected[table.filled], atol=1e-4, rtol=0)
    assert "portraits: portrait 5 is left out: 5.png cannot be read any more" in caplog.text
    assert fill(model, worker, again, tmp_path)
    assert model.encoded == 1, "what is behind a gap is kept, too"
    assert torch.equal(again.filled, table.filled)


def test_a_file_that_went_later_does_not_take_along_what_is_kept(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path
) -> None:
    fill(ToyModel(), worker, empty_table(shown), tmp_path)
    model, table = CountingToy(), empty_table(replace(shown, home=None, files=Gone(shown.files)))
    kept = kept_latents(tmp_path, model, None, shown)
    assert encode_missing(model, worker, table, kept, quiet, lambda: False)
    assert model.encoded == 1, "the second tells that the weights are the same"
    check(table, expected)


def test_what_never_began_leaves_no_file(worker: DecodeWorker, shown: Dataset, tmp_path: Path) -> None:
    table = empty_table(shown)
    assert not fill(ToyModel(), worker, table, tmp_path, is_stopped=lambda: True)
    assert not table.filled.any()
    assert list(tmp_path.iterdir()) == []


def test_what_was_asked_for_meanwhile_is_not_encoded_again(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path
) -> None:
    model, table = CountingToy(), empty_table(shown)
    table.fill(range(4, 12), expected[4:12])
    assert fill(model, worker, table, tmp_path)
    assert model.encoded == 32
    check(table, expected)


@pytest.mark.parametrize("asked", [0, 1, 39])
def test_latents_of_other_weights_are_not_used(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path, asked: int
) -> None:
    """Also where an item was encoded on demand before: its row was taken for a sign that all were there."""
    path = tmp_path
    fill(CountingToy(0.8), worker, empty_table(shown), path)
    table = empty_table(shown)
    table.fill([asked], expected[asked : asked + 1])
    assert fill(ToyModel(), worker, table, path)
    check(table, expected)
    again = CountingToy()
    assert fill(again, worker, empty_table(shown), path)
    assert again.encoded == 1, "the file is of these weights now"


@pytest.mark.parametrize("content", [b"damaged", b""])
def test_a_damaged_file_is_made_anew(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path, content: bytes
) -> None:
    fill(ToyModel(), worker, empty_table(shown), tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(content)
    for _ in range(2):
        model, table = CountingToy(), empty_table(shown)
        fill(model, worker, table, tmp_path)
        check(table, expected)
    assert model.encoded == 1, "it is whole again"


def test_a_place_that_cannot_be_written_costs_the_file_only(
    worker: DecodeWorker, shown: Dataset, expected: Tensor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_bytes(b"")
    table = empty_table(shown)
    fill(ToyModel(), worker, table, tmp_path / "cache")
    check(table, expected)
    assert "encoded latents are not kept for the next start" in caplog.text


def test_other_files_and_sources_are_other_caches(shown: Dataset) -> None:
    turned = replace(shown, files=shown.files[::-1])
    kept = [
        kept_latents(Path(), ToyModel(), None, shown),
        kept_latents(Path(), ToyModel(), "somewhere", shown),
        kept_latents(Path(), ToyModel(), None, turned),
        kept_latents(Path(), models.load("toy-spatial"), None, shown),
        kept_latents(Path(), ToyModel(), None, replace(shown, home=Path("home"))),
    ]
    assert len({each.path for each in kept}) == 5

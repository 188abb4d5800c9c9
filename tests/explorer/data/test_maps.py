"""Maps that ship for models whose latents do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.data import Arguments, Dataset, load_dataset, maps
from explorer.data.maps import main, place, read_maps
from explorer.device import DecodeWorker

SPREAD = 0.05  # of a latent, by which 8-bit pictures and 16-bit numbers may differ


@pytest.fixture
def foreign(toy_dataset: Dataset) -> Dataset:
    """The pictures that have a file, of which nothing is known in the toy."""
    return toy_dataset.with_files()


def test_a_map_is_that_of_the_latents(
    foreign: Dataset, toy_latents: torch.Tensor, worker: DecodeWorker, tmp_path: Path
) -> None:
    placed = place(foreign, "toy", worker, tmp_path)
    torch.testing.assert_close(placed.first, toy_latents[0], atol=SPREAD, rtol=0)
    assert placed.coordinates.shape == (40, 2)
    assert placed.arguments == Arguments().to_json()
    assert [*tmp_path.glob("latents-toy-*.lance")], "encoding goes on there, where it is cut short"


def test_the_command_writes_what_the_app_reads(
    foreign: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "load_dataset", lambda: foreign)
    out = tmp_path / "maps.safetensors"
    for name in ("toy", "toy-spatial"):
        main([name, "--out", str(out), "--cache-dir", str(tmp_path)])
    found = read_maps(out)
    assert [*found] == ["toy", "toy-spatial"], "those that are there stay"
    assert found["toy"].first.shape == (8,)


def test_taesd_has_its_maps() -> None:
    dataset = load_dataset()
    assert {"sd-vae-tiny", "sd-vae-tiny-256"} <= set(dataset.placed)
    for placed in dataset.placed.values():
        assert placed.coordinates.shape == (len(dataset.with_files()), 2)
        assert np.isfinite(placed.coordinates).all()

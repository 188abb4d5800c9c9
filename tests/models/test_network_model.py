"""How a model of two networks runs: exact where it is asked for, close in passing, and never worse off."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import models
from explorer.data import load_dataset
from models import network_model
from models.face_network import FaceVAEConfig, FaceVAENetwork
from models.face_vae import FaceVAE
from models.network_model import NetworkModel
from models.runtimes import graphs
from models.runtimes.blobs import Blobs
from models.runtimes.building import Plan, Way, built
from models.runtimes.compiled import Compiled, RuntimeMissingError
from models.runtimes.judging import CLOSE, EXACT, Closeness, closeness
from models.runtimes.policy import Policy
from tests.models.runtimes.test_graphs import Recorder

CPU = torch.device("cpu")
TINY = FaceVAEConfig(latent_dim=6, encoder=(4, 5, 6), decoder=(4, 5, 6), bottleneck=(2, 3))
BF16 = Policy(CPU, torch.bfloat16, torch.channels_last, compiles=False, graphs=False)


@pytest.fixture(autouse=True)
def own_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests look into them: what others have compiled is not found here."""
    monkeypatch.setattr(network_model, "Blobs", Blobs)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def tiny() -> FaceVAE:
    network, generator = FaceVAENetwork(TINY), torch.Generator().manual_seed(0)
    for parameter in network.parameters():  # the layers that start at zero too
        torch.nn.init.normal_(parameter, std=0.05, generator=generator)
    return FaceVAE(network)


@pytest.fixture(scope="module")
def blobs() -> dict[Way, bytes]:
    """What is built of the tiny model."""
    return dict(built(tiny().plan(), ["decode", "int8", "encode"]))


@pytest.fixture
def at_once(blobs: dict[Way, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model's networks are built in no time."""

    def built_before(plan: Plan, ways: list[Way]) -> Iterator[tuple[Way, bytes]]:
        return ((way, blobs[way]) for way in ways)

    monkeypatch.setattr(network_model, "built", built_before)


def exactly(model: NetworkModel, n: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents of portraits as far as they are that model's, and what PyTorch decodes them to."""
    latents = torch.randn(n, *model.space.shape, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return latents, model._decoder(latents).clamp(-1, 1)


def test_the_bundled_model_is_exact_at_rest_and_close_in_passing(cache: Path) -> None:
    model = models.load("face-vae")
    assert isinstance(model, NetworkModel)
    shipped = load_dataset().shipped
    assert shipped is not None
    latents = shipped.latents[::40]
    with torch.no_grad():
        exact = model._decoder(latents).clamp(-1, 1)
    assert model.preview_precision is None
    assert torch.equal(model.preview_on_device(latents), model.decode(latents))
    values = exact[:4]
    before = model.encode(values)
    model.speed_up(cache)
    assert (model.precision, model.preview_precision) == ("fp32", "int8")
    assert closeness(model.decode(latents), exact).reaches(EXACT)
    assert closeness(model.encode(values), before).reaches(EXACT)
    found = closeness(model.preview_on_device(latents), exact)
    assert found.reaches(CLOSE), found
    assert found.worst < EXACT.worst, "it is in bytes"


@pytest.mark.usefixtures("at_once")
def test_what_was_made_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tiny()
    first.speed_up(tmp_path)
    monkeypatch.setattr(network_model, "built", nothing_to_build)
    again = tiny()
    again.speed_up(tmp_path)
    latents, _ = exactly(again)
    assert again.preview_precision == first.preview_precision == "int8"
    assert torch.equal(again.preview_on_device(latents), first.preview_on_device(latents))


@pytest.mark.usefixtures("at_once")
def test_a_picture_decodes_the_same_alone_and_in_a_batch() -> None:
    model = tiny()
    model.speed_up()
    latents, exact = exactly(model, 5)
    assert exact.std() > 0.01
    for decode in (model.decode, model.preview_on_device):
        alone = torch.cat([decode(latent[None]) for latent in latents])
        torch.testing.assert_close(alone, decode(latents), rtol=0, atol=1e-4)


@pytest.mark.parametrize("native", [False, True], ids=["fp32", "bf16"])
def test_without_openvino_pytorch_decodes_and_the_page_is_told(
    native: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> None:
        raise RuntimeMissingError("no wheel for this platform")

    dtype = torch.bfloat16 if native else torch.float32
    here = Policy(CPU, dtype, torch.channels_last, compiles=True, graphs=False)
    monkeypatch.setattr(network_model, "policy", lambda device: here)
    monkeypatch.setattr(network_model, "openvino", missing)
    model = tiny()
    model.speed_up()
    assert model.precision == "fp32; OpenVINO does not run here"
    assert model.preview_precision == ("bf16" if native else None)
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "no wheel for this platform" in warning.getMessage()
    latents, exact = exactly(model)
    assert closeness(model.decode(latents), exact).reaches(EXACT)
    assert closeness(model.preview_on_device(latents), exact).reaches(CLOSE)


def test_a_dtype_that_is_too_far_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_model, "policy", lambda device: BF16)
    monkeypatch.setattr(network_model, "CLOSE", Closeness(150.0, 150.0))
    model = tiny()
    model.speed_up()
    assert model.precision == "fp32; bf16 is too far from fp32"
    assert model.preview_precision is None


@pytest.mark.parametrize("name", ["face-vae", "sd-vae-tiny-256"])
def test_previews_go_through_graphs_where_small_batches_wait_for_launches(
    name: str, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recorder that calls the function again stands in for CUDA's."""
    recorder = Recorder()
    monkeypatch.setattr(graphs, "_recorder", lambda: recorder)
    here = Policy(CPU, torch.bfloat16, torch.channels_last, compiles=False, graphs=True)
    monkeypatch.setattr(network_model, "policy", lambda device: here)
    source = str(tiny_folder) if "tiny" in name else None
    model = models.load(name, source=source)
    model.speed_up()
    assert model.preview_precision == "bf16 in CUDA graphs"
    latents = torch.randn(3, *model.space.shape, generator=torch.Generator().manual_seed(0))
    recorder.replayed.clear()
    torch.testing.assert_close(model.preview_on_device(latents), model.decode(latents), rtol=0, atol=0.05)
    assert recorder.replayed == [4], "in the graph of four, and only the preview"


def test_what_cannot_be_built_leaves_pytorch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(plan: Plan, ways: list[Way]) -> Iterator[tuple[Way, bytes]]:
        raise RuntimeError("the process that builds it ended with -9")

    monkeypatch.setattr(network_model, "built", fail)
    model = tiny()
    model.speed_up()
    assert (model.precision, model.preview_precision) == ("fp32; OpenVINO could not compile it", None)
    assert "ended with -9" in caplog.text
    latents, exact = exactly(model)
    assert torch.equal(model.decode(latents), exact)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("kept", [False, True], ids=["built now", "from the cache"])
def test_a_processor_that_computes_something_else_is_found_out(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it can what it cannot, or gives another one's name."""

    class Wrong(Compiled):
        def __call__(self, values: torch.Tensor) -> torch.Tensor:
            return super().__call__(values) + 0.3

    if kept:
        tiny().speed_up(tmp_path)
    monkeypatch.setattr("models.runtimes.compiled.Compiled", Wrong)
    model = tiny()
    model.speed_up(tmp_path)
    refused = [f"{way} as it was compiled is too far from fp32" for way in ("decode", "int8", "encode")]
    assert model.precision == "; ".join(["fp32", *refused])
    latents, exact = exactly(model)
    assert torch.equal(model.decode(latents), exact)
    assert torch.equal(model.preview_on_device(latents), exact)


def nothing_to_build(plan: Plan, ways: list[Way]) -> Iterator[tuple[Way, bytes]]:
    assert ways == []
    return iter(())


def test_a_slow_network_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_model, "SLOW", 0.0)
    monkeypatch.setattr(network_model, "built", nothing_to_build)
    model = tiny()
    model.speed_up()
    assert (model.precision, model.preview_precision) == ("fp32", None)


@pytest.mark.usefixtures("at_once")
def test_bytes_that_are_not_close_are_not_tried_at_every_start(
    tmp_path: Path, blobs: dict[Way, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(blobs, "int8", b"")
    tiny().speed_up(tmp_path)
    monkeypatch.setattr(network_model, "built", nothing_to_build)
    model = tiny()
    model.speed_up(tmp_path)
    assert (model.precision, model.preview_precision) == ("fp32; int8 is too far from fp32", None)


def changed(model: NetworkModel, cache: Path) -> int:
    before = model.nbytes
    model.speed_up(cache)
    return model.nbytes - before


def test_what_was_compiled_counts_as_memory(cache: Path) -> None:
    model = models.load("face-vae")
    assert isinstance(model, NetworkModel)
    sizes: list[int] = [
        sum(weight.nbytes for weight in network.state_dict().values())
        for network in (model._decoder, model._encoder)
    ]
    assert model.nbytes == sum(sizes), "each weight counts once"
    assert sum(sizes) < changed(model, cache) < 2 * sum(sizes), "two networks in float32, and one in bytes"


@pytest.mark.usefixtures("at_once")
def test_a_damaged_file_of_the_cache_is_told_to_the_page(tmp_path: Path) -> None:
    tiny().speed_up(tmp_path)
    for path in (tmp_path / "networks").iterdir():
        path.write_bytes(path.read_bytes()[:-10])
    model = tiny()
    model.speed_up(tmp_path)
    assert model.precision == "fp32; a compiled network in the cache could not be used and was made anew"
    assert model.preview_precision == "int8"
    again = tiny()
    again.speed_up(tmp_path)
    assert again.precision == "fp32"

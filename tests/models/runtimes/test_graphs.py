"""Which graph a batch is decoded in, and that nobody sees another's pictures in their shared memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor

import models
from models import stable_diffusion
from models.media import Picture
from models.runtimes import graphs
from models.runtimes.graphs import GraphedDecoder, Recorded, batches
from models.runtimes.judging import CLOSE, closeness
from models.toys.vector import ToyModel

CPU = torch.device("cpu")
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")


def latents(n: int) -> Tensor:
    return torch.randn(n, 8, generator=torch.Generator().manual_seed(n))


class Recorder:
    """Computes anew in the same memory, as a graph does; what CUDA itself does is not tested by it."""

    def __init__(self, pause: float = 0.0) -> None:
        self.replayed: list[int] = []
        self._pause = pause

    def __call__(self, function: Callable[[], Tensor]) -> Recorded:
        images = function()

        def replay() -> None:
            self.replayed.append(len(images))
            time.sleep(self._pause)
            images.copy_(function())

        return images, replay


Graphed = Callable[[Recorder], tuple[GraphedDecoder, ToyModel]]


@pytest.fixture
def graphed(monkeypatch: pytest.MonkeyPatch) -> Graphed:
    def make(recorder: Recorder) -> tuple[GraphedDecoder, ToyModel]:
        monkeypatch.setattr(graphs, "_recorder", lambda: recorder)
        toy = ToyModel()
        return GraphedDecoder(toy._decode, toy.space, toy.media, CPU), toy

    return make


def test_graphs_are_for_batches_that_leave_a_gpu_idle() -> None:
    assert [batches(Picture(size)) for size in (128, 256, 512, 768)] == [[16, 4, 1], [4, 1], [1], []]


@pytest.mark.parametrize(
    ("n", "replayed"), [(1, [1]), (2, [4]), (4, [4]), (5, [16]), (16, [16]), (17, []), (40, [])]
)
def test_a_batch_goes_through_the_smallest_graph_that_holds_it(
    n: int, replayed: list[int], graphed: Graphed
) -> None:
    recorder = Recorder()
    decoder, toy = graphed(recorder)
    torch.testing.assert_close(decoder(latents(n)), toy.decode(latents(n)))
    assert recorder.replayed == replayed


def test_pictures_stay_when_the_next_ones_are_decoded(graphed: Graphed) -> None:
    decoder, toy = graphed(Recorder())
    first = decoder(latents(3))
    decoder(latents(4))
    torch.testing.assert_close(first, toy.decode(latents(3)))


def test_threads_get_their_own_pictures(graphed: Graphed) -> None:
    decoder, toy = graphed(Recorder(pause=0.01))
    start = threading.Barrier(4)

    def decode(n: int) -> Tensor:
        start.wait()
        return decoder(latents(n))

    with ThreadPoolExecutor(4) as pool:
        for n, images in zip((1, 2, 3, 4), pool.map(decode, (1, 2, 3, 4)), strict=True):
            torch.testing.assert_close(images, toy.decode(latents(n)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_without_cuda_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="graph_pool"):
        GraphedDecoder(ToyModel()._decode, ToyModel().space, ToyModel().media, CPU)


@on_cuda
def test_on_cuda_every_batch_of_the_face_vae_is_close_to_float32() -> None:
    model, exact = models.load("face-vae", "cuda"), models.load("face-vae")
    model.speed_up()
    assert "in CUDA graphs" in str(model.preview_precision)
    for n in (1, 2, 4, 7, 16, 17):
        z = torch.randn(n, 128, generator=torch.Generator().manual_seed(n))
        assert closeness(model.preview_on_device(z).cpu(), exact.decode(z)).reaches(CLOSE)


@on_cuda
@pytest.mark.parametrize("architecture", ["AutoencoderKL", "AutoencoderTiny"])
def test_on_cuda_every_batch_of_stable_diffusions_is_close_to_float32(
    architecture: str, kl_folder: Path, tiny_folder: Path
) -> None:
    folder = str(kl_folder if architecture == "AutoencoderKL" else tiny_folder)
    model, exact = (
        stable_diffusion.load("here", Picture(256), folder, torch.device(device), lambda *_: None)
        for device in ("cuda", "cpu")
    )
    model.speed_up()
    assert "in CUDA graphs" in str(model.preview_precision)
    for n in (1, 2, 4, 5):
        z = torch.randn(n, *model.space.shape, generator=torch.Generator().manual_seed(n))
        assert closeness(model.preview_on_device(z).cpu(), exact.decode(z)).reaches(CLOSE)


@on_cuda
def test_on_cuda_a_graph_is_recorded_while_others_decode() -> None:
    model, done = models.load("face-vae", "cuda"), threading.Event()
    z = torch.randn(3, 128, generator=torch.Generator().manual_seed(0))
    expected = model.decode(z)

    def drag() -> bool:
        same = True
        while not done.is_set():
            same = same and torch.equal(model.decode(z), expected)
        return same

    with ThreadPoolExecutor(1) as pool:
        dragged = pool.submit(drag)
        try:
            other = models.load("face-vae", "cuda")
        finally:
            done.set()
        assert dragged.result()
    assert torch.equal(other.decode(z), expected)

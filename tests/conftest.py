"""What all tests share: checked shapes, one thread, no network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HUB_CACHE = ROOT.parent / "shared" / "hf-home"

# Before anything imports huggingface_hub, which reads its environment once: tests never reach the network,
# and find the real TAESD where somebody has put it.
os.environ["HF_HUB_OFFLINE"] = "1"
# And what a person has brought to their own app stays out of it.
os.environ["LATENT_EXPLORER_DATA_DIR"] = tempfile.mkdtemp(prefix="latent-explorer-tests-")
if HUB_CACHE.is_dir():
    os.environ["HF_HOME"] = str(HUB_CACHE)

from jaxtyping import install_import_hook  # noqa: E402

import tests.shape_checks  # noqa: E402, F401  (the hook finds it by name)

# Before anything imports models or explorer: every shape and type in a signature is checked on every call.
install_import_hook(["models", "explorer"], "tests.shape_checks.checked")

import jaxtyping  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# The same examples every time, and no verdict on speed: the machine may be busy.
settings.register_profile(
    "here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come last: while Playwright has a browser open, an event loop runs in this thread.

    `asyncio.run`, which many other tests call, refuses beside it.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)


def pytest_runtest_setup() -> None:
    """Tests are small, and run beside other work: a second thread costs more than it gives.

    Before each test: a DecodeWorker sets the number for the whole process, and bf16 sums depend on it.
    """
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all that run these tests keep what they compile."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "networks"


@pytest.fixture(scope="session", autouse=True)
def compiled_once(networks: Path) -> Iterator[None]:
    """What one test has compiled the others find, whatever their caches: it takes a core half a minute."""
    from models import network_model
    from models.runtimes.blobs import Blobs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_model, "Blobs", lambda _: Blobs(networks))
        yield


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Shape checks off, to see what a user sees: the ValueError of the code itself."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def in_hub_cache(repo: str) -> str | None:
    """The repository id, where the machine has its weights."""
    weights = HUB_CACHE.glob(f"hub/models--{repo.replace('/', '--')}/snapshots/*/*.safetensors")
    return repo if any(weights) else None


def required(repo: str) -> str:
    """The repository id; skips the test where the machine does not have its weights."""
    return in_hub_cache(repo) or pytest.skip(f"the weights of {repo} are not in ../shared/hf-home")


@pytest.fixture(scope="session")
def taesd_or_none() -> str | None:
    """Repository id of the real TAESD, where the machine has its weights."""
    return in_hub_cache("madebyollin/taesd")


@pytest.fixture(scope="session")
def taesd() -> str:
    """Repository id of the real TAESD."""
    return required("madebyollin/taesd")


@pytest.fixture(scope="session")
def taesd3() -> str:
    """Of the one for Stable Diffusion 3, whose latents have 16 channels."""
    return required("madebyollin/taesd3")


def save_miniature(folder: Path, architecture: str, **sizes: Any) -> Path:
    """A Stable Diffusion autoencoder in miniature: the real class and real files, random weights."""
    import diffusers  # takes seconds

    with torch.random.fork_rng():
        torch.manual_seed(0)
        getattr(diffusers, architecture)(**sizes).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def kl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_miniature(
        tmp_path_factory.mktemp("kl"),
        "AutoencoderKL",
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        norm_num_groups=4,
        scaling_factor=0.25,
        shift_factor=0.5,
    )


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_miniature(
        tmp_path_factory.mktemp("tiny"),
        "AutoencoderTiny",
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
    )

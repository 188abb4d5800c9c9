"""What all tests share: checked shapes, one thread, no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
HUB_CACHE = ROOT.parent / "shared" / "hf-home"

# Before anything imports huggingface_hub, which reads its environment once: tests never reach the network,
# and find the real TAESD where somebody has put it.
os.environ["HF_HUB_OFFLINE"] = "1"
if HUB_CACHE.is_dir():
    os.environ["HF_HOME"] = str(HUB_CACHE)

from jaxtyping import install_import_hook  # noqa: E402

# Before anything imports models or explorer: every shape and type in a signature is checked on every call.
install_import_hook(["models", "explorer"], "beartype.beartype")

import jaxtyping  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# The same examples every time, and no verdict on speed: the machine may be busy.
settings.register_profile(
    "here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

# Tests are small, and run beside other work: a second thread costs more than it gives.
torch.set_num_threads(1)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Shape checks off, to see what a user sees: the ValueError of the code itself."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def taesd() -> str:
    """Repository id of the real TAESD, where the machine has its weights."""
    if not list(HUB_CACHE.glob("hub/models--madebyollin--taesd/snapshots/*/*.safetensors")):
        pytest.skip("the weights of madebyollin/taesd are not in ../shared/hf-home")
    return "madebyollin/taesd"

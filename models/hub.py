"""Where a model's files are: a folder, the hub's cache on this machine, or the hub itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download, try_to_load_from_cache
from tqdm import tqdm

from models.base import Progress
from models.errors import ModelUnavailableError

CONFIG, WEIGHTS = "config.json", "diffusion_pytorch_model.safetensors"


def locate(source: str, progress: Progress) -> Path:
    """Folder that holds CONFIG and WEIGHTS: `source`, or its snapshot in the hub's cache, fetched if need be.

    Done here, not inside diffusers, to tell files that cannot be had from files that are bad. Raises
    ModelUnavailableError. A download is the first half of `progress`.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        try:
            folder = cached(source) or _download(source, progress)
        except Exception as error:  # no such repository, not an id at all, no network, no disk space, …
            raise ModelUnavailableError(
                f"{source} is neither a local folder nor a repository that could be reached "
                f"({type(error).__name__}): go online, set HF_HOME to a Hugging Face cache that has it, "
                f"or name a local folder with {CONFIG} and {WEIGHTS} instead."
            ) from error
    missing = [file for file in (CONFIG, WEIGHTS) if not (folder / file).is_file()]
    if missing:
        raise ModelUnavailableError(
            f"{source} has no {' and no '.join(missing)} in {folder}: download it again, set HF_HOME to a "
            "Hugging Face cache that has it, or name a local folder that holds both (pickles are not read)."
        )
    return folder


def cached(source: str) -> Path | None:
    """The snapshot of a repository in the hub's cache, if it is whole.

    Asked first: with no network the hub library retries for 20 s a file before it looks there.
    """
    for place in (None, _place()):  # the library's own may be readable only
        config, weights = (try_to_load_from_cache(source, file, place) for file in (CONFIG, WEIGHTS))
        if isinstance(config, str) and isinstance(weights, str):
            return Path(weights).parent
    return None


def _download(source: str, progress: Progress) -> Path:
    hf_hub_download(source, CONFIG, cache_dir=_place())
    bar = _bytes_bar(source, progress)
    return Path(hf_hub_download(source, WEIGHTS, cache_dir=_place(), tqdm_class=bar)).parent


def _place() -> str | None:
    """Where downloads go, if not where the library says: it looks at the environment once, at its import."""
    return os.environ.get("HF_HUB_CACHE")


def _bytes_bar(source: str, progress: Progress) -> type[Any]:
    """The hub library's progress bar, telling `progress` too: a download is the first half of loading."""

    class BytesBar(tqdm):  # type: ignore[misc]  # tqdm has no types
        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            if self.total:
                done, megabytes = self.n / self.total, self.total / 1e6
                progress(done / 2, f"Downloading {source}: {done * megabytes:.0f} of {megabytes:.0f} MB")
            return shown

    return BytesBar

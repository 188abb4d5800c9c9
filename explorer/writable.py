"""Where the app may write: checked at start, before a library finds out in the middle of somebody's work."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)


def writable(folder: Path) -> Path:
    """The folder, made where it is missing; a temporary one, and a line in the log, where that fails."""
    folder = folder.expanduser()
    try:
        _probe(folder)
        return folder
    except OSError as error:
        taken = Path(tempfile.mkdtemp(prefix="latent-explorer-"))
        log.warning(
            "%s cannot be written (%s): %s is used until the app stops", folder, error.strerror, taken
        )
        return taken


def give_libraries_a_place(folder: Path) -> None:
    """Have numba keep what it compiles, and Gradio what people upload, in folders of the app's own.

    Numba would look beside its sources and in the home, and fail without either; Gradio shares one folder
    with every other Gradio app of the machine. Models from the hub are shared with other programs, unless
    nothing can be written where these keep them. What the environment says already stays.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))
    os.environ.setdefault("GRADIO_TEMP_DIR", str(folder / "gradio"))
    if "HF_HOME" not in os.environ and not _can_write(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))):
        os.environ.setdefault("HF_HUB_CACHE", str(folder / "hub"))  # `models.hub` reads it at each download


def _can_write(cache: Path) -> bool:
    try:
        _probe(cache.expanduser() / "huggingface")
    except (OSError, RuntimeError):  # the latter where there is no home at all
        return False
    return True


def _probe(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass

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
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
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
    with every other Gradio app of the machine. What the environment says already stays.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))
    os.environ.setdefault("GRADIO_TEMP_DIR", str(folder / "gradio"))

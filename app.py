"""Latent Explorer: settings → workspace → application → server. `python app.py --help` lists the settings."""

from __future__ import annotations

import logging
import os
import sys
from typing import Literal

import uvicorn
from pydantic import ValidationError
from pythonjsonlogger.json import JsonFormatter

from explorer.panels import application
from explorer.settings import Settings
from explorer.workspace import Workspace
from explorer.writable import give_libraries_a_place, writable
from models.errors import InputError

SHUTDOWN_SECONDS = 2  # for pages to take leave
MAX_SOCKET_BYTES = 2**20  # of a WebSocket message; the live channel refuses far smaller ones, in words


def main() -> None:
    """Start the app and serve it until it is stopped."""
    try:
        settings = Settings(_cli_parse_args=True)
        _start_log(settings.log_format)
        settings.cache_dir = writable(settings.cache_dir)
        settings.data_dir = writable(settings.data_dir)
        give_libraries_a_place(settings.cache_dir)
        workspace = Workspace(settings)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}, got {e['input']!r}" for e in error.errors())
        sys.exit("app.py: " + "; ".join(problems))
    except InputError as error:
        sys.exit(f"app.py: {error}")
    with workspace:
        _serve(workspace)


def _serve(workspace: Workspace) -> None:
    """Serve until the process is told to stop.

    Not by Gradio's own launch, which would have every frame deflated: a JPEG gets no smaller, and that took a
    quarter of the server's time (docs/performance.md).
    """
    settings = workspace.settings
    uvicorn.run(
        application(workspace),
        host=settings.host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        port=settings.port,
        root_path=settings.root_path.rstrip("/"),
        forwarded_allow_ips=settings.forwarded_allow_ips,
        ws_per_message_deflate=False,
        ws_max_size=MAX_SOCKET_BYTES,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        log_config=None,
        access_log=False,
    )


def _start_log(log_format: Literal["text", "json"]) -> None:
    """One line an event on standard error; as JSON with what the event is about in fields of its own."""
    fields = "%(asctime)s %(levelname)s %(name)s %(message)s"
    formatter = JsonFormatter(fields) if log_format == "json" else logging.Formatter(fields)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)


if __name__ == "__main__":
    main()

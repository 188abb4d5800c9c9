"""Latent Explorer: settings → workspace → page → launch. `python app.py --help` lists the settings."""

from __future__ import annotations

import logging
import sys
from typing import Literal

from pydantic import ValidationError
from pythonjsonlogger.json import JsonFormatter

from explorer.panels import build_page, launch_options
from explorer.settings import Settings
from explorer.workspace import Workspace


def main() -> None:
    """Start the app and serve it until it is stopped."""
    try:
        settings = Settings(_cli_parse_args=True)
        _start_log(settings.log_format)
        workspace = Workspace(settings)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}, got {e['input']!r}" for e in error.errors())
        sys.exit("app.py: " + "; ".join(problems))
    except ValueError as error:
        sys.exit(f"app.py: {error}")
    with workspace:
        build_page(workspace).launch(**launch_options(workspace))


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

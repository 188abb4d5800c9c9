"""Latent Explorer: settings → workspace → page → launch. `python app.py --help` lists the settings."""

from __future__ import annotations

import logging
import sys

from pydantic import ValidationError

from explorer.panels import build_page, launch_options
from explorer.settings import Settings
from explorer.workspace import Workspace


def main() -> None:
    """Start the app and serve it until it is stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        workspace = Workspace(Settings(_cli_parse_args=True))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}, got {e['input']!r}" for e in error.errors())
        sys.exit("app.py: " + "; ".join(problems))
    except ValueError as error:
        sys.exit(f"app.py: {error}")
    with workspace:
        build_page(workspace).launch(**launch_options(workspace))


if __name__ == "__main__":
    main()

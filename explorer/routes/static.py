"""The page's own scripts and styles, and Plotly's from its wheel: no request ever leaves for another host."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import plotly
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

ASSETS = Path(__file__).parents[2] / "assets"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


@cache
def version() -> str:
    """Changes with the files, and stands in their address, so that browsers may keep them for good."""
    digest = hashlib.sha256(plotly.__version__.encode())
    for path in sorted((ASSETS / "js").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def styles() -> str:
    """All style sheets as one text, the base first."""
    rest = sorted(path for path in (ASSETS / "css").glob("*.css") if path.stem != "base")
    return "\n".join(path.read_text() for path in [ASSETS / "css" / "base.css", *rest])


def template(name: str) -> str:
    """The HTML of a panel."""
    return (ASSETS / "html" / f"{name}.html").read_text()


def head() -> str:
    """For the page's head: scripts load beside Gradio's own and not after them."""
    return "\n".join(
        f'<link rel="modulepreload" href="explorer/static/{version()}/js/{path.name}">'
        for path in sorted((ASSETS / "js").glob("*.js"))
    )


@cache
def _compressed(path: Path) -> bytes:
    compressed: bytes = brotli.compress(path.read_bytes(), quality=6)
    return compressed


def routes() -> list[BaseRoute]:
    """The scripts, compressed once, under an address that holds their version."""
    files = {f"js/{path.name}": path for path in (ASSETS / "js").glob("*.js")} | {"plotly.min.js": PLOTLY}

    def serve(request: Request) -> Response:
        path = files.get(request.path_params["path"])
        if path is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        body = path.read_bytes()
        if "br" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = _compressed(path), "br"
        return Response(body, media_type=mimetypes.guess_type(path.name)[0], headers=headers)

    return [Route("/explorer/static/{version}/{path:path}", serve)]

"""The page's own scripts and styles, and Plotly's from its wheel: no request ever leaves for another host."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import plotly
from gradio.routes import templates
from jinja2 import ChoiceLoader, DictLoader
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = Path(__file__).parents[2] / "assets"


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
def correct_gradio() -> None:
    """Make Gradio's page link to its manifest relatively: below a proxy's path the root is another's."""
    name, loader = "frontend/index.html", templates.env.loader
    assert loader is not None  # it reads the templates of Gradio's wheel
    page, *_ = loader.get_source(templates.env, name)
    corrected = DictLoader({name: page.replace('href="/manifest.json"', 'href="manifest.json"')})
    templates.env.loader = ChoiceLoader([corrected, loader])


def routes() -> list[BaseRoute]:
    """The scripts, under an address that holds their version."""
    folders = [
        Mount("/js", _KeptFiles(directory=ASSETS / "js")),
        Mount("/plotly", _KeptFiles(packages=[("plotly", "package_data")])),
    ]
    return [Mount(f"/explorer/static/{version()}", routes=folders)]


class _KeptFiles(StaticFiles):
    """Files that browsers keep for good, since their address changes with them, compressed once.

    Gradio's own middleware would compress them anew for every visitor: 0.2 s of the event loop for Plotly,
    and a tenth more to transfer. It leaves alone what is compressed.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and "br" in Headers(scope=scope).get("Accept-Encoding", ""):
            body = await run_in_threadpool(_compressed, Path(response.path))
            headers = {"Content-Encoding": "br", "ETag": response.headers["ETag"]}
            response = Response(body, media_type=response.media_type, headers=headers)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Vary"] = "Accept-Encoding"
        return response


@cache
def _compressed(path: Path) -> bytes:
    compressed: bytes = brotli.compress(path.read_bytes(), quality=6)
    return compressed

"""What the page and programs ask: live channel, HTTP routes, named endpoints."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import BaseRoute

from explorer.routes import directions, imports, live, own, places, recipes, sprites, static, status
from explorer.routes.api import build as build_api
from explorer.routes.api_files import only_uploads
from explorer.routes.guard import Guard
from explorer.routes.own import MAX_UPLOAD
from explorer.routes.person import Introduction
from explorer.workspace import Workspace

__all__ = ["MAX_UPLOAD", "ROUTES", "Guard", "Introduction", "build_api", "only_uploads", "static"]

ROUTES: tuple[Callable[[Workspace], list[BaseRoute]], ...] = (
    status.routes,
    places.routes,
    live.routes,
    sprites.routes,
    directions.routes,
    recipes.traversal_routes,
    recipes.arithmetic_routes,
    recipes.style_mix_routes,
    own.routes,
    imports.routes,
)
"""What the page's scripts ask, a subject each."""

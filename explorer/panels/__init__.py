"""The page: a table of panels, each a module of its own, and the application that serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import gradio as gr
from fastapi import Depends, FastAPI
from starlette.routing import BaseRoute

from explorer.panels.component import client_panel
from explorer.routes import (
    api,
    api_files,
    arithmetic,
    directions,
    live,
    person,
    sprites,
    static,
    status,
    style_mix,
    traversal,
    uploads,
)
from explorer.routes import map as portrait_map
from explorer.routes.guard import Guard
from explorer.workspace import Workspace

MOST_CALLS = 128  # of named endpoints that wait
CACHE_SECONDS = 3600  # after which pictures that the named endpoints returned are deleted

Place = Literal["bar", "stage", "drawers"]


@dataclass(frozen=True)
class Panel:
    """One part of the page: where it stands, what builds it, and the routes that its script asks."""

    place: Place
    build: Callable[[Workspace], object]
    routes: Callable[[Workspace], list[BaseRoute]] = lambda _: []


def _client(name: str) -> Callable[[Workspace], object]:
    return lambda _: client_panel(name)


def _morph_routes(workspace: Workspace) -> list[BaseRoute]:
    return [*live.routes(workspace), *sprites.routes(workspace)]


PANELS: dict[str, Panel] = {
    "header": Panel("bar", _client("header"), status.routes),
    "map": Panel("stage", _client("map"), portrait_map.routes),
    "morph": Panel("stage", _client("morph"), _morph_routes),
    "directions": Panel("stage", _client("directions"), directions.routes),
    "traversal": Panel("drawers", _client("traversal"), traversal.routes),
    "arithmetic": Panel("drawers", _client("arithmetic"), arithmetic.routes),
    "style_mix": Panel("drawers", _client("style_mix"), style_mix.routes),
    "my_images": Panel("drawers", _client("my_images"), uploads.routes),
}


def build_page(workspace: Workspace) -> gr.Blocks:
    """The page with every panel in its place, and the named endpoints for programs."""
    cache = (CACHE_SECONDS, CACHE_SECONDS)
    page = gr.Blocks(title="Latent Explorer", analytics_enabled=False, fill_width=True, delete_cache=cache)
    with page:
        for place, container in _PLACES.items():
            with container(elem_id=place):
                for panel in PANELS.values():
                    if panel.place == place:
                        panel.build(workspace)
        calls = api.build(workspace)
    # Threads of its own, enough for all endpoints, so that none waits for another and no route for any. With
    # 40, its default, Gradio takes those of the server instead.
    page.max_threads = calls + 1
    page.queue(max_size=MOST_CALLS)
    return page


_PLACES: dict[Place, Callable[..., Any]] = {
    "bar": gr.Column,
    "stage": partial(gr.Row, equal_height=True),
    "drawers": gr.Column,
}


def routes(workspace: Workspace) -> list[BaseRoute]:
    """The routes of every panel, and the page's own files."""
    return [route for panel in PANELS.values() for route in panel.routes(workspace)] + static.routes()


def application(workspace: Workspace) -> FastAPI:
    """The page and its routes, to be served; nothing on it comes from another host."""
    application, page, settings = FastAPI(openapi_url=None), build_page(workspace), workspace.settings
    application.add_middleware(person.Introduction)
    application.add_middleware(Guard, names=filter(None, [settings.host, *settings.allow_host]))
    page.has_launched = True  # else Gradio skips its own checks of paths: its launch is not called
    checks = [Depends(api_files.only_uploads(page))]
    gr.mount_gradio_app(
        application,
        page,
        path="/",
        app_kwargs={"routes": routes(workspace), "dependencies": checks},
        theme=_theme(),
        css=static.styles(),
        head=static.head(),
        footer_links=["api"],  # hidden by our style: the bar has a button for it
        run_history=False,
        ssr_mode=False,
        show_error=True,
    )
    return application


def _theme() -> gr.themes.Base:
    """Fonts of the system, since Gradio's own themes fetch theirs, and dark from the first paint on."""
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    ground, text = "#0d0f13", "#e9ebef"
    return theme.set(
        body_background_fill=ground,
        body_background_fill_dark=ground,
        body_text_color=text,
        body_text_color_dark=text,
    )

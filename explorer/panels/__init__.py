"""The page: a table of panels, each a module of its own, and the application that serves them."""

from __future__ import annotations

from typing import Literal

import gradio as gr
from fastapi import Depends, FastAPI

from explorer.panels.component import client_panel, tool_bar
from explorer.routes import MAX_UPLOAD, ROUTES, Guard, Introduction, build_api, only_uploads, static
from explorer.workspace import Workspace

MOST_CALLS = 128  # of named endpoints that wait
CACHE_SECONDS = 3600  # after which pictures that the named endpoints returned are deleted

Place = Literal["bar", "stage", "explore", "data", "measure", "make", "compare"]
TOOLS: tuple[Place, ...] = ("explore", "data", "measure", "make", "compare")  # groups of the bar of tools

PANELS: dict[str, Place] = {
    "header": "bar",
    "map": "stage",
    "morph": "stage",
    "directions": "stage",
    "traversal": "explore",
    "arithmetic": "explore",
    "style_mix": "explore",
    "my_images": "data",
    "data_sets": "data",
}
"""Where each panel stands, its template and script being files of its name. One tool is open at a time."""


def build_page(workspace: Workspace) -> gr.Blocks:
    """The page with every panel in its place, and the named endpoints for programs."""
    cache = (CACHE_SECONDS, CACHE_SECONDS)
    page = gr.Blocks(title="Latent Explorer", analytics_enabled=False, fill_width=True, delete_cache=cache)
    with page:
        with gr.Column(elem_id="bar"):
            _build("bar")
        with gr.Row(elem_id="stage", equal_height=True):
            _build("stage")
        with gr.Column(elem_id="tools"):
            tool_bar({group: _names(group) for group in TOOLS})
            for group in TOOLS:
                _build(group)
        build_api(workspace)
    page.queue(max_size=MOST_CALLS)
    return page


def _names(place: Place) -> list[str]:
    return [name for name, panel_place in PANELS.items() if panel_place == place]


def _build(place: Place) -> None:
    for name in _names(place):
        client_panel(name)


def application(workspace: Workspace) -> FastAPI:
    """The page and its routes, to be served; nothing on it comes from another host."""
    application, page, settings = FastAPI(openapi_url=None), build_page(workspace), workspace.settings
    application.add_middleware(Introduction)
    application.add_middleware(Guard, names=filter(None, [settings.host, *settings.allow_host]))
    static.correct_gradio()
    page.has_launched = True  # else Gradio skips its own checks of paths: its launch is not called
    routes = [route for routes in ROUTES for route in routes(workspace)] + static.routes()
    gr.mount_gradio_app(
        application,
        page,
        path="/",
        app_kwargs={"routes": routes, "dependencies": [Depends(only_uploads(page))]},
        theme=_theme(),
        css=static.styles(),
        head=static.head(),
        footer_links=["api"],  # hidden by our style: the bar has a button for it
        run_history=False,
        ssr_mode=False,
        show_error=True,
        max_file_size=MAX_UPLOAD,
    )
    return application


def _theme() -> gr.themes.Base:
    """Fonts of the system, since Gradio's own themes fetch theirs, and our ground from the first paint on."""
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    return theme.set(
        body_background_fill="#f3f4f7",  # as in assets/css/colours.css
        body_background_fill_dark="#0d0f13",
        body_text_color="#15181e",
        body_text_color_dark="#e9ebef",
    )

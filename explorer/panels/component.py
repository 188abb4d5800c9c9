"""A panel that lives in the browser: static HTML from assets/html, moved by a script of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gradio as gr

from explorer.routes import static


def client_panel(name: str) -> gr.HTML:
    """The panel `name`: assets/html/name.html, mounted by `mount(element)` of assets/js/name.js."""
    return _mounted(name, static.template(name))


def tool_bar(groups: Mapping[str, Sequence[str]]) -> gr.HTML:
    """The buttons that open the tools, by group; a group without tools is not shown. Mounted by tools.js."""
    shown = "".join(_group(title, tools) for title, tools in groups.items() if tools)
    return _mounted("tools", f'<div class="tool-bar" role="toolbar" aria-label="Tools">{shown}</div>')


def _group(title: str, tools: Sequence[str]) -> str:
    buttons = "".join(
        f'<button data-opens="{tool}" aria-expanded="false" aria-controls="panel-{tool}">'
        f"{tool.replace('_', ' ').capitalize()}</button>"
        for tool in tools
    )
    return f'<div role="group" aria-label="{title}"><span aria-hidden="true">{title}</span>{buttons}</div>'


def _mounted(name: str, html: str) -> gr.HTML:
    """HTML with the script `name`.

    Plain `gr.HTML` and no subclass of it: Gradio writes a .pyi file beside the source of every subclass. The
    template never changes, because a change of any prop makes Gradio render it anew.
    """
    script = f"explorer/static/{static.version()}/js/{name}.js"
    return gr.HTML(
        html_template=html,
        js_on_load=f"import(new URL('{script}', document.baseURI)).then((panel) => panel.mount(element));",
        apply_default_css=False,
        elem_id=f"panel-{name}",
    )

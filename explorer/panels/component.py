"""A panel that lives in the browser: static HTML from assets/html, moved by a script of the same name."""

from __future__ import annotations

import gradio as gr

from explorer.routes import static


def client_panel(name: str) -> gr.HTML:
    """The panel `name`: assets/html/name.html, mounted by `mount(element)` of assets/js/name.js.

    Plain `gr.HTML` and no subclass of it: Gradio writes a .pyi file beside the source of every subclass. The
    template never changes, because a change of any prop makes Gradio render it anew.
    """
    script = f"explorer/static/{static.version()}/js/{name}.js"
    return gr.HTML(
        html_template=static.template(name),
        js_on_load=f"import(new URL('{script}', document.baseURI)).then((panel) => panel.mount(element));",
        apply_default_css=False,
        elem_id=f"panel-{name}",
    )

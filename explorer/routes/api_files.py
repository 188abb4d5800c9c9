"""Which files the named endpoints read: those that this server's own upload route wrote, and no others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import HTTPException, Request

REFUSED = "Only files that were uploaded to this server are read: upload this one first."
"""The same for every other file, so that nobody learns which files there are."""

MARK = {"_type": "gradio.FileData"}


def only_uploads(page: gr.Blocks) -> Callable[[Request], Awaitable[None]]:
    """A check of every request to Gradio, before anything is done for it: 403 where it names another file.

    Gradio copies each file that a request names, for whichever endpoint, to where anyone may fetch it.
    Addresses are refused too: Gradio would download what is there.
    """

    async def check(request: Request) -> None:
        if any(str(value).startswith(("http://", "https://")) for value in request.path_params.values()):
            raise HTTPException(403, REFUSED)
        if not all(_was_uploaded(file, page.upload_file_set) for file in _files(await _json(request))):
            raise HTTPException(403, REFUSED)

    return check


async def _json(request: Request) -> Any:
    """The body as FastAPI reads it, which keeps it, or None; a multipart body is left to the upload route."""
    if request.headers.get("content-type", "").strip().lower().startswith("multipart/"):
        return None
    try:
        return await request.json()
    except (ValueError, RecursionError):  # which no route reads either
        return None


def _files(body: Any) -> Iterator[dict[str, Any]]:
    """Every object in a body, however deep, that is meant as a file."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.keys() & {"path", "url", "meta"}:
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _was_uploaded(file: dict[str, Any], uploads: set[str]) -> bool:
    """The path is compared as it was given out: one with `..` or through a link is another one."""
    path = file.get("path")
    return file.get("meta") == MARK and isinstance(path, str) and path in uploads and Path(path).is_file()

"""Which pages may ask this server, and under which names: others are refused before anything sees them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

# The page loads its own files only. Gradio writes scripts into it; it and plotly make functions of text.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob: data:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
_SPACES = "https://huggingface.co https://*.hf.space"  # where a Space is shown in a frame


class Guard:
    """ASGI middleware against pages of other sites that ask in the name of who looks at them.

    A browser tells in `Origin` which site's page asks: it has to be the one that is asked, or one of `names`.
    A stranger's name may be made to lead here (DNS rebinding), so the one that is asked has to be localhost,
    an IP address, which nobody can rebind, or one of `names`. Programs tell no origin. Answers go out with a
    content security policy. The messages of a WebSocket do not pass through here.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {name.lower() for name in [*names, *_space_names()]}
        self._headers = [(name.encode(), value.encode()) for name, value in _headers()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers.get("host", ""), headers.get("origin"))
        if scope["type"] == "websocket":
            answer = WebSocketClose() if refusal else self._app  # before it is accepted: 403 for the browser
            await answer(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, host: str, origin: str | None) -> JSONResponse | None:
        if not self._is_own(host):
            told = f"This server does not go by the name {_name(host)!r}; --allow-host gives it another name."
            return JSONResponse({"error": told}, 400)
        site = None if origin is None else origin.partition("://")[2]
        if site is None or site.lower() == host.lower() or _name(site) in self._names:
            return None
        told = f"Pages of {origin} may not ask this server; --allow-host gives it another name."
        return JSONResponse({"error": told}, 403)

    def _is_own(self, host: str) -> bool:
        name = _name(host)
        return name == "localhost" or name in self._names or _is_address(name)


def _name(host: str) -> str:
    """Of `name:port`, `[address]:port` or either without a port, in small letters; empty if it has none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _space_names() -> list[str]:
    """Of the Hugging Face Space that this is, if it is one; several where it has a domain of its own."""
    return [name for name in os.environ.get("SPACE_HOST", "").split(",") if name]


def _headers() -> Iterator[tuple[str, str]]:
    frames = f"'self' {_SPACES}" if "SPACE_ID" in os.environ else "'self'"
    policy = _POLICY | {"frame-ancestors": frames}
    yield "content-security-policy", "; ".join(f"{kind} {sources}" for kind, sources in policy.items())
    yield "x-content-type-options", "nosniff"
    yield "referrer-policy", "same-origin"

"""Who asks: told by a cookie that comes with the page, or by the address of whoever has none."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from threading import Lock

from cachetools import LRUCache
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.device import Person
from models.errors import InputError

COOKIE = "latent-explorer-person"
MOST = 4096  # persons; who has not asked for longest counts by their address from then on
DAYS = (
    400  # for which browsers keep the cookie, at most: what a person brought is theirs after a restart, too
)

_persons: LRUCache[tuple[str, str], Person] = LRUCache(MOST)  # by cookie or address
_lasting: set[str] = set()  # of those who own what is kept on disk, their seals
_lock = Lock()


def person(connection: HTTPConnection) -> Person:
    """The person of a connection; the same one as long as they are among the last MOST; thread-safe.

    Only cookies that were given out count: with a new one for each request nobody would have any limit.
    """
    address = connection.client.host if connection.client else ""
    with _lock:
        known = _known(connection)
        return known or _persons.setdefault(("address", address), Person(address))


class Introduction:
    """Gives a cookie to whoever gets a page and has none that is known (ASGI middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and the answer with a cookie where one is due."""

        async def introduce(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Content-Type", "").startswith("text/html"):
                    lasts = f"Max-Age={DAYS * 24 * 3600}"
                    place = f"Path={scope.get('root_path') or '/'}"
                    cookie = f"{cookie_of(scope)}={_newcomer().id}; HttpOnly; {place}; SameSite=Lax; {lasts}"
                    headers.append("Set-Cookie", cookie)
            await send(message)

        is_known = scope["type"] != "http" or _known(HTTPConnection(scope)) is not None
        await self._app(scope, receive, send if is_known else introduce)


def cookie_of(scope: Scope) -> str:
    """Name of the cookie: browsers send those of a host to all its ports, where other apps may run."""
    _, port = scope.get("server") or ("", None)
    return f"{COOKIE}-{port}" if port else COOKIE


def introduced(connection: HTTPConnection) -> Person:
    """The person of a cookie, who alone can own what is kept: an address may be many people's.

    Raises InputError for whoever has none that is known.
    """
    with _lock:
        known = _known(connection)
    if known is None:
        raise InputError("This browser is not known to the server any more: reload the page, and try again.")
    return known


def seal(person: str) -> str:
    """What is written down of a person's id: whoever reads that cannot take their place."""
    return hashlib.sha256(person.encode()).hexdigest()


def remember(seals: Iterable[str]) -> None:
    """Know these persons by their cookies from now on, whoever else asks: what they own is kept on disk."""
    with _lock:
        _lasting.update(seals)


def _known(connection: HTTPConnection) -> Person | None:
    """The person of a cookie that was given out, also before a restart where they own what is kept."""
    key = _by_cookie(connection)
    known: Person | None = _persons.get(key)
    if known is None and seal(key[1]) in _lasting:
        known = _persons[key] = Person(key[1])
    return known


def _by_cookie(connection: HTTPConnection) -> tuple[str, str]:
    return "cookie", connection.cookies.get(cookie_of(connection.scope), "")


def _newcomer() -> Person:
    new = Person(secrets.token_hex(16))
    with _lock:
        _persons["cookie", new.id] = new
    return new

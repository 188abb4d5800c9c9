"""Data sets that people bring: a file that is sent, or a folder of the server, and how far each import is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.data import Stored, StoreError
from explorer.device import BusyError
from explorer.routes.answers import Endpoint, answering, parameter
from explorer.routes.asking import counted, dear, owner
from explorer.routes.person import person, remember
from explorer.workspace import Workspace
from models.errors import InputError

CHUNK = 2**20  # bytes that are written at a time
SPARE = 2**30  # bytes of the disk that imports leave free
SUFFIXES = (".zip", ".csv", ".parquet")


def routes(workspace: Workspace) -> list[BaseRoute]:
    """What there is, what is brought, and what becomes of each."""
    imports = workspace.imports
    remember(imports.store.owners())

    async def listed(_: Request) -> Response:
        sets = await dear(_tell_all, workspace, owner())
        roots = [str(root) for root in workspace.settings.import_root]
        left_gb = max(0, await dear(_left, workspace, owner())) / 1e9
        limit_gb = workspace.settings.import_gb
        return JSONResponse({"sets": sets, "roots": roots, "limit_gb": limit_gb, "left_gb": left_gb})

    def changing(change: Callable[[str], None]) -> Endpoint:
        async def answer(request: Request) -> Response:
            await dear(change, _mine(workspace, parameter(request, "dataset")).name)
            return JSONResponse({})

        return answering(answer)

    changes = {
        "start": imports.start,
        "stop": imports.stop,
        "finish": imports.finish,
        "delete": workspace.delete,
    }
    posts = {name: changing(change) for name, change in changes.items()} | _bringing(workspace)
    return [
        Route("/explorer/imports", answering(listed)),
        *(Route(f"/explorer/imports/{name}", answer, methods=["POST"]) for name, answer in posts.items()),
    ]


def _bringing(workspace: Workspace) -> dict[str, Endpoint]:
    """A file that is sent, whatever its size up to the person's limit, or a folder of the server."""
    imports, sending = workspace.imports, set[str]()  # persons whose file is on its way

    async def send(request: Request) -> Response:
        name, me = PurePosixPath(parameter(request, "file")), owner()
        if name.suffix.lower() not in SUFFIXES:
            raise InputError(f"{name.name}: expected a file that ends in {', '.join(SUFFIXES)}")
        if me in sending:
            raise BusyError("Another file of yours is on its way: wait until it is here.")
        sending.add(me)
        try:
            with counted(person(request)), tempfile.TemporaryDirectory(dir=_arriving(workspace)) as folder:
                path = Path(folder) / name.name
                await _receive(request, path, await dear(_room, workspace, me))
                return await begin(path, request, moved=True)
        finally:
            sending.discard(me)

    async def folder(request: Request) -> Response:
        path = Path(parameter(request, "path")).expanduser()
        return await begin(_allowed(path, workspace.settings.import_root), request, moved=False)

    async def begin(path: Path, request: Request, moved: bool) -> Response:
        title, image = request.query_params.get("title", ""), request.query_params.get("image") or None
        stored = await dear(imports.store.begin, path, owner(), title, image, moved=moved)
        remember({owner()})
        imports.start(stored.name)
        return JSONResponse(_tell(workspace, stored.name))

    return {"send": answering(send), "folder": answering(folder)}


def _tell_all(workspace: Workspace, person: str) -> list[dict[str, Any]]:
    """Those of the person, and those that are all people's, the newest first."""
    told = []
    for name in workspace.imports.store.names():
        try:
            about = workspace.imports.store.get(name).about
            if about.owner in (None, person):
                told.append((about.begun, _tell(workspace, name)))
        except StoreError:
            continue  # damaged: the log has told that
    return [entry for _, entry in sorted(told, key=lambda one: -one[0])]


def _tell(workspace: Workspace, name: str) -> dict[str, Any]:
    stored, progress = workspace.imports.store.get(name), workspace.imports.progress(name)
    about = stored.about
    return {
        "name": name,
        "title": about.title,
        "is_mine": about.owner is not None,  # who that is, nobody is told: it is what their cookie says
        "state": progress.state,
        "read": progress.read,
        "looked": progress.looked,
        "total": progress.total,
        "rate": progress.rate,
        "seconds_left": progress.seconds_left,
        "message": progress.message,
        "findings": about.findings.model_dump(),
    }


def _mine(workspace: Workspace, name: str) -> Stored:
    """A person's own data set. Raises StoreError for another's as for none: nobody is told of it."""
    stored = workspace.imports.store.get(name)
    if stored.about.owner != owner():
        raise StoreError(f"There is no data set {name!r} of yours")
    return stored


def _allowed(path: Path, roots: list[Path]) -> Path:
    """The folder, where it lies in one of the roots, whatever links lead there. Raises InputError."""
    found = path.resolve()
    if not any(found.is_relative_to(root.expanduser().resolve()) for root in roots):
        allowed = ", ".join(map(str, roots)) or "none, until the app is started with --import-root"
        raise InputError(f"folder: expected one in {allowed}; got {str(path)!r}")
    if not found.exists():
        raise InputError(f"folder: there is no {str(path)!r} on the server")
    return found


def _arriving(workspace: Workspace) -> Path:
    """Where files wait until they are whole: on the disk on which they stay."""
    folder = workspace.imports.store.folder / ".arriving"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _left(workspace: Workspace, person: str) -> int:
    """Bytes that a person may still bring, or fewer than none."""
    return int(workspace.settings.import_gb * 1e9) - workspace.imports.store.used_by(person)


def _room(workspace: Workspace, person: str) -> int:
    """Bytes that a person may send now. Raises StoreError where there is no room."""
    left, limit = _left(workspace, person), workspace.settings.import_gb
    free = shutil.disk_usage(workspace.imports.store.folder).free - SPARE
    if left <= 0:
        raise StoreError(f"You have brought {limit:g} GB, all that one person may: delete a data set")
    if free <= 0:
        raise StoreError("The disk of the server is full: delete a data set")
    return min(left, free)


async def _receive(request: Request, path: Path, limit: int) -> None:
    """Raises InputError as soon as more than `limit` bytes have come, StoreError where none can be kept."""
    size, waiting = 0, bytearray()
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise InputError(f"This is too large: there is room for {limit / 1e9:.2g} GB.")
            waiting += chunk
            if len(waiting) >= CHUNK:
                await run_in_threadpool(_write, file.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(_write, file.write, bytes(waiting))


def _write(write: Callable[[bytes], object], content: bytes) -> None:
    try:
        write(content)
    except OSError as error:
        raise StoreError(f"The file cannot be kept on the server: {error.strerror}") from error

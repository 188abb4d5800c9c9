"""Data sets that people bring: a file that is sent, or a folder of the server, and how far each import is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.data import StoreError
from explorer.device import BusyError
from explorer.routes import arriving
from explorer.routes.answers import Endpoint, answering, parameter
from explorer.routes.asking import counted, dear, owner
from explorer.routes.person import introduced, person, remember, seal
from explorer.workspace import Workspace
from models.errors import InputError

MOST_NAME = 60  # characters, of at most 4 bytes each: systems take names of 255
SUFFIXES = (".zip", ".parquet")  # a CSV only names pictures, which would not come with it


def routes(workspace: Workspace) -> list[BaseRoute]:
    """What there is, what is brought, and what becomes of each."""
    imports = workspace.imports
    remember(imports.store.owners())
    arriving.sweep(imports.store)

    async def listed(_: Request) -> Response:
        return JSONResponse(await dear(_tell_all, workspace, seal(owner())))

    def changing(change: Callable[[str], None]) -> Endpoint:
        def do(name: str, me: str) -> None:
            if imports.store.about(name).owner != me:  # told as for none: nobody hears of another's
                raise StoreError(f"There is no data set {name!r}")
            change(name)

        async def answer(request: Request) -> Response:
            await dear(do, parameter(request, "dataset"), seal(owner()))
            return JSONResponse({})

        return answering(answer)

    changes = {
        "start": imports.start,
        "stop": imports.stop,
        "finish": imports.store.finish,
        "delete": workspace.delete,
    }
    posts = {name: changing(change) for name, change in changes.items()} | _bringing(workspace)
    return [
        Route("/explorer/imports", answering(listed)),
        *(Route(f"/explorer/imports/{name}", answer, methods=["POST"]) for name, answer in posts.items()),
    ]


def _bringing(workspace: Workspace) -> dict[str, Endpoint]:
    """A file that is sent, whatever its size up to the person's limit, or a folder of the server."""
    imports, limit = workspace.imports, workspace.settings.import_gb
    sending = set[str]()  # persons whose file is on its way

    async def send(request: Request) -> Response:
        name, me = PurePosixPath(parameter(request, "file")), seal(introduced(request).id)
        if name.suffix.lower() not in SUFFIXES:
            raise InputError(f"{name.name}: expected a file that ends in {' or '.join(SUFFIXES)}")
        if me in sending:
            raise BusyError("Another file of yours is on its way: wait until it is here.")
        sending.add(me)
        try:
            with counted(person(request)), TemporaryDirectory(dir=arriving.place(imports.store)) as folder:
                # By its own name, which is told with what is wrong with it.
                path = Path(folder) / name.name.replace("\0", "")[-MOST_NAME:]
                await arriving.receive(request, path, await dear(arriving.room, imports.store, limit, me))
                return await begin(path, request, me, title=name.stem, moved=True)
        finally:
            sending.discard(me)

    async def folder(request: Request) -> Response:
        me, roots = seal(introduced(request).id), workspace.settings.import_root
        path = await dear(_allowed, parameter(request, "path"), roots)
        await dear(arriving.room, imports.store, limit, me)
        return await begin(path, request, me, title=path.name, moved=False)

    async def begin(path: Path, request: Request, me: str, title: str, moved: bool) -> Response:
        title, image = request.query_params.get("title") or title, request.query_params.get("image") or None
        stored = await dear(imports.store.begin, path, me, title, image, moved=moved)
        remember({me})
        imports.start(stored.name)
        return JSONResponse(await dear(_tell, workspace, stored.name))

    return {"send": answering(send), "folder": answering(folder)}


def _tell_all(workspace: Workspace, me: str) -> dict[str, Any]:
    """What is the person's, then what is all people's, each the newest first; and how much room is left."""
    store, settings, told = workspace.imports.store, workspace.settings, []
    for name in store.names():
        try:
            about = store.about(name)
            if about.owner in (None, me):
                told.append((about.owner is None, -about.begun, _tell(workspace, name)))
        except StoreError:
            continue  # damaged: the log has told that
    return {
        "sets": [entry for *_, entry in sorted(told, key=lambda one: one[:2])],
        "roots": [str(root) for root in settings.import_root],
        "limit_gb": settings.import_gb,
        "left_gb": max(0, arriving.left(store, settings.import_gb, me)) / 1e9,
    }


def _tell(workspace: Workspace, name: str) -> dict[str, Any]:
    about, progress = workspace.imports.store.about(name), workspace.imports.progress(name)
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


def _allowed(path: str, roots: list[Path]) -> Path:
    """The folder, where it lies in one of the roots, whatever links lead there. Raises InputError."""
    allowed = ", ".join(map(str, roots)) or "none, until the app is started with --import-root"
    try:
        found = Path(path).expanduser().resolve()
        is_within = any(found.is_relative_to(root.expanduser().resolve()) for root in roots)
        if is_within and found.exists():
            return found
    except (OSError, RuntimeError, ValueError):  # of a home that nobody has, a loop of links, a zero
        is_within = False
    if is_within:
        raise InputError(f"folder: there is no {path!r} on the server")
    raise InputError(f"folder: expected one in {allowed}; got {path!r}")

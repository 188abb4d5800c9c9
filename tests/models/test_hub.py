"""Fetching Stable Diffusion's autoencoders from a hub: a small one on this machine, spoken to over HTTP."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import huggingface_hub
import pytest
from huggingface_hub import constants

import models
from models.errors import ModelUnavailableError
from models.hub import CONFIG, WEIGHTS


class Hub(BaseHTTPRequestHandler):
    """The one request that a download needs: /repository/resolve/revision/file, HEAD and GET."""

    repositories: ClassVar[dict[str, Path]]
    requests: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        self.requests.append(self.path)
        repository, _, rest = self.path.lstrip("/").partition("/resolve/")
        folder = self.repositories.get(repository)
        file = folder and folder / rest.partition("/")[2]
        if file is None or not file.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if folder else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = file.read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quietly."""


@pytest.fixture
def hub(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub that has the repositories here/tiny, whole, and here/pickled, without safetensors."""
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / CONFIG).write_bytes((tiny_folder / CONFIG).read_bytes())
    (pickled / "diffusion_pytorch_model.bin").write_bytes(b"a pickle")
    handler = type("Here", (Hub,), {"repositories": {"here/tiny": tiny_folder, "here/pickled": pickled}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.usefixtures("hub")
def test_a_model_is_downloaded_once_with_its_bytes_counted(tiny_folder: Path) -> None:
    progress: list[tuple[float, str]] = []
    models.load("sd-vae-tiny-256", source="here/tiny", progress=lambda *step: progress.append(step))
    assert any(WEIGHTS in request for request in Hub.requests)
    megabytes = (tiny_folder / WEIGHTS).stat().st_size / 1e6
    assert (0.5, f"Downloading here/tiny: {megabytes:.0f} of {megabytes:.0f} MB") in progress
    assert progress[-1] == (1.0, "here/tiny is ready")

    Hub.requests.clear()
    assert models.load("sd-vae-tiny-256", source="here/tiny").media.size == 256
    assert not Hub.requests


@pytest.mark.usefixtures("hub")
def test_a_download_goes_where_the_environment_says_by_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The library's own place was read at its import, and may not be one that can be written."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/proc/nobody")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "other"))
    for _ in range(2):
        assert models.load("sd-vae-tiny-256", source="here/tiny").media.size == 256
    assert [*(tmp_path / "other").rglob(WEIGHTS)]


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("source", "reason"), [("here/nothing", "RepositoryNotFound"), ("here/pickled", "EntryNotFound")]
)
def test_what_the_hub_does_not_have_names_the_way_out(source: str, reason: str) -> None:
    with pytest.raises(ModelUnavailableError, match=f"{source} .*{reason}.*HF_HOME .* local folder"):
        models.load("sd-vae-tiny-256", source=source)

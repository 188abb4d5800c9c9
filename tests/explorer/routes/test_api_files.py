"""Gradio reads only what its upload route wrote, whichever route and endpoint a request asks."""

from __future__ import annotations

import io
import json
from pathlib import Path
from uuid import uuid4

import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from explorer.data import Point
from explorer.routes.api_files import MARK, REFUSED


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def picture(tmp_path):
    """On the server's disk, and uploaded by nobody."""
    path = tmp_path / "private.png"
    path.write_bytes(png())
    return path


@pytest.fixture
def uploaded(served):
    return Path(served.post("/gradio_api/upload", files={"files": ("mine.png", png())}).json()[0])


def refusal(response) -> str:
    assert response.status_code == 403
    return response.json()["detail"]


def encode(served, file, route="run/encode"):
    return served.post(f"/gradio_api/{route}", json={"data": [file, "toy"]})


@pytest.mark.usefixtures("unchecked")  # Gradio hands a dictionary over
def test_an_uploaded_file_is_encoded(served, uploaded, workspace):
    answer = encode(served, {"path": str(uploaded), "meta": MARK, "orig_name": "mine.png"})
    assert answer.status_code == 200
    point = Point.of(answer.json()["data"][0])
    assert workspace.shared.own_points.get(point, "toy").latent.shape == (8,)


def test_no_other_file_is_read_whether_it_exists_or_not(served, picture):
    paths = [picture, picture.with_name("no-such.png"), "/etc/hostname", "http://127.0.0.1/x.png", "", "."]
    assert {refusal(encode(served, {"path": str(path), "meta": MARK})) for path in paths} == {REFUSED}


@pytest.mark.parametrize(
    "file",
    [
        {"url": "{}", "meta": MARK},
        {"path": None, "url": "{}", "meta": MARK},
        {"path": ["{}"], "meta": MARK},
        {"path": "{}"},
        {"path": "{}", "meta": "gradio.FileData"},
        {"path": "{}", "meta": {"_type": "other"}},
        {"path": "{}", "meta": MARK, "is_stream": True},
        {"deep": {"list": [{"path": "{}", "meta": MARK}]}},
    ],
)
def test_no_other_way_to_name_a_file_helps(served, picture, file):
    named = json.loads(json.dumps(file).replace("{}", str(picture)))
    assert refusal(encode(served, named)) == REFUSED


def test_ways_around_an_uploaded_file_are_refused(served, uploaded, picture, tmp_path):
    link = tmp_path / "link.png"
    link.symlink_to(uploaded)
    beside = uploaded.with_name("beside.png")  # in the upload folder, but not by the upload route
    beside.write_bytes(png())
    around = f"{uploaded.parent}/../{uploaded.parent.name}/{uploaded.name}"
    for path in (link, beside, around, f"{uploaded.parent}/../../{picture}"):
        assert refusal(encode(served, {"path": str(path), "meta": MARK})) == REFUSED
    uploaded.unlink()
    assert refusal(encode(served, {"path": str(uploaded), "meta": MARK})) == REFUSED


def test_every_route_to_every_endpoint_is_checked(served, picture):
    file = {"path": str(picture), "meta": MARK}
    for route in ("run/encode", "api/encode", "call/encode", "run/decode", "call/decode"):
        assert refusal(encode(served, file, route)) == REFUSED
    join = {"data": [[file], [1], "toy"], "fn_index": 0, "session_hash": "me"}
    for route, body in [
        ("run/arithmetic", {"data": [[file], [1], "toy"]}),
        ("call/v2/encode", {"image": file, "model": "toy"}),
        ("queue/join", join),
        ("queue/join", join | {"data": [], "event_data": file}),
        ("component_server", {"session_hash": "me", "component_id": 1, "fn_name": "x", "data": file}),
    ]:
        assert refusal(served.post(f"/gradio_api/{route}", json=body)) == REFUSED


def test_a_named_file_is_not_copied_to_where_anyone_may_fetch_it(served, picture):
    private = picture.rename(picture.with_name(f"{uuid4()}.png"))
    served.post("/gradio_api/run/decode", json={"data": [{"path": str(private), "meta": MARK}, "toy"]})
    assert list(Path(get_upload_folder()).rglob(private.name)) == []


def test_files_are_served_from_the_upload_folder_only(served, picture, uploaded):
    assert served.get(f"/gradio_api/file={uploaded}").content == uploaded.read_bytes()
    assert refusal(served.get(f"/gradio_api/file={picture}"))
    assert refusal(served.get(f"/gradio_api/file={uploaded.parent}/../../..{picture}"))
    for route in ("file=", "file/", "proxy="):
        assert refusal(served.get(f"/gradio_api/{route}http://example.com/")) == REFUSED


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000])
def test_what_is_no_json_is_left_to_gradios_own_refusal(served, body):
    for kind in ("application/json", "text/plain"):
        answer = served.post("/gradio_api/run/encode", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 422)

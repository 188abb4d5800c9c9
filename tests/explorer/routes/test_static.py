import re
from pathlib import Path

import plotly
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.panels import PANELS
from explorer.routes import static
from explorer.routes.static import ASSETS

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


@pytest.fixture(scope="module")
def client():
    return TestClient(Starlette(routes=static.routes()))


@pytest.mark.parametrize(
    ("path", "file", "most"),
    [("plotly/plotly.min.js", PLOTLY, 1_300_000), ("js/map.js", ASSETS / "js" / "map.js", 4_000)],
)
def test_scripts_are_compressed_and_kept_for_good(client, path, file, most):
    address = f"/explorer/static/{static.version()}/{path}"
    for coding in ("br", "identity"):
        with client.stream("GET", address, headers={"Accept-Encoding": coding}) as answer:
            sent = b"".join(answer.iter_raw())
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))
            assert answer.headers.get("Content-Encoding", "identity") == coding
            assert int(answer.headers["Content-Length"]) == len(sent)
        assert client.get(address, headers={"Accept-Encoding": coding}).content == file.read_bytes()
        assert len(sent) < most if coding == "br" else sent == file.read_bytes()


def test_a_script_that_the_browser_has_is_not_sent_again(client):
    address = f"/explorer/static/{static.version()}/js/map.js"
    for coding in ("br", "identity"):
        known = client.get(address, headers={"Accept-Encoding": coding}).headers["ETag"]
        headers = {"If-None-Match": known, "Accept-Encoding": coding}
        assert client.get(address, headers=headers).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "js/none.js",
        "js/",
        "js/../html/map.html",
        "js/%2e%2e/html/map.html",
        "js/..%2fhtml/map.html",
        "js/%2e%2e/%2e%2e/app.py",
        "plotly/%2e%2e/__init__.py",
        "js//etc/hostname",
        "/etc/hostname",
    ],
)
def test_nothing_but_the_scripts_is_served(client, path):
    assert client.get(f"/explorer/static/{static.version()}/{path}").status_code == 404


def test_no_other_version_is_served_as_this_one(client):
    """It would be kept for good under the wrong address."""
    assert client.get("/explorer/static/x/js/map.js").status_code == 404


@pytest.mark.parametrize("name", PANELS)
def test_every_panel_has_its_html_and_its_script(name):
    html = static.template(name)
    assert "${" not in html  # Gradio would fill these in
    assert "{{" not in html
    assert "export async function mount(element)" in (ASSETS / "js" / f"{name}.js").read_text()


@pytest.mark.parametrize("path", sorted((ASSETS / "js").iterdir()), ids=lambda path: path.name)
def test_scripts_import_only_what_is_there(path):
    for target in re.findall(r'from "([^"]+)"', path.read_text()):
        assert (path.parent / target).is_file()


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*/*.*s*")), ids=lambda path: path.name)
def test_no_asset_names_another_host(path):
    addresses = re.findall(r"https?://[^\s'\"]+", path.read_text())
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}  # a name, not a place

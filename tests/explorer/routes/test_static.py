import re

import brotli
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.panels import PANELS
from explorer.routes import static
from explorer.routes.static import ASSETS, PLOTLY


@pytest.fixture(scope="module")
def client():
    return TestClient(Starlette(routes=static.routes()))


def test_scripts_are_compressed_and_kept_for_good(client):
    address = f"/explorer/static/{static.version()}/plotly.min.js"
    answer = client.get(address, headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) < 1_400_000
    assert answer.content in (PLOTLY.read_bytes(), brotli.compress(PLOTLY.read_bytes(), quality=6))
    assert client.get(address, headers={"Accept-Encoding": "identity"}).content == PLOTLY.read_bytes()


@pytest.mark.parametrize(
    "path", ["js/none.js", "js/../../app.py", "js/%2e%2e/%2e%2e/app.py", "/etc/hostname"]
)
def test_nothing_but_the_scripts_is_served(client, path):
    assert client.get(f"/explorer/static/x/{path}").status_code == 404


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

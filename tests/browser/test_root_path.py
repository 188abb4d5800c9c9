"""Behind a proxy that serves the app under a path: nothing is fetched beside it; programs find it."""

import json
import re
import urllib.request

import pytest
from gradio_client import Client
from PIL import Image
from prefix_proxy import PrefixProxy
from running_app import RunningApp


@pytest.fixture(scope="module")
def app_below(tmp_path_factory):
    running = RunningApp(tmp_path_factory.mktemp("below"), "--root-path", "/latent/")
    yield running.start()
    running.stop()


@pytest.fixture(scope="module")
def proxy(app_below):
    with PrefixProxy(app_below.port, "/latent") as proxy:
        yield proxy


def root(url, **headers):
    """Where Gradio's part of the page says that the app is."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return json.loads(re.search(r'"root":("[^"]*")', answer.read().decode())[1])


def test_the_page_works_under_a_path(new_page, proxy, expected_errors):
    expected_errors += ["status of 404"]  # Gradio's view asks for a schema that there is not
    explorer = new_page(proxy)
    asked = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    explorer.page.on("websocket", lambda websocket: asked.append(websocket.url))
    explorer.open()
    point, x, y = explorer.places()[0]
    explorer.page.mouse.click(x, y)
    explorer.wait_shown(a=point)
    explorer.page.get_by_role("button", name="API").click()
    explorer.page.locator(".api-docs", has_text="/decode").wait_for()  # the endpoints are listed
    assert any(url.startswith("ws:") for url in asked)
    below = proxy.url.removeprefix("http:")
    beside = [url for url in asked if below not in url and not url.startswith(("data:", "blob:"))]
    assert beside == []
    assert {path for path in proxy.asked if not path.startswith("/latent/")} <= {
        "/favicon.ico"
    }  # the browser's own


def test_a_program_calls_the_app_under_a_path(proxy, tmp_path):
    client = Client(proxy.url, verbose=False, analytics_enabled=False, download_files=str(tmp_path))
    assert "face-vae" in str(client.predict(api_name="/models"))
    with Image.open(client.predict("3", api_name="/decode")) as picture:
        assert picture.size == (128, 128)


def test_forwarded_headers_of_a_trusted_proxy_are_believed(app_below):
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org"}
    assert root(app_below.url, **forwarded) == "https://example.org/latent"
    assert root(app_below.url) == f"{app_below.url}latent"

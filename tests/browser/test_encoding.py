"""The encoding of a data set goes on beside the page, and the person decides whether."""

import json
import urllib.request

import pytest
from running_app import RunningApp


@pytest.fixture(scope="module")
def app(tmp_path_factory, tiny_folder):
    """An empty cache, and a model to choose whose portraits take a while to encode."""
    folder = tmp_path_factory.mktemp("encoding")
    running = RunningApp(folder, "--source", f"sd-vae-tiny={tiny_folder}").start()
    yield running
    running.stop()


def encoded(app):
    with urllib.request.urlopen(app.url + "explorer/status") as answer:
        models = json.load(answer)["models"]
    return next(model["encoded"] for model in models if model["name"] == "sd-vae-tiny")


def test_encoding_is_stopped_and_goes_on(new_page, app):
    explorer = new_page(app).open(map_too=False)
    explorer.choose_model("sd-vae-tiny")  # from now on it encodes, however long the page took
    explorer.wait_shown(model="sd-vae-tiny")
    preparing = explorer.page.locator(".map .preparing")
    preparing.get_by_role("button", name="Stop").click()
    preparing.get_by_role("button", name="Go on").wait_for()
    assert "not all encoded" in preparing.inner_text()
    before = encoded(app)
    assert 0 < before < 1024
    first = explorer.shown()["a"]
    explorer.page.keyboard.press("r")  # whatever is picked is encoded for itself
    explorer.wait("first => document.querySelector('.result canvas').dataset.a !== first", first)
    shown = explorer.shown()
    assert before <= encoded(app) <= before + 4
    preparing.get_by_role("button", name="Go on").click()
    preparing.get_by_role("button", name="Stop").wait_for()
    assert explorer.shown() == shown
    explorer.page.wait_for_function(
        "before => fetch('explorer/status').then((answer) => answer.json())"
        ".then(({ models }) => models.find(({ name }) => name === 'sd-vae-tiny').encoded > before + 4)",
        arg=before,
    )

"""The running app, a browser, and pages that must log no error and ask no other host for anything."""

import shutil
import signal
from urllib.parse import urlparse

import pytest
import torch
from explorer_page import ExplorerPage
from PIL import Image
from playwright.sync_api import sync_playwright
from running_app import RunningApp
from skimage import data

import models
from explorer.data import load_dataset
from explorer.operations import slerp
from explorer.steering import load_built_in, to_bytes
from models.pictures import to_uint8

CHROMIUM = shutil.which("chromium")
VIEWPORT = {"width": 1280, "height": 800}
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


# A test run that is told to end tears its fixtures down, so that no app and no browser outlives it.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_itemcollected(item):
    """What fails is tried once more, and named in the report: on two busy cores Chromium may be late."""
    item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    running = RunningApp(tmp_path_factory.mktemp("app")).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def profile(tmp_path_factory):
    """A person's browser, which keeps the scripts it has compiled: more than half of the time to a map."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, args=FLAGS, viewport=VIEWPORT
        )
        yield profile
        profile.close()


@pytest.fixture(scope="session")
def browser(profile):
    """The same, for contexts of their own: other people, phones."""
    return profile.browser


@pytest.fixture
def expected_errors():
    """Parts of console errors that a test causes on purpose: the browser logs every refused request."""
    return []


@pytest.fixture
def new_page(profile, browser, expected_errors):
    """Make pages; at the end none may have logged an error or asked another host for anything.

    The first is in the profile, without what the test before left there. Others, and all with options that a
    page cannot change, are another person's.
    """
    contexts, origins, errors, foreign = [], [], [], []

    def make(app, viewport=VIEWPORT, **options):
        first = not origins and not options
        contexts.append(profile if first else browser.new_context(viewport=viewport, **options))
        origins.append(app.url)
        page = contexts[-1].new_page()
        page.set_viewport_size(viewport)
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: is_foreign(request.url) and foreign.append(request.url))
        page.on("websocket", lambda websocket: is_foreign(websocket.url) and foreign.append(websocket.url))
        return ExplorerPage(page, app)

    yield make
    for context in contexts:
        forget(profile, origins) if context is profile else context.close()
    assert foreign == []
    assert [error for error in errors if not any(part in error for part in expected_errors)] == []


def forget(profile, origins):
    """Close a test's pages in the profile, with their cookies and what they remembered; scripts stay."""
    first, *pages = profile.pages  # without any the browser would end
    for page in pages:
        page.close()
    profile.clear_cookies()
    session = profile.new_cdp_session(first)
    for origin in origins:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"})
    session.detach()


def is_foreign(url):
    return urlparse(url).scheme in ("http", "https", "ws", "wss") and urlparse(url).hostname != "127.0.0.1"


@pytest.fixture
def explorer(new_page, app):
    return new_page(app).open()


@pytest.fixture(scope="session")
def astronaut(tmp_path_factory):
    """A photograph, as a file."""
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(data.astronaut()).save(path)
    return path


@pytest.fixture
def smile_file(tmp_path, face_vae, dataset):
    """A file with one direction, as the rack saves it."""
    path = tmp_path / "smile.safetensors"
    directions = load_built_in(face_vae.space, dataset)
    path.write_bytes(to_bytes(face_vae.space, {"smile": directions["smile"]}))
    return path


@pytest.fixture(scope="session")
def face_vae():
    return models.load("face-vae")


@pytest.fixture(scope="session")
def dataset():
    return load_dataset()


@pytest.fixture
def frame_of(face_vae, dataset):
    """The decode, called directly, of what a canvas says that it shows; with the smile at a strength in σ."""
    smile = load_built_in(face_vae.space, dataset)["smile"]

    def decode(shown, alpha=None, strength=0.0):
        a, b = (dataset.shipped.latents[int(shown[slot])] for slot in ("a", "b"))
        latents = slerp(a, b, torch.tensor([float(shown["alpha"] if alpha is None else alpha)]))
        return to_uint8(face_vae.decode(latents + strength * smile.std * smile.vector))[0]

    return decode

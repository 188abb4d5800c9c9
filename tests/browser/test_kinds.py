"""A model of every kind on the real page: what it makes is seen, heard or read."""

import numpy as np
import pytest

from models import MODELS

TOYS = [name for name, entry in MODELS.items() if not entry.listed]
MAP_MS = 240_000  # UMAP compiles itself before its first map


@pytest.fixture(scope="module")
def page(browser, app):
    """One page for all of them: each is chosen in turn."""
    from tests.browser.explorer_page import ExplorerPage

    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield ExplorerPage(context.new_page(), app).open()
    context.close()


@pytest.mark.parametrize("name", TOYS)
def test_a_toy_of_every_kind_is_shown(page, name):
    page.choose_model(name)
    mapped = "name => document.querySelector('.plot').dataset.model === name"
    page.page.wait_for_function(mapped, arg=name, timeout=MAP_MS)
    page.wait_shown(model=name)
    page.slider.focus()
    page.page.keyboard.press("Home")  # alpha stays where the toy before has left it
    shown = page.wait_shown(alpha="0", model=name)
    before = page.pixels()
    assert before.std() > 5, "the canvas shows something"
    page.page.keyboard.press("End")
    page.wait_shown(alpha="1", model=name)
    assert shown["a"] != shown["b"]
    assert np.abs(page.pixels().astype(int) - before).max() > 5, "and something else at B"


@pytest.mark.parametrize(
    ("name", "selector"), [("toy-sound", "audio"), ("toy-words", "p"), ("toy-pair", "p")]
)
def test_sound_is_heard_and_words_are_read(page, name, selector):
    for model in ("toy", name):  # whose pictures are neither: what another has said is gone
        page.choose_model(model)
        page.wait_shown(model=model)
    value = page.page.locator(f"[data-value] {selector}")
    value.wait_for()
    if selector == "audio":
        seconds = value.evaluate(
            "audio => new Promise((done) => audio.readyState > 0 ? done(audio.duration)"
            " : audio.addEventListener('loadedmetadata', () => done(audio.duration)))"
        )
        assert seconds == pytest.approx(1, abs=0.01)
    else:
        assert len(value.inner_text().split()) >= 3

"""A slow model is shown by a quick one of its latents at once, and by itself when a person stays a while."""

import pytest
from explorer_page import picture
from running_app import RunningApp

from explorer.measures import psnr

# Every picture that gets on screen from now on: what it is, what is said of it, and its pixels.
RECORDER = """() => {
  const canvas = document.querySelector(".result canvas");
  const waiting = document.querySelector(".result .waiting");
  window.paints = [];
  const look = () => {
    paints.push({ ...canvas.dataset, said: waiting.textContent, png: canvas.toDataURL("image/png") });
  };
  new MutationObserver(look).observe(canvas, { attributeFilter: ["data-sequence"] });
}"""

PREVIEWS = """async () => {
  const { href } = document.querySelector("link[rel=modulepreload][href$='state.js']");
  const { previewOf, store } = await import(href);
  return store.get().model === "sd-vae-256" && previewOf()?.is_other;
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory, kl_folder, tiny_folder):
    """With miniatures of the real models in their place: random weights, so their pictures differ widely."""
    flags = ("--source", f"sd-vae-256={kl_folder},sd-vae-tiny-256={tiny_folder}")
    running = RunningApp(tmp_path_factory.mktemp("previews"), *flags).start()
    yield running
    running.stop()


def show_previewed(explorer):
    """The quick model is loaded first: what the slow one decodes without it is shown without a preview."""
    for model in ("sd-vae-tiny-256", "sd-vae-256"):
        explorer.page.get_by_label("Model").select_option(model)
        explorer.wait_shown(model=model, preview=False)
    assert explorer.page.evaluate(PREVIEWS)


def test_a_preview_comes_first_and_the_full_picture_at_rest(explorer):
    show_previewed(explorer)
    full = explorer.pixels()
    explorer.page.evaluate(RECORDER)
    explorer.page.keyboard.press("ArrowRight")
    explorer.wait_shown(alpha=0.51, preview=False)
    first, *between, last = explorer.page.evaluate("paints")
    assert {paint["wished"] for paint in (first, *between, last)} == {"0.51"}
    assert {paint["preview"] for paint in (first, *between)} == {"true"}
    assert int(last["sequence"]) > int(first["sequence"])
    assert "quick preview" in first["said"]
    assert "preview" not in last["said"]
    assert psnr(picture(last["png"]), full) > psnr(picture(first["png"]), full) + 6


def test_the_path_is_previewed_too(explorer):
    show_previewed(explorer)
    explorer.wait("() => document.querySelector('.film').dataset.decoded >= 9")
    explorer.page.evaluate(RECORDER)
    explorer.page.locator(".film button").first.click()
    explorer.wait_shown(alpha=0, preview=False)
    first = explorer.page.evaluate("paints[0]")
    assert (first["wished"], first["preview"]) == ("0", "true")

"""A slow model is shown by a quick one of its latents at once, and by itself when a person stays a while."""

import pytest
from running_app import RunningApp

from explorer.metrics import psnr

PREVIEWS = """async () => {
  const { href } = document.querySelector("link[rel=modulepreload][href$='state.js']");
  const { previews, store } = await import(href);
  return store.get().model === "sd-vae-256" && previews();
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory, kl_folder, tiny_folder):
    """With miniatures of the real models in their place: random weights, so their pictures differ widely."""
    flags = ("--sd-vae", str(kl_folder), "--sd-vae-tiny", str(tiny_folder))
    running = RunningApp(tmp_path_factory.mktemp("previews"), *flags).start()
    yield running
    running.stop()


def test_a_preview_comes_first_and_the_full_picture_at_rest(explorer):
    waiting = explorer.page.locator(".result .waiting")
    explorer.page.get_by_label("Model").select_option("sd-vae-256")
    explorer.wait(PREVIEWS)
    explorer.wait_shown(model="sd-vae-256", preview=False)
    full = explorer.pixels()
    explorer.page.keyboard.press("ArrowRight")
    shown = explorer.wait_shown(wished=0.51, preview=True)
    assert "quick preview" in waiting.inner_text()
    quick = explorer.pixels()
    later = explorer.wait_shown(alpha=0.51, preview=False)
    assert int(later["sequence"]) > int(shown["sequence"])
    assert "preview" not in waiting.inner_text()
    assert psnr(explorer.pixels(), full) > psnr(quick, full) + 6


def test_the_path_is_previewed_too(explorer):
    explorer.page.get_by_label("Model").select_option("sd-vae-256")
    explorer.wait(PREVIEWS)
    explorer.wait_shown(model="sd-vae-256", preview=False)
    explorer.wait("() => document.querySelector('.film').dataset.decoded >= 9")
    explorer.page.locator(".film button").first.click()
    explorer.wait_shown(wished=0, preview=True)
    explorer.wait_shown(alpha=0, preview=False)

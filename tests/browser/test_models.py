"""Other models: prepared while the page goes on, and refused with a sentence where weights are missing."""

import pytest
from running_app import RunningApp


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An app of its own: a Stable Diffusion VAE keeps the processor busy for minutes."""
    running = RunningApp(tmp_path_factory.mktemp("models")).start()
    yield running
    running.stop()


def choose(explorer, model):
    explorer.page.get_by_label("Model").select_option(model)


def test_a_model_that_cannot_be_had_leaves_the_page_as_it_is(explorer):
    choose(explorer, "sd-vae")
    message = explorer.notice("cannot be used")
    assert "HF_HOME" in message
    explorer.wait("() => document.querySelector('select[aria-label=Model]').value === 'face-vae'")
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.wait_shown(alpha=0.51)["model"] == "face-vae"


@pytest.mark.usefixtures("taesd")
def test_the_model_changes_during_a_drag_and_takes_a_photograph(explorer, astronaut):
    mouse = explorer.page.mouse
    choose(explorer, "sd-vae-tiny")
    mouse.move(*explorer.slider_at(0.5))
    mouse.down()
    for step in range(200):
        mouse.move(*explorer.slider_at(0.5 + 0.4 * ((step % 20) / 20)))
        if explorer.shown()["model"] == "sd-vae-tiny":
            break
        explorer.page.wait_for_timeout(100)
    mouse.move(*explorer.slider_at(0.25))
    mouse.up()
    shown = explorer.wait_shown(model="sd-vae-tiny", alpha=float(explorer.slider.input_value()))
    assert explorer.pixels().shape == (512, 512, 3)
    assert int(shown["a"]) < 1024
    explorer.page.locator(".map .preparing", has_text="portraits").wait_for()  # encoded in the background
    explorer.upload("a", astronaut)
    entry = explorer.page.locator(".picture").first
    entry.wait_for()
    assert float(entry.locator("[data-psnr]").inner_text().removesuffix(" dB")) >= 25
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")


@pytest.mark.usefixtures("taesd")
def test_what_was_made_is_dropped_with_a_notice_when_the_model_changes(explorer):
    explorer.page.locator(".tool-bar [data-opens=arithmetic]").click()
    use = explorer.page.locator(".arithmetic [data-use=a]:enabled")
    use.click()
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")
    choose(explorer, "sd-vae-tiny")
    message = explorer.notice("was dropped")
    assert "has no picture file" in message
    assert explorer.wait_shown(model="sd-vae-tiny")["a"].isdecimal()

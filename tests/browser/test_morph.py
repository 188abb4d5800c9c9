"""The main job, in a real browser: two clicks on the map, a drag of alpha, and the pixels that come back."""

import numpy as np
import pytest
import torch

from explorer.measures import psnr
from explorer.operations import slerp
from models.pictures import to_uint8

SLOW_CHANNEL = """
const send = WebSocket.prototype.send;
let free = 0;  // messages are late, but stay in order, as on a slow connection
WebSocket.prototype.send = function (data) {
  free = Math.max(free, performance.now()) + Math.random() * 60;
  setTimeout(() => send.call(this, data), free - performance.now());
};
"""


@pytest.fixture
def frame_at(face_vae, dataset):
    """The decode of the face VAE called directly."""

    def decode(a, b, alpha):
        latents = slerp(
            dataset.shipped.latents[int(a)], dataset.shipped.latents[int(b)], torch.tensor([alpha])
        )
        return to_uint8(face_vae.decode(latents))[0]

    return decode


def click_pair(explorer):
    (a, *place_a), (b, *place_b) = explorer.places()[:2]
    explorer.click_point(a, *place_a)
    explorer.click_point(b, *place_b)
    explorer.wait_shown(a=a, b=b)
    return a, b


def assert_shows(explorer, frame_at):
    """The pixels are the decode of exactly what the canvas says (but for JPEG), and of nothing near it."""
    shown, pixels = explorer.shown(), explorer.pixels()
    a, b, alpha = shown["a"], shown["b"], float(shown["alpha"])
    own = psnr(pixels, frame_at(a, b, alpha))
    assert own >= 38
    for other in (alpha - 0.1, alpha + 0.1):
        if 0 <= other <= 1:
            assert own > psnr(pixels, frame_at(a, b, other)) + 3


def test_two_clicks_and_a_drag_show_exactly_those_latents(explorer, frame_at):
    pair = click_pair(explorer)
    mouse = explorer.page.mouse
    mouse.move(*explorer.slider_at(0.5))
    mouse.down()
    alphas = np.linspace(0.02, 0.98, 30)
    for alpha in alphas:
        mouse.move(*explorer.slider_at(alpha))
        shown = explorer.wait_shown(alpha=float(explorer.slider.input_value()))
        assert float(shown["alpha"]) == pytest.approx(alpha, abs=0.01)
        assert (shown["a"], shown["b"]) == pair
        assert_shows(explorer, frame_at)
    mouse.up()


@pytest.mark.parametrize("slow", [False, True], ids=["as it is", "slow connection"])
def test_the_last_position_of_a_fast_drag_wins(new_page, app, frame_at, slow):
    explorer = new_page(app)
    if slow:
        explorer.page.add_init_script(SLOW_CHANNEL)
    explorer.open()
    explorer.page.mouse.move(*explorer.slider_at(0.5))
    explorer.page.mouse.down()
    for alpha in [*np.linspace(0.5, 1, 30), *np.linspace(1, 0.237, 30)]:
        explorer.page.mouse.move(*explorer.slider_at(alpha))
    explorer.page.mouse.up()
    shown = explorer.wait_shown(alpha=float(explorer.slider.input_value()))
    assert float(shown["alpha"]) == pytest.approx(0.237, abs=0.01)
    assert_shows(explorer, frame_at)


def test_a_click_on_the_filmstrip_goes_there(explorer, frame_at):
    explorer.wait("() => !document.querySelector('.film').classList.contains('stale')")
    explorer.page.locator(".film button").nth(2).click()
    shown = explorer.wait_shown(alpha=0.25)
    assert explorer.page.locator(".readout output").inner_text() == "0.25"
    strip = explorer.pixels(".film button:nth-child(3) canvas")
    assert psnr(strip, frame_at(shown["a"], shown["b"], 0.25)) >= 38


def test_cross_fade_mixes_the_pictures(explorer, frame_at):
    explorer.page.get_by_label("Path", exact=True).select_option("cross-fade")
    shown = explorer.wait_shown(method="cross-fade", alpha=0.5)
    ends = [frame_at(shown["a"], shown["b"], alpha).astype(float) for alpha in (0.0, 1.0)]
    mixed = np.round((ends[0] + ends[1]) / 2).astype(np.uint8)
    assert psnr(explorer.pixels(), mixed) >= 36
    told = "A cross-fade mixes decodes"
    explorer.wait("told => document.querySelector('[data-placing]').textContent.includes(told)", told)
    assert explorer.page.locator(".overlay .path").get_attribute("points") == ""


def test_play_moves_and_pause_holds(explorer):
    play = explorer.page.get_by_role("button", name="Play from A to B and back")
    play.click()
    explorer.wait("() => Math.abs(document.querySelector('.result canvas').dataset.alpha - 0.5) > 0.1")
    explorer.page.get_by_role("button", name="Pause").click()
    held = explorer.slider.input_value()
    explorer.wait_shown(alpha=float(held))
    explorer.page.wait_for_timeout(300)
    assert explorer.slider.input_value() == held


def test_swap_and_random(explorer):
    before = explorer.shown()
    explorer.page.locator("[data-swap]").click()
    was = explorer.wait_shown(a=before["b"], b=before["a"])
    explorer.page.locator("[data-random]").click()
    explorer.wait(
        "was => ((d) => d.a !== was.a && d.b !== was.b)(document.querySelector('.result canvas').dataset)",
        was,
    )
    after = explorer.shown()
    assert after["a"] != after["b"]

"""The path that is decoded ahead: what a drag, play and the filmstrip then show without asking the server."""

import json

import numpy as np
import pytest

from explorer.measures import psnr

STEPS = 200  # of the slider; a whole path has a frame for each and one for the start
SPRITE = "**/explorer/sprite"
FILM_IS_WHOLE = "() => !document.querySelector('.film').classList.contains('stale')"

# As if the model took 400 ms a frame: so the server says, and so late the live channel's frames come, which
# wait in `held` while that is a list.
SLOW_MODEL = """
window.held = null;
const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", { set(handler) {
  set.call(this, (event) => {
    if (!(event.data instanceof ArrayBuffer)) return handler(event);
    new DataView(event.data).setFloat32(4, 400, true);
    const come = () => handler(event);
    if (held) held.push(come);
    else setTimeout(come, 400);
  });
} });
"""


@pytest.fixture
def watched(new_page, app):
    """A page, and all that it has asked the server for a picture while that changes: live morphs, and slices.

    What comes at rest, in place of a preview, does not count.
    """
    explorer, asked = new_page(app), []

    def sent(text):
        if text != "ping" and (wish := json.loads(text))["preview"]:
            asked.append(wish["morph"])

    def listen(websocket):
        websocket.on("framesent", sent)

    explorer.page.on("websocket", listen)
    explorer.page.on("request", lambda request: request.url.endswith("sprite") and asked.append(request))
    return explorer, asked


def wait_decoded(explorer, count=STEPS + 1):
    explorer.wait("count => document.querySelector('.film').dataset.decoded >= count", count)


def drag(explorer, alphas):
    """Along these alphas by the mouse; at each the picture and what it says are returned."""
    explorer.page.mouse.move(*explorer.slider_at(float(explorer.slider.input_value())))
    explorer.page.mouse.down()
    for alpha in alphas:
        explorer.page.mouse.move(*explorer.slider_at(alpha))
        yield float(explorer.slider.input_value())
    explorer.page.mouse.up()


def hold_slices_back(explorer, enough):
    """Let slices through until the page has this many frames; the rest are never answered."""
    had = []

    def answer(route):
        if len(had) < enough:
            had.extend(json.loads(route.request.post_data)["alphas"])
            slow = {"X-Milliseconds-Per-Frame": "400"}
            route.fulfill(response=route.fetch(), headers=slow)

    explorer.page.route(SPRITE, answer)


def test_a_drag_along_the_decoded_path_asks_the_server_for_nothing(watched, frame_of):
    explorer, asked = watched
    explorer.open()
    wait_decoded(explorer)
    asked.clear()
    seen = set()
    for alpha in drag(explorer, np.linspace(0.03, 0.97, 24)):
        shown = explorer.wait_shown(alpha=alpha, wished=alpha)
        own = psnr(explorer.pixels(), frame_of(shown))
        assert own >= 38
        assert own > psnr(explorer.pixels(), frame_of(shown, abs(alpha - 0.1))) + 3
        seen.add(alpha)
    assert len(seen) > 20
    assert asked == []


def test_the_status_line_tells_what_a_frame_of_the_path_takes(new_page, app):
    """No live frame follows along a decoded path: the first one's time, a cold start's, must not stay."""
    explorer, told = new_page(app), []
    explorer.page.on("response", lambda answer: answer.url.endswith("sprite") and told.append(answer.headers))
    explorer.page.add_init_script(SLOW_MODEL)
    explorer.open()
    wait_decoded(explorer)
    shown = float(explorer.page.locator("[data-speed]").inner_text().split()[0])
    assert 0 < shown == pytest.approx(float(told[-1]["x-milliseconds-per-frame"]), abs=0.5)


def test_play_along_the_decoded_path_asks_the_server_for_nothing(watched, frame_of):
    explorer, asked = watched
    explorer.open()
    wait_decoded(explorer)
    asked.clear()
    explorer.page.get_by_role("button", name="Play from A to B and back").click()
    for goal in (0.8, 0.3):  # there and back
        explorer.wait(
            "goal => Math.abs(document.querySelector('.result canvas').dataset.alpha - goal) < 0.1", goal
        )
    explorer.page.get_by_role("button", name="Pause").click()
    shown = explorer.wait_shown(wished=float(explorer.slider.input_value()))
    assert shown["alpha"] == shown["wished"]
    assert psnr(explorer.pixels(), frame_of(shown)) >= 38
    assert asked == []


def test_the_filmstrip_is_the_first_of_the_path_and_nothing_is_decoded_twice(watched, frame_of):
    explorer, asked = watched
    explorer.open()
    wait_decoded(explorer)
    slices = [request.post_data_json["alphas"] for request in asked if not isinstance(request, dict)]
    alphas = [alpha for some in slices for alpha in some]
    assert len(alphas) == len(set(alphas)) == STEPS + 1
    assert sorted(alphas[:9]) == [index / 8 for index in range(9)]
    lanes = [morph["alpha"] for morph in asked if isinstance(morph, dict)]
    assert set(lanes) <= {0.5}  # the first picture, before there was a path
    for index in (0, 3, 8):
        strip = explorer.pixels(f".film button:nth-child({index + 1}) canvas")
        assert psnr(strip, frame_of(explorer.shown(), index / 8)) >= 38


def test_another_b_or_another_strength_is_another_path(explorer, frame_of):
    wait_decoded(explorer)
    before = explorer.shown()
    explorer.page.locator("[data-random]").click()
    explorer.wait("b => document.querySelector('.result canvas').dataset.b !== b", before["b"])
    wait_decoded(explorer)
    for alpha in drag(explorer, (0.2, 0.9)):
        shown = explorer.wait_shown(alpha=alpha)
        assert psnr(explorer.pixels(), frame_of(shown)) >= 38
    explorer.strength("smile").fill("2.5")
    explorer.wait_steered(("smile", 2.5, False))
    wait_decoded(explorer)
    for alpha in drag(explorer, (0.1, 0.85)):
        shown = explorer.wait_shown(alpha=alpha)
        steered, plain = frame_of(shown, strength=2.5), frame_of(shown)
        assert psnr(explorer.pixels(), steered) > max(38, psnr(explorer.pixels(), plain) + 3)
    strip = explorer.pixels(".film button:first-child canvas")
    assert psnr(strip, frame_of(shown, 0.0, 2.5)) >= 38


def test_a_late_slice_of_the_path_before_is_thrown_away(new_page, app, frame_of):
    """A slice is kept back until another path is shown; then it comes, and must not count."""
    explorer, kept = new_page(app), []
    explorer.page.route(SPRITE, lambda route: route.continue_() if kept else kept.append(route))
    explorer.open("?a=17&b=23")
    while not kept:
        explorer.page.wait_for_timeout(20)
    explorer.page.locator("[data-swap]").click()
    explorer.wait_shown(a=23, b=17)
    kept[0].continue_()
    wait_decoded(explorer)
    for alpha in drag(explorer, (0.05, 0.95)):
        shown = explorer.wait_shown(alpha=alpha)
        assert psnr(explorer.pixels(), frame_of(shown)) >= 38
    strip = explorer.pixels(".film button:first-child canvas")
    assert psnr(strip, frame_of(shown, 0.0)) >= 38


def test_a_cross_fade_is_decoded_ahead_too(watched, frame_of):
    explorer, asked = watched
    explorer.open("?a=17&b=23&method=cross-fade")
    wait_decoded(explorer)
    asked.clear()
    for alpha in drag(explorer, (0.2, 0.7)):
        shown = explorer.wait_shown(alpha=alpha, method="cross-fade")
        ends = [frame_of(shown, end).astype(float) for end in (0.0, 1.0)]
        mixed = np.round((1 - alpha) * ends[0] + alpha * ends[1]).astype(np.uint8)
        assert psnr(explorer.pixels(), mixed) >= 36
    assert asked == []


def test_a_slow_model_shows_the_nearest_frame_and_at_rest_the_very_one(watched, frame_of):
    explorer, asked = watched
    explorer.page.add_init_script(SLOW_MODEL)
    hold_slices_back(explorer, enough=9)
    explorer.open()
    explorer.wait(FILM_IS_WHOLE)
    waiting = explorer.page.locator(".waiting")
    explorer.wait("() => document.querySelector('.waiting').textContent === ''")
    asked.clear()
    nearest = 0
    explorer.page.evaluate("held = []")  # the very frames come after the drag, however long that takes
    for alpha in drag(explorer, np.linspace(0.52, 0.83, 12)):
        shown = explorer.wait_shown(wished=alpha, preview=None)
        assert abs(float(shown["alpha"]) - alpha) <= 1 / 16
        assert psnr(explorer.pixels(), frame_of(shown)) >= 38  # it is what it says it is
        if float(shown["alpha"]) != alpha:
            nearest += 1
            assert "nearest decoded" in waiting.inner_text()
    assert nearest >= 6
    explorer.page.evaluate("() => { const late = held; held = null; for (const come of late) come(); }")
    shown = explorer.wait_shown(alpha=alpha, wished=alpha)
    assert psnr(explorer.pixels(), frame_of(shown)) >= 38
    explorer.wait("() => document.querySelector('.waiting').textContent === ''")


def test_a_path_that_cannot_be_decoded_leaves_the_live_channel_as_it_was(
    new_page, app, frame_of, expected_errors
):
    expected_errors.append("500")
    explorer = new_page(app)
    explorer.page.route(SPRITE, lambda route: route.fulfill(status=500, json={"error": "no"}))
    explorer.open()
    for alpha in drag(explorer, (0.2, 0.9)):
        shown = explorer.wait_shown(alpha=alpha)
        assert psnr(explorer.pixels(), frame_of(shown)) >= 38


def test_a_busy_server_is_asked_again(new_page, app, expected_errors):
    expected_errors.append("503")
    explorer, refused = new_page(app), []

    def answer(route):
        if refused:
            route.continue_()
        else:
            refused.append(route)
            route.fulfill(status=503, json={"error": "busy"})

    explorer.page.route(SPRITE, answer)
    explorer.open()
    wait_decoded(explorer)
    assert refused

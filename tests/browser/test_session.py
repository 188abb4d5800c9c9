"""The page over time: two tabs at once, a server that restarts, a small screen."""

import re
import time
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Error


def pretend_loading(said):
    """Change what the server says of one model or of all."""
    for entry in said.get("models", [said]):
        entry |= {"decodes": False, "state": "loading"}


def test_two_tabs_do_not_disturb_each_other(new_page, app):
    one, two = new_page(app).open("?a=17&b=23"), new_page(app).open("?a=5&b=8")
    for alpha in (0.1, 0.9, 0.3, 0.7):
        for tab in (one, two):
            tab.page.mouse.click(*tab.slider_at(alpha))
    for tab, pair in ((one, {"a": 17, "b": 23}), (two, {"a": 5, "b": 8})):
        tab.wait_shown(**pair, alpha=float(tab.slider.input_value()))


def test_the_page_recovers_when_the_server_restarts(new_page, app, expected_errors, astronaut, smile_file):
    expected_errors += [
        "ERR_CONNECTION_REFUSED",
        "WebSocket connection",
        "status of 404",
        "ERR_CONNECTION_RESET",
    ]
    expected_errors += ["ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED_ENCODING"]
    explorer = new_page(app).open()
    explorer.upload("a", astronaut)
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")
    forgotten = explorer.shown()["a"]
    explorer.load_directions(smile_file)
    explorer.notice("1 direction loaded")
    slider = explorer.page.locator(".rack li").last.get_by_role("slider")
    slider.fill("2")
    slider.blur()  # the arrow is for alpha
    app.stop()
    explorer.notice("connection was lost")
    explorer.page.keyboard.press("ArrowRight")  # a wish that has to wait
    # The page counts as connected once it has the status: not before this test looks again.
    explorer.page.route("**/explorer/status*", lambda route: route.continue_())
    app.start()
    explorer.notice("Connected again")
    shown = explorer.wait_shown(alpha=0.51)
    explorer.wait("was => document.querySelector('.result canvas').dataset.a !== was", forgotten)
    assert re.match(r"mine/[0-9a-f]+", explorer.shown()["a"])  # the picture was opened again by itself
    assert shown["b"] == explorer.shown()["b"]
    explorer.notice("no longer has smile")
    explorer.wait_steered()  # by built-in directions only


def test_after_a_restart_nothing_is_asked_of_a_model_that_is_not_loaded_yet(new_page, app, expected_errors):
    """A server that is back loads for a while; what the one before said is not true of it."""
    expected_errors += ["ERR_CONNECTION_REFUSED", "WebSocket connection", "ERR_CONNECTION_RESET"]
    explorer, asked, loading = new_page(app).open("?a=17&b=23&steer=smile:1.5"), [], []
    explorer.wait("() => document.querySelector('.film').dataset.decoded >= 201")

    def load_late(route):
        answer = route.fetch()
        said = answer.json()
        if len(loading) < 5:
            loading.append(len(asked))
            pretend_loading(said)
        route.fulfill(response=answer, json=said)

    def listen(request):
        place, _, route = urlparse(request.url).path[1:].partition("/")
        if place == "explorer":
            asked.append(route.split("/")[0])

    app.stop()
    explorer.notice("connection was lost")
    explorer.page.route("**/explorer/status*", load_late)
    explorer.page.route("**/explorer/prepare?*", load_late)
    explorer.page.on("request", listen)
    app.start()
    until = time.monotonic() + 60
    while not {"sprite", "path", "effects"} <= set(asked) and time.monotonic() < until:
        explorer.page.wait_for_timeout(100)
    assert len(loading) == 5
    assert set(asked[: loading[-1]]) == {"status", "prepare"}
    assert {"sprite", "path", "effects"} <= set(asked[loading[-1] :])


def test_a_connection_that_breaks_twice_opens_an_upload_again_once(new_page, app, expected_errors, astronaut):
    expected_errors += ["ERR_CONNECTION_REFUSED", "WebSocket connection", "ERR_CONNECTION_RESET"]
    expected_errors += ["ERR_EMPTY_RESPONSE", "ERR_FAILED", "status of 404"]
    explorer, opened, asked = new_page(app).open(), [], []
    explorer.upload("a", astronaut)
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")
    forgotten = explorer.shown()["a"]

    def never_loaded(route):
        try:
            answer = route.fetch()
        except Error:  # it is down
            route.abort()
            return
        said = answer.json()
        pretend_loading(said)
        asked.append(route.request.url)
        route.fulfill(response=answer, json=said)

    explorer.page.on("request", lambda request: opened.append(request) if "/upload" in request.url else None)
    routes = ("**/explorer/status*", "**/explorer/prepare?*")
    app.stop()
    explorer.notice("connection was lost")
    for route in routes:
        explorer.page.route(route, never_loaded)
    app.start()
    explorer.notice("Connected again")
    until = time.monotonic() + 60
    while len(asked) < 4 and time.monotonic() < until:  # it waits for the model
        explorer.page.wait_for_timeout(100)
    app.stop()
    explorer.notice("connection was lost")
    for route in routes:
        explorer.page.unroute(route)
    app.start()
    explorer.wait("was => document.querySelector('.result canvas').dataset.a !== was", forgotten)
    explorer.page.wait_for_timeout(2000)  # more than a poll, in which a second one would come
    assert re.match(r"mine/[0-9a-f]+", explorer.shown()["a"])
    assert len(opened) == 1


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1280, 800), (1600, 1000)])
def test_nothing_is_cut_off_at_any_width(new_page, app, width, height):
    touch = width < 1000
    explorer = new_page(app, viewport={"width": width, "height": height}, has_touch=touch).open()
    assert explorer.page.evaluate("document.documentElement.scrollWidth") <= width
    canvas = explorer.page.locator(".result canvas").bounding_box()
    assert canvas["y"] + canvas["height"] <= height  # the picture is whole without scrolling
    assert canvas["width"] >= (250 if width < 480 else 340)  # a phone shows the map below it, too


def test_touch_picks_on_the_map_and_moves_alpha(new_page, app):
    explorer = new_page(app, viewport={"width": 390, "height": 844}, has_touch=True).open()
    explorer.plot.scroll_into_view_if_needed()
    point, x, y = explorer.places()[0]
    explorer.page.touchscreen.tap(x, y)
    explorer.wait_shown(a=point)
    explorer.slider.scroll_into_view_if_needed()
    explorer.page.touchscreen.tap(*explorer.slider_at(0.8))
    assert float(explorer.wait_shown(alpha=float(explorer.slider.input_value()))["alpha"]) > 0.7

"""Fingers on a phone: one scrolls the page, two zoom and pan the map, and a tap picks."""

import pytest

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
RANGES = "plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def phone(new_page, app):
    return new_page(app, **PHONE).open()


def move(explorer, *fingers, steps=8):
    """Put fingers down, move each from its first place to its second, and lift them."""
    session = explorer.page.context.new_cdp_session(explorer.page)

    def send(kind, share):
        places = [
            {"x": x0 + share * (x1 - x0), "y": y0 + share * (y1 - y0), "id": number}
            for number, ((x0, y0), (x1, y1)) in enumerate(fingers)
        ]
        touches = [] if kind == "touchEnd" else places
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", 0)
    for step in range(1, steps + 1):
        send("touchMove", step / steps)
        explorer.page.evaluate(FRAMES)  # in which the map follows
    send("touchEnd", 1)
    explorer.page.wait_for_timeout(500)


def middle(explorer):
    box = explorer.plot.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_picture_and_map_are_seen_together_and_the_picture_stays(phone):
    phone.page.wait_for_timeout(300)
    picture, area = (phone.page.locator(part).bounding_box() for part in (".result", ".map .area"))
    assert picture["y"] + picture["height"] <= area["y"]
    assert min(844 - 41, area["y"] + area["height"]) - area["y"] >= 200
    phone.page.evaluate("scrollTo(0, 500)")
    phone.page.wait_for_timeout(300)
    assert phone.page.evaluate("scrollY") >= 300
    assert phone.page.locator(".result").bounding_box()["y"] == pytest.approx(picture["y"], abs=16)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390


def test_one_finger_scrolls_the_page_and_leaves_the_map(phone):
    before = phone.plot.evaluate(RANGES)
    x, y = middle(phone)
    shown = phone.shown()
    move(phone, ((x, y + 60), (x, y - 120)))
    phone.wait("() => scrollY > 100")
    x, y = middle(phone)
    move(phone, ((x - 60, y), (x + 60, y + 4)))
    assert phone.plot.evaluate(RANGES) == before
    assert [phone.shown()[slot] for slot in "ab"] == [shown[slot] for slot in "ab"]


def test_two_fingers_zoom_and_pan_the_map_around_them(phone):
    left, right, low, high = phone.plot.evaluate(RANGES)
    x, y = middle(phone)
    move(phone, ((x - 40, y), (x - 80, y)), ((x + 40, y), (x + 80, y)))
    zoomed = phone.plot.evaluate(RANGES)
    assert zoomed[1] - zoomed[0] == pytest.approx((right - left) / 2, rel=0.05)
    assert zoomed[3] - zoomed[2] == pytest.approx((high - low) / 2, rel=0.05)
    assert zoomed[0] + zoomed[1] == pytest.approx(left + right, abs=0.02 * (right - left))
    move(phone, ((x - 40, y), (x - 40, y - 60)), ((x + 40, y), (x + 40, y - 60)))
    panned = phone.plot.evaluate(RANGES)
    assert panned[1] - panned[0] == pytest.approx(zoomed[1] - zoomed[0], rel=0.01)
    per_pixel = (zoomed[3] - zoomed[2]) / phone.plot.bounding_box()["height"]
    assert panned[2] - zoomed[2] == pytest.approx(-60 * per_pixel, rel=0.05)
    assert phone.page.evaluate("[scrollY, visualViewport.scale]") == [0, 1]


def test_a_tap_picks_before_and_after_a_zoom(phone):
    first, x, y = phone.places()[0]
    phone.page.touchscreen.tap(x, y)
    phone.wait_shown(a=first)
    x, y = middle(phone)
    move(phone, ((x - 40, y), (x - 60, y)), ((x + 40, y), (x + 60, y)))
    second, x, y = next(entry for entry in phone.places() if entry[0] != first)
    phone.page.touchscreen.tap(x, y)
    phone.wait_shown(a=first, b=second)


def test_a_tool_opens_over_the_lower_half(phone):
    phone.page.locator("[data-opens=my_images]").tap()
    tool = phone.page.locator("#panel-my_images .tool")
    tool.wait_for()
    phone.page.wait_for_timeout(300)
    box, picture = tool.bounding_box(), phone.page.locator(".result").bounding_box()
    assert picture["y"] + picture["height"] <= box["y"]
    assert box["y"] + box["height"] <= 844 + 1

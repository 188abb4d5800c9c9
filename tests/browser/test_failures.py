"""What fails beside the picture is said where it is missed, and is there again after the next wish."""

import pytest

REFUSALS = [
    ("**/explorer/path?*", ".map [data-placing]", "There is no path here: no luck"),
    ("**/explorer/effects?*", ".effects p", "What it changed is not known: no luck"),
    ("**/explorer/point?*", "#panel-morph [data-card=a] [data-labels]", "no luck"),
]


@pytest.mark.parametrize(("path", "place", "sentence"), REFUSALS, ids=["path", "effects", "cards"])
def test_a_refusal_is_said_in_its_panel(new_page, app, expected_errors, path, place, sentence):
    expected_errors.append("500")
    explorer = new_page(app).open("?a=17&b=23&steer=smile:1.5")
    explorer.page.route(path, lambda route: route.fulfill(status=500, json={"error": "no luck"}))
    explorer.page.locator("[data-swap]").click()
    explorer.page.locator(place, has_text=sentence).wait_for()
    assert explorer.page.locator(".notice").count() == 0
    explorer.page.unroute(path)
    explorer.page.locator("[data-swap]").click()
    explorer.wait(
        "([place, said]) => !document.querySelector(place).textContent.includes(said)", [place, sentence]
    )


def test_a_path_that_cannot_be_decoded_ahead_says_so_once(new_page, app, expected_errors):
    expected_errors.append("500")
    explorer = new_page(app)
    explorer.page.route(
        "**/explorer/sprite", lambda route: route.fulfill(status=500, json={"error": "no luck"})
    )
    explorer.open(map_too=False)
    assert "cannot be decoded ahead: no luck" in explorer.notice("no luck")
    explorer.page.locator("[data-swap]").click()
    explorer.page.wait_for_timeout(1000)
    assert explorer.page.locator(".notice", has_text="no luck").count() == 1

"""A link shows again what was shown; a broken one says what is wrong and shows the rest."""

import json
from urllib.parse import parse_qs, urlparse

import pytest

LINK = "?model=face-vae&a=17&b=23&method=lerp&alpha=0.3"


def test_a_link_is_restored_and_kept(new_page, app):
    explorer = new_page(app).open(LINK)
    explorer.wait_shown(model="face-vae", a=17, b=23, method="lerp", alpha=0.3)
    explorer.page.keyboard.press("ArrowRight")
    explorer.wait("() => location.search.includes('alpha=0.31')")
    query = parse_qs(urlparse(explorer.page.url).query)
    assert query == {"model": ["face-vae"], "a": ["17"], "b": ["23"], "method": ["lerp"], "alpha": ["0.31"]}


def test_the_copied_link_shows_the_same_morph(new_page, app):
    explorer = new_page(app, permissions=["clipboard-read", "clipboard-write"]).open(LINK)
    explorer.wait_shown(alpha=0.3)
    explorer.page.get_by_role("button", name="Copy link").click()
    explorer.notice("copied")
    link = explorer.page.evaluate("navigator.clipboard.readText()")
    other = new_page(app).open(urlparse(link)._replace(scheme="", netloc="", path="").geturl())
    assert {**other.wait_shown(alpha=0.3), "sequence": ""} == {**explorer.shown(), "sequence": ""}


def test_a_link_whose_points_are_of_another_data_set_leads_there(new_page, app):
    """Also on a server where nobody has opened it yet."""
    explorer = new_page(app).open("?a=samples/5&b=samples/6")
    shown = explorer.wait_shown(a="samples/5", b="samples/6")
    assert shown["model"] == "face-vae"
    assert explorer.page.get_by_label("Data set", exact=True).input_value() == "samples"
    assert explorer.page.locator(".notice").count() == 0
    explorer.page.keyboard.press("ArrowRight")
    explorer.wait("() => location.search.includes('alpha=0.51')")
    assert parse_qs(urlparse(explorer.page.url).query)["dataset"] == ["samples"]


@pytest.mark.parametrize(
    ("query", "message", "kept"),
    [
        ("?a=999999&b=23", "999999", {"b": 23}),
        ("?a=uffff&b=23", "live only in the session", {"b": 23}),
        ("?a=%3Cb%3E&b=23", "<b>", {"b": 23}),
        ("?alpha=1.5&a=17", "a number from 0 to 1", {"a": 17, "alpha": 0.5}),
        ("?alpha=NaN&a=17", "a number from 0 to 1", {"a": 17, "alpha": 0.5}),
        ("?alpha=&a=17", "a number from 0 to 1", {"a": 17, "alpha": 0.5}),
        ("?method=teleport&a=17", "teleport", {"a": 17, "method": "slerp"}),
        ("?model=no-such-model", "no-such-model", {"model": "face-vae"}),
        ("?dataset=no-such-set&a=17", "“no-such-set”, which does not exist", {"a": 17}),
        ("?model=toy-generator&dataset=portraits", "cannot show the data set", {"model": "toy-generator"}),
    ],
)
def test_a_broken_link_says_so_and_the_page_works(new_page, app, expected_errors, query, message, kept):
    expected_errors += ["status of 404", "status of 400"]
    explorer = new_page(app).open(query, map_too=False)
    assert message in explorer.notice(message)
    explorer.wait_shown(**kept)
    explorer.page.keyboard.press("Shift+ArrowLeft")
    explorer.wait_shown(alpha=json.loads(explorer.slider.input_value()))


def test_a_link_to_an_upload_is_refused(new_page, app, astronaut):
    explorer = new_page(app).open()
    explorer.upload("a", astronaut)
    explorer.page.locator(".picture").wait_for()
    explorer.page.get_by_role("button", name="Copy link").click()
    assert "stay in this session" in explorer.notice("link cannot hold")


def test_the_id_of_an_upload_never_reaches_the_address(new_page, app, astronaut):
    explorer = new_page(app).open("?a=17&b=23")
    explorer.upload("a", astronaut)
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")
    explorer.page.keyboard.press("ArrowRight")
    explorer.wait("() => location.search.includes('alpha=0.51')")
    query = parse_qs(urlparse(explorer.page.url).query)
    assert (query.get("a"), query["b"]) == (None, ["23"])
    other = new_page(app).open(urlparse(explorer.page.url)._replace(scheme="", netloc="", path="").geturl())
    assert other.wait_shown(alpha=0.51, b=23)["a"].isdecimal()
    assert other.page.locator(".notice").count() == 0

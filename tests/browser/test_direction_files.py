"""Directions kept and shared: in a link where they are built in, else in a file."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest

from explorer.data.keep import EACH
from explorer.steering import from_bytes, to_bytes
from models.base import LatentSpace

LINK = "?model=face-vae&a=17&b=23&alpha=0.3"


def test_a_link_brings_the_sliders_back(new_page, app):
    explorer = new_page(app).open(f"{LINK}&steer=smile:1.5,glasses:round:-0.5h", map_too=False)
    shown = explorer.wait_steered(("smile", 1.5, False), ("glasses:round", -0.5, True))
    assert (shown["a"], shown["b"]) == ("17", "23")
    explorer.strength("smile").fill("2")
    explorer.wait("() => decodeURIComponent(location.search).includes('steer=smile:2,glasses:round:-0.5h')")
    explorer.wait_steered(("smile", 2, False), ("glasses:round", -0.5, True))
    pixels = explorer.pixels()
    explorer.open(f"?{urlparse(explorer.page.url).query}", map_too=False)
    explorer.wait_steered(("smile", 2, False), ("glasses:round", -0.5, True))
    assert np.array_equal(explorer.pixels(), pixels)
    explorer.page.keyboard.press("0")
    explorer.wait("() => document.querySelector('.effects .effect') === null")  # its going moves the rows
    explorer.row("glasses:round").get_by_label("hold").uncheck()
    explorer.wait("() => !location.search.includes('steer')")


def test_a_broken_slider_of_a_link_is_left_out_with_a_sentence(new_page, app):
    explorer = new_page(app).open(f"{LINK}&steer=smile:1,nobody:1,age:99,yaw:x", map_too=False)
    for message in ("no direction “nobody”", "“age:99” should be from -4 to 4 σ", "no direction “yaw:x”"):
        explorer.notice(message)
    explorer.wait_steered(("smile", 1, False))


def test_saved_and_loaded_again_it_gives_the_same_picture(new_page, app, tmp_path):
    explorer = new_page(app, permissions=["clipboard-read", "clipboard-write"]).open(LINK, map_too=False)
    explorer.page.locator(".rack li").first.wait_for()
    explorer.page.locator("[data-save]").click()
    explorer.notice("nothing to save")
    explorer.strength("smile").fill("2")
    explorer.wait_steered(("smile", 2, False))
    pixels = explorer.pixels()
    with explorer.page.expect_download() as download:
        explorer.page.locator("[data-save]").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    explorer.open(LINK, map_too=False)  # the page forgets what was on its rack
    explorer.page.locator(".rack li").first.wait_for()
    explorer.load_directions(path)
    explorer.notice("1 direction loaded")
    row = explorer.page.locator(".rack li").last
    key = row.get_attribute("data-direction")
    assert re.fullmatch("d[0-9a-f]{32}", key)
    explorer.strength(key).fill("2")
    explorer.wait_steered((key, 2, False))
    assert np.array_equal(explorer.pixels(), pixels)
    row.locator("[data-info]").click()
    assert "label smile of 5,000 training portraits" in row.locator(".told").inner_text()
    explorer.page.get_by_role("button", name="Copy link").click()
    explorer.notice("the link leaves them out")
    assert "steer" not in parse_qs(urlparse(explorer.page.evaluate("navigator.clipboard.readText()")).query)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Dear diary", "expected a whole safetensors file"),
        (None, "expected directions of the model face-vae"),
    ],
    ids=["text", "of another model"],
)
def test_a_bad_file_is_refused_with_a_sentence(explorer, smile_file, expected_errors, content, message):
    expected_errors += ["status of 400"]
    before = explorer.page.locator(".rack li").count()
    whole = smile_file.read_bytes()
    smile_file.write_bytes(content or whole.replace(b'"model":"face-vae"', b'"model":"face-cat"'))
    explorer.load_directions(smile_file)
    explorer.notice(message)
    assert explorer.page.locator(".rack li").count() == before


def test_a_direction_that_the_server_dropped_leaves_the_rack(explorer, smile_file, expected_errors):
    expected_errors.append("status of 404")
    explorer.load_directions(smile_file)
    explorer.notice("1 direction loaded")
    own = explorer.page.locator(".sliders li").last
    assert own.get_attribute("data-direction") != "smile"
    load = f"{explorer.app.url}explorer/load-directions?model=face-vae"
    faces = LatentSpace("face-vae", (128,), ("dim",))
    smile = next(iter(from_bytes(smile_file.read_bytes(), faces).values()))
    wordy = replace(smile, provenance=replace(smile.provenance, notes=("x" * 300,) * 35))
    many = to_bytes(faces, {f"d{number}": wordy for number in range(128)})
    for _ in range(EACH // (128 * wordy.nbytes) + 1):
        assert explorer.page.request.post(load, data=many).ok
    count = explorer.page.locator(".sliders li").count()
    own.locator("input[type=range]").fill("2")
    explorer.notice("no longer has smile")
    explorer.wait("left => document.querySelectorAll('.sliders li').length === left", count - 1)
    explorer.wait_steered()

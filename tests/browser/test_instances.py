"""Two morphs on one page: each is an instance, with its own pair, lanes, frames and decoded path."""

import json

import pytest
from explorer_page import picture
from running_app import ROOT

from explorer.measures import psnr

# A second morph under the page's own, with another pair.
MOUNT = """async ([html, a, b]) => {
  const address = (name) => document.querySelector(`link[rel=modulepreload][href$='/${name}.js']`).href;
  const load = (name) => import(address(name));
  const modules = await Promise.all(["morph", "state", "session"].map(load));
  const [{ createMorph }, { createView }, { startSwitch }] = modules;
  const place = Object.assign(document.createElement("div"), { id: "second", innerHTML: html });
  document.body.append(place);
  const view = (window.second = createView());
  await startSwitch(view)("face-vae", { a, b });
  createMorph(place, view);
}"""
PAIRS = {"#panel-morph": ("17", "23"), "#second": ("5", "8")}

# Both sliders are moved in the same moment, as by two hands, and on as soon as both pictures are there.
DRAG_BOTH = """async (alphas) => {
  const places = ["#panel-morph", "#second"].map((place) => document.querySelector(place));
  const frame = () => new Promise(requestAnimationFrame);
  const shown = [];
  for (const alpha of alphas) {
    const wishes = places.map((place, index) => {
      const slider = place.querySelector(".alpha input");
      slider.value = index === 0 ? alpha : 1 - alpha;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      return [place.querySelector(".result canvas"), slider.valueAsNumber];
    });
    while (wishes.some(([canvas, wish]) => Math.abs(canvas.dataset.alpha - wish) > 1e-9)) await frame();
    shown.push(...wishes.map(([canvas]) => ({ ...canvas.dataset, png: canvas.toDataURL("image/png") })));
  }
  return shown;
}"""


@pytest.fixture
def two(new_page, app):
    """The page without any decoded path, so that all frames come through the live channel."""
    explorer, asked = new_page(app), []
    explorer.page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda text: asked.append(text) if text[0] == "{" else None),
    )
    explorer.page.route("**/explorer/sprite", lambda route: None)
    explorer.open("?a=17&b=23", map_too=False)
    html = (ROOT / "assets" / "html" / "morph.html").read_text()
    explorer.page.evaluate(MOUNT, [html, *PAIRS["#second"]])
    explorer.wait("() => document.querySelector('#second .result canvas').dataset.sequence")
    return explorer, asked


def test_two_morphs_are_dragged_at_once_and_each_shows_its_own_frames(two, frame_of):
    """Did one's request drop the other's, that would never be painted, and the drag would not go on."""
    explorer, asked = two
    asked.clear()
    shown = explorer.page.evaluate(DRAG_BOTH, [0.1, 0.9, 0.35, 0.8, 0.2, 0.65])
    assert {(frame["a"], frame["b"]) for frame in shown[::2]} == {PAIRS["#panel-morph"]}
    assert {(frame["a"], frame["b"]) for frame in shown[1::2]} == {PAIRS["#second"]}
    for frame in shown:
        assert psnr(picture(frame["png"]), frame_of(frame)) >= 38
    lanes = {(wish["morph"]["a"], wish["lane"]) for wish in map(json.loads, asked)}
    assert lanes == {("17", "canvas"), ("5", "canvas:2")}


def test_what_is_done_in_one_leaves_the_other_as_it_is(two):
    explorer, _ = two
    first, second = (explorer.page.locator(place) for place in PAIRS)
    second.get_by_label("Path", exact=True).select_option("cross-fade")
    second.locator("[data-swap]").click()
    second.locator("[data-split]").click()
    explorer.wait("() => document.querySelector('#second .before')?.dataset.method === 'cross-fade'")
    shown = explorer.shown()
    assert (shown["a"], shown["b"], shown["method"]) == ("17", "23", "slerp")
    assert first.locator(".before").count() == 0
    assert "a=17" in explorer.page.url
    second.locator("[data-card=b] .item").click()
    assert "active" in second.locator("[data-card=b]").get_attribute("class")
    assert "active" in first.locator("[data-card=a]").get_attribute("class")


def test_each_decodes_its_own_path_ahead(new_page, app, frame_of):
    explorer = new_page(app).open("?a=17&b=23", map_too=False)
    html = (ROOT / "assets" / "html" / "morph.html").read_text()
    explorer.page.evaluate(MOUNT, [html, *PAIRS["#second"]])
    for place, (a, b) in PAIRS.items():
        explorer.wait("place => document.querySelector(`${place} .film`).dataset.decoded >= 9", place)
        film = explorer.pixels(f"{place} .film button:nth-child(3) canvas")
        assert psnr(film, frame_of({"a": a, "b": b}, alpha=0.25)) >= 38

"""The tools Traversal, Arithmetic and Style mix: pictures as computed directly, which become points."""

import json

import numpy as np
import pytest

from explorer.measures import psnr
from explorer.operations import combine, traverse
from explorer.steering import load_built_in
from models.pictures import to_uint8

IMAGE_PIXELS = """async image => {
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
}"""
FILLED = """title => {
  const titles = [...document.querySelectorAll(".traversal .title")].map((t) => t.textContent);
  const cells = [...document.querySelectorAll(".traversal .cell")];
  return titles.includes(title) && cells.every((c) => !c.disabled && !c.classList.contains("stale"));
}"""


@pytest.fixture(scope="module")
def decode(face_vae):
    return lambda latent: to_uint8(face_vae.decode(latent[None]))[0]


def open_tool(explorer, name):
    explorer.page.locator(f".tool-bar [data-opens={name}]").click()
    explorer.page.locator(f"#panel-{name} .tool").wait_for()


def fill_grid(explorer, way, which):
    """Open the traversal of this, and wait for its pictures."""
    open_tool(explorer, "traversal")
    explorer.wait(FILLED, "A")
    explorer.page.locator("[data-way]").first.select_option(way)
    explorer.wait(
        "which => [...document.querySelector('[data-which]').options].some((o) => o.value === which)", which
    )
    explorer.page.locator("[data-which]").select_option(which)
    explorer.wait("() => document.querySelector('.traversal [data-told]').textContent.startsWith('smile')")
    explorer.wait(FILLED, "A")


def cell(explorer, row, value):
    return explorer.page.locator(".traversal .cell").nth(7 * row + value + 3)


def pixels_of(cell):
    values = np.array(cell.locator("img").evaluate(IMAGE_PIXELS), np.uint8)
    return values.reshape(128, 128, 4)[..., :3]


def test_a_cell_is_the_traversal_and_a_click_goes_on_from_it(explorer, face_vae, dataset, decode):
    fill_grid(explorer, "direction", "smile")
    a = explorer.shown()["a"]
    smile = load_built_in(face_vae.space, dataset)["smile"]
    expected = decode(traverse(dataset.shipped.latents[int(a)], smile, [2.0])[0])
    assert psnr(pixels_of(cell(explorer, 1, 2)), expected) >= 38
    was = cell(explorer, 1, 0).locator("img").get_attribute("src")
    cell(explorer, 1, 2).click()
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")
    assert psnr(explorer.wait_shown(alpha=0) and explorer.pixels(), expected) >= 38
    card = explorer.page.locator("figure[data-card=a] [data-name]")
    assert card.inner_text() == f"portrait {a}, smile +2 σ"
    explorer.page.locator(".overlay .uploads g").first.wait_for()
    explorer.wait("was => document.querySelectorAll('.traversal .cell img')[7 + 3].src !== was", was)
    assert psnr(pixels_of(cell(explorer, 1, 0)), expected) >= 38


def test_dimensions_are_named_by_what_they_follow(explorer):
    open_tool(explorer, "traversal")
    explorer.wait(FILLED, "shown")
    titles = explorer.page.locator("[data-which] option").all_inner_texts()
    assert len(titles) == 128
    assert "light azimuth r 0." in titles[0]
    assert "variance" in explorer.page.locator(".traversal [data-told]").inner_text()


def wait_result(explorer, condition):
    """Until the result is that of a wish like this; returns its terms."""
    wish = "JSON.parse(document.querySelector('.arithmetic canvas').dataset.wish ?? 'null')"
    explorer.wait(f"() => {{ const wish = {wish}; return wish && ({condition}); }}")
    return json.loads(explorer.page.locator(".arithmetic canvas").get_attribute("data-wish"))["terms"]


def assert_sum(explorer, terms, dataset, decode):
    latents = dataset.shipped.latents[[int(term["point"]) for term in terms]]
    latent = combine(latents, [term["weight"] for term in terms])
    assert psnr(explorer.pixels(".arithmetic canvas"), decode(latent)) >= 38
    nearest = (dataset.shipped.latents - latent).norm(dim=1).argsort()[:5]
    shown = explorer.page.locator(".neighbours button").evaluate_all("all => all.map((b) => b.dataset.point)")
    assert shown == [str(int(row)) for row in nearest]
    marked = explorer.page.locator(".neighbours .term").evaluate_all("all => all.map((b) => b.dataset.point)")
    assert marked == [point for point in shown if any(point == term["point"] for term in terms)]
    return latent


def test_arithmetic_is_the_weighted_sum_live_and_becomes_a_point(explorer, dataset, decode):
    open_tool(explorer, "arithmetic")
    terms = wait_result(explorer, "wish.terms.length === 3")
    before = explorer.shown()
    assert [term["weight"] for term in terms] == [1, -1, 1]
    assert [term["point"] for term in terms[:2]] == [before["a"], before["b"]]
    assert_sum(explorer, terms, dataset, decode)
    slider = explorer.page.locator(".terms input").nth(2)
    slider.fill("0.5")
    terms = wait_result(explorer, "wish.terms[2].weight === 0.5")
    latent = assert_sum(explorer, terms, dataset, decode)
    assert "add up to 0.5, not to 1" in explorer.page.locator("[data-sum]").inner_text()
    slider.focus()
    explorer.page.keyboard.press("ArrowRight")  # the slider's own, not alpha's
    wait_result(explorer, "wish.terms[2].weight === 0.6")
    assert explorer.shown()["alpha"] == before["alpha"]
    explorer.page.keyboard.press("ArrowLeft")
    wait_result(explorer, "wish.terms[2].weight === 0.5")
    explorer.page.locator(".arithmetic [data-use=b]").click()
    explorer.wait("() => document.querySelector('.result canvas').dataset.b.startsWith('mine/')")
    explorer.page.keyboard.press("Escape")
    explorer.page.locator(".play").focus()
    explorer.page.evaluate("document.activeElement.blur()")
    for _ in range(5):
        explorer.page.keyboard.press("Shift+ArrowRight")
    explorer.wait_shown(alpha=1)
    assert psnr(explorer.pixels(), decode(latent)) >= 38
    assert "0.5 × portrait" in explorer.page.locator("figure[data-card=b] [data-name]").inner_text()


def test_the_picture_shown_is_a_term_and_terms_go(explorer):
    open_tool(explorer, "arithmetic")
    wait_result(explorer, "wish.terms.length === 3")
    explorer.page.locator("[data-add=shown]").click()
    terms = wait_result(explorer, "wish.terms.length === 4")
    assert terms[3]["point"].startswith("mine/")
    for left in (3, 2, 1):
        explorer.page.locator(".terms [data-remove]").first.click()
        wait_result(explorer, f"wish.terms.length === {left}")
    explorer.page.locator(".terms [data-remove]").click()
    explorer.wait("() => document.querySelector('.arithmetic [data-use]').disabled")
    assert explorer.page.locator("[data-formula]").first.inner_text() == "Add a term."


def test_a_click_on_the_map_adds_a_term_only_when_asked_to(explorer, dataset, decode):
    open_tool(explorer, "arithmetic")
    wait_result(explorer, "wish.terms.length === 3")
    before = explorer.shown()
    ask = explorer.page.locator("[data-add=map]")
    ask.click()
    explorer.page.locator(".map .asking").wait_for()  # the map has come into view, and says what it waits for
    first, second = explorer.places()[:2]
    explorer.click_point(*first)
    terms = wait_result(explorer, "wish.terms.length === 4")
    assert terms[3] == {"point": first[0], "weight": 1}
    assert_sum(explorer, terms, dataset, decode)
    assert ask.get_attribute("aria-pressed") == "false"
    assert (explorer.shown()["a"], explorer.shown()["b"]) == (before["a"], before["b"])
    ask.click()
    explorer.page.keyboard.press("Escape")
    explorer.page.locator(".map .asking").wait_for(state="hidden")
    explorer.plot.scroll_into_view_if_needed()
    places = {point: place for point, *place in explorer.places()}
    explorer.click_point(second[0], *places[second[0]])
    explorer.wait_shown(a=second[0])
    assert explorer.page.locator(".terms li").count() == 4


def test_a_neighbour_that_is_a_term_is_marked(explorer, dataset, decode):
    open_tool(explorer, "arithmetic")
    wait_result(explorer, "wish.terms.length === 3")
    for left in (2, 1):
        explorer.page.locator(".terms [data-remove]").last.click()
        terms = wait_result(explorer, f"wish.terms.length === {left}")
    assert_sum(explorer, terms, dataset, decode)
    labels = explorer.page.locator(".neighbours button").all_inner_texts()
    assert [label.endswith("· a term") for label in labels] == [True, False, False, False, False]


def test_a_dropped_picture_is_a_term_and_goes_along_to_another_model(explorer, astronaut):
    before = explorer.shown()
    open_tool(explorer, "arithmetic")
    wait_result(explorer, "wish.terms.length === 3")
    explorer.drop(".arithmetic .terms", astronaut)
    upload = wait_result(explorer, "wish.terms.length === 4")[3]["point"]
    assert upload.startswith("mine/")
    assert (explorer.shown()["a"], explorer.shown()["b"]) == (before["a"], before["b"])
    assert explorer.page.locator(".arithmetic").is_visible()  # My images does not take its place
    open_tool(explorer, "my_images")
    explorer.page.locator(".picture [data-use=a]").click()
    open_tool(explorer, "arithmetic")
    explorer.page.locator(".terms input").nth(3).fill("0.5")
    wait_result(explorer, "wish.terms[3].weight === 0.5")
    explorer.choose_model("toy")
    there = wait_result(explorer, "wish.model === 'toy'")
    moved = next(term for term in there if term["point"].startswith("mine/"))
    assert moved["weight"] == 0.5
    assert moved["point"] != upload
    assert explorer.wait_shown(model="toy")["a"] == moved["point"]  # encoded once
    explorer.choose_model("face-vae")
    again = wait_result(explorer, "wish.model === 'face-vae'")
    assert upload in [term["point"] for term in again]
    assert explorer.page.locator(".picture").count() == 1


def test_the_link_cannot_hold_what_was_made(new_page, app):
    explorer = new_page(app).open()
    open_tool(explorer, "arithmetic")
    wait_result(explorer, "wish.terms.length === 3")
    explorer.page.locator(".arithmetic [data-use=a]").click()
    explorer.wait("() => document.querySelector('.result canvas').dataset.a.startsWith('mine/')")
    explorer.page.get_by_role("button", name="Copy link").click()
    explorer.notice("link cannot hold")


def test_a_vector_model_says_that_it_has_nothing_coarse_or_fine(explorer):
    open_tool(explorer, "style_mix")
    sentence = explorer.page.locator("[data-vector]")
    sentence.wait_for()
    assert "128 numbers without places" in sentence.inner_text()
    assert "choose a model with a spatial latent" in sentence.inner_text()
    assert explorer.page.locator(".mixing").is_hidden()


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("arithmetic", {"model": "face-vae", "terms": []}, "at least 1 item"),
        ("arithmetic", {"model": "face-vae", "terms": [{"point": "999999", "weight": 1}]}, "999999"),
        ("arithmetic", {"model": "face-vae", "terms": [{"point": "1", "weight": "nan"}]}, "finite"),
        ("style-mix", {"model": "face-vae", "a": 1, "b": 2, "cutoff": 3}, "has no places"),
        ("dimension", {"model": "face-vae", "index": 128}, "got 128"),
        ("traverse", {"morph": {"model": "face-vae", "a": 1, "b": 2}, "direction": "nobody"}, "nobody"),
        (
            "traverse",
            {"morph": {"model": "face-vae", "a": 1, "b": 2}, "direction": "smile", "strengths": [11]},
            "-10 to 10 σ",
        ),
    ],
)
def test_bad_requests_are_explained(explorer, expected_errors, path, body, message):
    expected_errors += ["status of 400", "status of 404"]
    answer = explorer.page.request.post(f"{explorer.app.url}explorer/{path}", data=json.dumps(body))
    assert answer.status in (400, 404)
    assert message in answer.json()["error"]

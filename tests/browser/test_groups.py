"""Two groups on the map, drawn with the mouse or a finger, and the direction between them."""

import json

import numpy as np
import pytest
import torch

from explorer.measures import psnr
from explorer.operations import slerp, unit
from explorer.operations.direction_methods import mean_difference
from explorer.steering.fitting import projected_std
from models.pictures import to_uint8


@pytest.fixture
def explorer(explorer):
    """The page when nothing on it moves any more: these tests point at places."""
    explorer.wait("() => document.querySelector('[data-placing]').textContent")
    explorer.page.locator(".sliders li").last.wait_for()
    return explorer


@pytest.fixture
def steered(face_vae, dataset):
    """What the canvas shall show: decoded directly, moved along the difference of the groups' means."""

    def decode(shown, plus, minus, strength):
        x = dataset.shipped.latents[[int(point) for point in (*plus, *minus)]]
        difference = mean_difference(x.double().numpy(), np.arange(len(x)) < len(plus))
        vector = unit(torch.from_numpy(difference))
        std = projected_std(vector, dataset.shipped.latents[torch.from_numpy(dataset.splits == "train")])
        a, b = (dataset.shipped.latents[int(shown[slot])] for slot in "ab")
        latents = slerp(a, b, torch.tensor([float(shown["alpha"])]))
        return to_uint8(face_vae.decode(latents + strength * std * vector))[0]

    return decode


def clusters(explorer):
    """One place in either half of the map, each with few points about it and a wide gap around those.

    Of each: the points, the place, and a radius in the middle of the gap, in pixels.
    """
    places = explorer.places()
    names, xy = [point for point, *_ in places], np.array([place for _, *place in places])
    middle = explorer.plot.bounding_box()["x"] + explorer.plot.bounding_box()["width"] / 2
    found = []
    for half in (xy[:, 0] < middle - 30, xy[:, 0] > middle + 30):
        best = (0,)
        for centre in xy[np.flatnonzero(half)[:600]]:  # the most solitary ones
            distances = np.hypot(*(xy - centre).T)
            order = np.argsort(distances)[:41]
            gaps = np.where(distances[order[2:-1]] > 8, np.diff(distances[order[2:]]), 0)
            count = 3 + int(np.argmax(gaps))
            if gaps.max() > best[0]:
                radius = distances[order[count - 1 : count + 1]].mean()
                best = (gaps.max(), [names[index] for index in order[:count]], centre, radius)
        assert best[0] > 2  # the mouse moves by whole pixels
        found.append(best[1:])
    return found


def circle(centre, radius):
    return centre + radius * np.array([(np.cos(t), np.sin(t)) for t in np.linspace(0, 2 * np.pi, 61)])


def lasso(explorer, group, centre, radius):
    """Draw a circle with the mouse, in the map's tool for this group."""
    explorer.page.keyboard.press("a")
    explorer.page.locator(f"[data-tool={group}]").click()
    corners = circle(centre, radius)
    explorer.page.mouse.move(*corners[0])
    explorer.page.mouse.down()
    for corner in corners[1:]:
        explorer.page.mouse.move(*corner)
    explorer.page.mouse.up()


def lasso_two(explorer):
    """Draw both groups and return their points."""
    groups = clusters(explorer)
    for group, (_, centre, radius) in zip(("plus", "minus"), groups, strict=True):
        lasso(explorer, group, centre, radius)
    return [points for points, *_ in groups]


def counts(explorer):
    return [explorer.page.locator(f"[data-count={group}]").inner_text() for group in ("plus", "minus")]


def rings(explorer):
    """How many members of either group are drawn."""
    marks = [explorer.page.locator(f".overlay .members.{group}") for group in ("plus", "minus")]
    return [mark.get_attribute("d").count("M") for mark in marks]


def row(explorer, name):
    """The slider's row of a direction, once it is on the rack."""
    found = explorer.page.locator(".sliders li").filter(has=explorer.page.get_by_text(name, exact=True))
    found.wait_for()
    return found


def move(explorer, name, strength):
    """Move a direction's slider, and wait until the canvas shows it at that strength."""
    direction = row(explorer, name).get_attribute("data-direction")
    row(explorer, name).locator("input[type=range]").fill(str(strength))
    steer = [{"direction": direction, "strength": strength, "hold": False}]
    return explorer.wait_shown(steer=json.dumps(steer, separators=(",", ":")))


def test_two_lassoed_groups_make_a_direction_whose_slider_shows_it(explorer, steered):
    plus, minus = lasso_two(explorer)
    assert counts(explorer) == [str(len(plus)), str(len(minus))]
    row(explorer, "lasso 1")
    path = explorer.page.locator(".overlay .path").get_attribute("points")
    for strength in (3, -3):
        shown = move(explorer, "lasso 1", strength)
        own = psnr(explorer.pixels(), steered(shown, plus, minus, strength))
        assert own >= 38
        assert own > psnr(explorer.pixels(), steered(shown, plus, minus, 0)) + 6
    explorer.wait("was => document.querySelector('.overlay .path').getAttribute('points') !== was", path)
    assert "steered" in explorer.page.locator("[data-placing]").text_content()


def test_single_points_do_and_more_of_them_renew_the_direction_at_its_strength(explorer, steered):
    (one, *place), (other, *other_place), (third, *third_place) = explorer.places()[:3]
    explorer.page.keyboard.press("g")
    explorer.click_point(one, *place)
    explorer.page.keyboard.press("g")
    explorer.click_point(other, *other_place)
    shown = move(explorer, "lasso 1", 2)
    assert psnr(explorer.pixels(), steered(shown, [one], [other], 2)) >= 38
    sliders = explorer.page.locator(".sliders li").count()
    explorer.page.wait_for_timeout(500)  # not a double click
    explorer.click_point(third, *third_place)
    explorer.wait("was => document.querySelector('.result canvas').dataset.steer !== was", shown["steer"])
    assert psnr(explorer.pixels(), steered(explorer.shown(), [one], [other, third], 2)) >= 38
    assert explorer.page.locator(".sliders li").count() == sliders
    explorer.page.wait_for_timeout(500)
    explorer.click_point(third, *third_place)  # and out again
    explorer.wait("() => document.querySelector('[data-count=minus]').textContent === '1'")
    assert shown["a"] == explorer.shown()["a"]  # in this mode a click sets neither A nor B


def test_groups_outlast_new_colours_and_their_direction_outlasts_them(explorer):
    groups = lasso_two(explorer)
    row(explorer, "lasso 1")
    assert rings(explorer) == [len(points) for points in groups]
    explorer.page.get_by_label("Colour by").select_option("glasses")
    explorer.wait("() => document.querySelector('.plot').dataset.label === 'glasses'")
    assert rings(explorer) == [len(points) for points in groups]
    explorer.page.locator(".groups [data-clear]").click()
    assert counts(explorer) == ["0", "0"]
    assert rings(explorer) == [0, 0]
    lasso_two(explorer)
    row(explorer, "lasso 2")
    row(explorer, "lasso 1")
    explorer.choose_model("toy")
    explorer.wait_shown(model="toy")
    assert counts(explorer) == ["0", "0"]  # other latents, so other groups


def test_a_box_takes_every_point_that_is_not_hidden(explorer, dataset):
    explorer.page.get_by_label("Colour by").select_option("glasses")
    explorer.page.locator(".legend button", has_text="sunglasses").click()
    explorer.page.locator("[data-tool=plus]").click()
    box = explorer.plot.bounding_box()
    explorer.page.keyboard.down("Shift")
    explorer.page.mouse.move(box["x"] + 2, box["y"] + 2)
    explorer.page.mouse.down()
    explorer.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=5)
    explorer.page.mouse.up()
    explorer.page.keyboard.up("Shift")
    assert counts(explorer) == [str((dataset.labels["glasses"] != "sunglasses").sum()), "0"]


def test_loops_that_make_no_direction_are_explained(explorer, expected_errors):
    expected_errors += ["status of 400"]
    box = explorer.plot.bounding_box()
    corner = np.array([box["x"] + 20, box["y"] + box["height"] - 20])
    lasso(explorer, "plus", corner, 12)
    assert "no point in this loop" in explorer.notice("no point")
    (_, centre, radius), _ = clusters(explorer)
    for group in ("plus", "minus"):
        lasso(explorer, group, centre, radius)
    assert "same points" in explorer.notice("both groups")
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find [name=label]").select_option("two groups")
    explorer.page.locator(".find [data-ask]").click()  # the dialog says so, too, and stays open
    explorer.page.locator(".find [role=alert]", has_text="same points").wait_for()
    assert explorer.page.locator(".find [name=label]").input_value() == "two groups"


def test_an_upload_joins_a_group_by_a_click(explorer, astronaut):
    explorer.upload("b", astronaut)
    mark = explorer.page.locator(".overlay .uploads g")
    mark.wait_for()
    explorer.page.locator("[data-tool=plus]").click()
    mark.click()
    assert counts(explorer) == ["1", "0"]
    explorer.page.locator("[data-tool=minus]").click()
    explorer.click_point(*explorer.places()[0])
    row(explorer, "lasso 1")


def test_a_finger_draws_loops_and_taps_points(new_page, app):
    explorer = new_page(app, viewport={"width": 390, "height": 844}, has_touch=True).open()
    explorer.wait("() => document.querySelector('[data-placing]').textContent")
    explorer.plot.scroll_into_view_if_needed()
    explorer.page.locator("[data-tool=plus]").tap()
    (points, centre, radius), _ = clusters(explorer)
    touch = explorer.page.context.new_cdp_session(explorer.page)
    for kind, corners in (("touchStart", circle(centre, radius)[:1]), ("touchMove", circle(centre, radius))):
        for x, y in corners:
            places = [{"x": float(x), "y": float(y)}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    explorer.wait("n => document.querySelector('[data-count=plus]').textContent === n", str(len(points)))
    _, *place = next(entry for entry in explorer.places() if entry[0] not in points)
    explorer.page.touchscreen.tap(*place)
    explorer.wait("n => document.querySelector('[data-count=plus]').textContent === n", str(len(points) + 1))

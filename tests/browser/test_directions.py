"""The rack: sliders that steer the live picture, held traits, strips, before beside after."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.measures import psnr
from explorer.operations import Jacobian, around, hold, lerp, slerp, unit
from explorer.steering import load_built_in
from models.pictures import to_uint8

LINK = "?model=face-vae&a=17&b=23&alpha=0.3"


@pytest.fixture(scope="module")
def directions(face_vae, dataset):
    return load_built_in(face_vae.space, dataset)


@pytest.fixture
def frame_of(face_vae, dataset, directions):
    """The decode, called directly, of what a canvas says that it shows; or with other sliders."""

    def decode(shown, *steer):
        a, b = (dataset.shipped.latents[int(shown[slot])] for slot in ("a", "b"))
        latents = slerp(a, b, torch.tensor([float(shown["alpha"])]))
        for direction, strength in steer:
            latents = latents + strength * direction.std * direction.vector
        return to_uint8(face_vae.decode(latents))[0]

    return decode


@pytest.fixture
def held(face_vae, dataset):
    """A direction as it moves what a canvas shows while another one is held there."""

    def apart(shown, direction, other):
        steps = []
        for slot in ("a", "b"):
            latent = dataset.shipped.latents[int(shown[slot])]
            returned = face_vae.reencode(around(latent, [direction, other]))
            left = hold(direction, [other], Jacobian.measured([direction, other], returned))
            steps.append(left.std * left.vector)
        step = lerp(*steps, torch.tensor([float(shown["alpha"])]))[0]
        return replace(direction, vector=unit(step), std=float(step.norm()))

    return apart


def assert_is(pixels, expected, *others):
    """The pixels are these (but for JPEG), and none of the others."""
    own = psnr(pixels, expected)
    assert own >= 38
    for other in others:
        assert own > psnr(pixels, other) + 3


def test_a_drag_of_the_smile_shows_exactly_that_latent(explorer, frame_of, directions):
    for goal in (0.7, 2.4, -1.8):
        strength = explorer.drag("smile", *np.linspace(0, goal, 8))
        assert strength == pytest.approx(goal, abs=0.06)
        shown = explorer.wait_steered(("smile", strength, False))
        expected = frame_of(shown, (directions["smile"], strength))
        assert_is(explorer.pixels(), expected, *([frame_of(shown)] if abs(goal) > 1 else []))
    assert explorer.row("smile").locator("output").inner_text().startswith("−1.")


def test_several_sliders_add(explorer, frame_of, directions):
    goals = {"smile": 2.0, "glasses": 2.5, "yaw": -1.0}  # in their order on the rack
    strengths = {name: explorer.drag(name, goal / 2, goal) for name, goal in goals.items()}
    shown = explorer.wait_steered(*[(name, strength, False) for name, strength in strengths.items()])
    described = explorer.page.locator(".result canvas").get_attribute("aria-label")
    assert f"steered by smile +{strengths['smile']:.1f} σ" in described
    steer = [(directions[name], strength) for name, strength in strengths.items()]
    assert_is(explorer.pixels(), frame_of(shown, *steer), *[frame_of(shown, one) for one in steer])


def test_a_held_trait_is_left_alone(explorer, frame_of, held, directions):
    """Sunglasses go along with glasses, so what is left of them is another direction."""
    explorer.page.locator(".rack [data-add]").select_option("glasses:sunglasses")
    strength = explorer.drag("glasses:sunglasses", 3)
    explorer.page.get_by_role("checkbox", name="Hold glasses", exact=True).check()
    shown = explorer.wait_steered(("glasses", 0, True), ("glasses:sunglasses", strength, False))
    moved = directions["glasses:sunglasses"]
    alone = held(shown, moved, directions["glasses"])
    assert_is(explorer.pixels(), frame_of(shown, (alone, strength)), frame_of(shown, (moved, strength)))
    hold_all = explorer.page.locator("[data-hold-all]")
    hold_all.click()
    explorer.wait("() => [...document.querySelectorAll('.rack [data-hold]')].every((box) => box.checked)")
    hold_all.click()
    explorer.wait_steered(("glasses:sunglasses", strength, False))
    explorer.row("glasses:sunglasses").locator("[data-remove]").click()
    explorer.wait_steered()


def test_double_click_and_buttons_and_a_key_go_back_to_zero(explorer):
    smile, age = explorer.drag("smile", 2), explorer.drag("age", 1.5)
    explorer.wait_steered(("smile", smile, False), ("age", age, False))
    explorer.strength("smile").dblclick(position={"x": 20, "y": 8})
    explorer.wait_steered(("age", age, False))
    explorer.row("age").locator("[data-reset]").click()
    explorer.wait_steered()
    for reset in (explorer.page.locator("[data-reset-all]").click, lambda: explorer.page.keyboard.press("0")):
        explorer.strength("smile").fill("1")
        explorer.strength("yaw").fill("1")
        explorer.wait_steered(("smile", 1, False), ("yaw", 1, False))
        reset()
        explorer.wait_steered()


def test_arrows_move_the_slider_that_has_the_focus_and_not_alpha(explorer):
    explorer.strength("smile").focus()
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.wait_steered(("smile", 0.05, False))["alpha"] == "0.5"


def test_before_and_after_stand_side_by_side(explorer, frame_of, directions):
    explorer.strength("glasses").fill("3")
    explorer.page.locator("[data-split]").click()
    explorer.wait("() => document.querySelector('.result .before')?.dataset.steer === '[]'")
    shown = explorer.wait_steered(("glasses", 3, False))
    unsteered, steered = frame_of(shown), frame_of(shown, (directions["glasses"], 3))
    assert_is(explorer.pixels(".result .before"), unsteered, steered)
    assert_is(explorer.pixels(".result > canvas:not(.before)"), steered, unsteered)
    seen = (
        Image.open(io.BytesIO(explorer.page.locator(".result").screenshot()))
        .convert("RGB")
        .resize((128, 128))
    )
    for columns, here, there in ((slice(5, 58), unsteered, steered), (slice(70, 123), steered, unsteered)):
        part = np.asarray(seen)[10:100, columns]
        assert psnr(part, here[10:100, columns]) > psnr(part, there[10:100, columns]) + 3
    divider = explorer.page.get_by_role("slider", name="Divider")
    divider.focus()
    explorer.page.keyboard.press("Shift+ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "40"
    box = explorer.page.locator(".result").bounding_box()
    explorer.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 100)
    explorer.page.mouse.down()
    explorer.page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 100)
    explorer.page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "80"
    explorer.slider.fill("0.9")  # both follow alpha
    explorer.wait("() => document.querySelector('.result .before').dataset.alpha === '0.9'")
    explorer.page.locator("[data-split]").click()
    assert explorer.page.locator(".result canvas").count() == 1


def test_a_click_on_the_strip_goes_there(explorer, frame_of, directions):
    explorer.strength("yaw").fill("1")
    explorer.row("smile").locator("[data-strip]").click()
    explorer.wait("() => document.querySelector('.strip') && !document.querySelector('.strip.stale')")
    explorer.page.locator(".strip button").nth(6).click()
    shown = explorer.wait_steered(("smile", 3, False), ("yaw", 1, False))
    for index, strength in ((0, -3), (3, 0), (6, 3)):
        expected = frame_of(shown, (directions["smile"], strength), (directions["yaw"], 1))
        assert_is(explorer.pixels(f".strip button:nth-child({index + 1}) canvas"), expected)
    explorer.row("smile").locator("[data-strip]").click()
    assert explorer.page.locator(".strip").count() == 0


def test_the_filmstrip_is_steered_too(explorer, frame_of, directions):
    explorer.strength("glasses").fill("3")
    shown = explorer.wait_steered(("glasses", 3, False))
    explorer.wait("() => !document.querySelector('.film').classList.contains('stale')")
    first = {**shown, "alpha": 0}
    expected = frame_of(first, (directions["glasses"], 3))
    assert_is(explorer.pixels(".film button:first-child canvas"), expected, frame_of(first))


def test_what_was_hardly_learned_says_so(explorer):
    menu = explorer.page.locator(".rack [data-add]")
    names = menu.locator("option").all_inner_texts()[1:]
    assert names == sorted(names)
    assert menu.locator("option[value=freckles]").get_attribute("class") == "weak"
    menu.select_option("freckles")
    explorer.row("freckles").locator("[data-info]").click()
    assert "Hardly learned: R²" in explorer.row("freckles").locator(".told").inner_text()


def test_a_model_without_directions_says_how_to_make_one(new_page, app):
    explorer = new_page(app).open(f"{LINK}&steer=smile:1", map_too=False)
    explorer.page.locator(".rack li").first.wait_for()
    explorer.page.evaluate("document.querySelector('.bar select').append(new Option('toy', 'toy'))")
    explorer.page.get_by_label("Model").select_option("toy")
    explorer.wait_shown(model="toy", steer="[]")
    assert "two groups lassoed on the map" in explorer.page.locator(".rack [data-empty]").inner_text()
    explorer.page.get_by_label("Model").select_option("face-vae")
    explorer.wait_shown(model="face-vae")
    assert json.loads(explorer.shown()["steer"])[0]["direction"] == "smile"


def test_the_effects_tell_what_was_asked_for_first(explorer):
    assert explorer.page.locator(".effect").count() == 0
    strength = explorer.drag("yaw", 1, 2)
    row = explorer.page.locator(".effects .effect").first
    row.wait_for()
    assert row.get_attribute("data-direction") == "yaw"
    explorer.wait(  # the drag's way there may be told first
        """strength => {
          const change = parseFloat(document.querySelector(".effects .effect .value").innerText);
          return 0.3 * strength < change && change < 1.5 * strength;
        }""",
        strength,
    )
    assert "Among the data" in explorer.page.locator(".effects .fine").inner_text()
    explorer.page.locator(".rack [data-add]").select_option("freckles")
    explorer.drag("freckles", 1)
    unread = explorer.page.locator(".effects .asked[data-direction=freckles]")
    unread.wait_for()
    assert unread.locator(".value").inner_text() == "not read"
    explorer.page.keyboard.press("0")
    explorer.wait("() => document.querySelectorAll('.effect').length === 0")

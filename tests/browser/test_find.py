"""The dialog that finds directions: by method, from a label or a number."""

import torch

from explorer.measures import psnr
from explorer.operations import slerp
from explorer.steering.fitting import Target, find_labelled
from models.pictures import to_uint8


def find(explorer, method, label, value=None):
    """Ask the dialog for a direction."""
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find [name=method]").select_option(method)
    explorer.page.locator(".find [name=label]").select_option(label)
    if value:
        explorer.page.locator(".find [name=value]").select_option(value)
    explorer.page.locator(".find [data-ask]").click()


def test_the_dialog_finds_directions_by_any_method(explorer, face_vae, dataset):
    train = dataset.splits == "train"
    target = Target("smile", dataset.labels["smile"].to_numpy(float)[train], "")
    smile = find_labelled("ridge", dataset.shipped.latents[train], target, {})

    def expected(shown):
        a, b = (dataset.shipped.latents[int(shown[slot])] for slot in ("a", "b"))
        latents = slerp(a, b, torch.tensor([float(shown["alpha"])])) + 2 * smile.std * smile.vector
        return to_uint8(face_vae.decode(latents))[0]

    explorer.page.locator(".sliders li").last.wait_for()
    for wish, name, told in (
        (("ridge", "smile"), "smile", "Ridge regression"),
        (("svm", "smile"), "smile", "Linear SVM"),
        (("logistic", "glasses", "sunglasses"), "glasses: sunglasses", "Logistic regression"),
    ):
        count = explorer.page.locator(".sliders li").count()
        find(explorer, *wish)
        explorer.page.locator(".find").wait_for(state="hidden")
        found = explorer.page.locator(".sliders li").nth(count)
        assert found.locator(".name").inner_text() == name
        found.locator("[data-info]").click()
        assert told in found.locator(".told").inner_text()
        shown = explorer.shown()["steer"]
        found.locator("input[type=range]").fill("2")
        explorer.wait("was => document.querySelector('.result canvas').dataset.steer !== was", shown)
        if wish[0] == "ridge":
            assert psnr(explorer.pixels(), expected(explorer.shown())) >= 38
        found.locator("[data-reset]").click()


def test_the_dialog_counts_components_from_one(explorer):
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find [name=method]").select_option("sefa")
    assert not explorer.page.locator(".find [name=label]").is_visible()
    wishes = []
    explorer.page.on("request", lambda request: "find-direction" in request.url and wishes.append(request))
    explorer.page.locator(".find [name=component]").fill("129")  # of 128
    explorer.page.locator(".find [data-ask]").click()
    explorer.page.wait_for_timeout(300)  # a wish would have gone out
    assert wishes == []
    assert explorer.page.locator(".find [name=component]").evaluate("input => input.validity.rangeOverflow")
    explorer.page.locator(".find [name=component]").fill("2")
    explorer.page.locator(".find [data-ask]").click()
    explorer.page.locator(".sliders .name", has_text="Closed form (SeFa) 2").wait_for()


def test_what_is_found_after_the_dialog_closed_is_dropped(explorer):
    held = []
    explorer.page.route("**/find-direction?*", lambda route: held.append(route))
    count = explorer.page.locator(".sliders li").count()
    find(explorer, "ridge", "smile")
    explorer.wait("() => document.querySelector('.find [data-ask]').disabled")
    explorer.page.locator(".find [data-cancel]").click()
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find").wait_for()
    assert explorer.page.locator(".find [data-ask]").is_enabled()
    with explorer.page.expect_response("**/find-direction?*"):
        held[0].continue_()
    explorer.page.wait_for_timeout(300)  # a result would have been shown
    assert explorer.page.locator(".find[open]").count() == 1
    assert explorer.page.locator(".sliders li").count() == count
    explorer.page.evaluate("""() => {
      const menu = document.querySelector('.bar select');
      menu.append(new Option('toy', 'toy'));
      menu.value = 'toy';
      menu.dispatchEvent(new Event('change', {bubbles: true}));
    }""")
    explorer.wait_shown(model="toy")
    assert explorer.page.locator(".find[open]").count() == 0

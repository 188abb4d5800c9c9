"""The keyboard does what the mouse does, and keeps quiet where somebody types."""


def test_keys_step_swap_and_choose_the_slot(explorer):
    before = explorer.shown()
    press = explorer.page.keyboard.press
    press("ArrowRight")
    explorer.wait_shown(alpha=0.51)
    press("Shift+ArrowLeft")
    explorer.wait_shown(alpha=0.41)
    press("s")
    explorer.wait_shown(a=before["b"], b=before["a"], alpha=0.59)
    for slot in ("b", "a"):
        press(slot)
        assert explorer.page.locator(f".slots [data-slot={slot}]").get_attribute("aria-pressed") == "true"
    press("r")
    explorer.wait("was => document.querySelector('.result canvas').dataset.a !== was", before["b"])


def test_arrows_on_the_focused_slider_step_as_everywhere(explorer):
    explorer.slider.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.wait_shown(alpha=0.51)
    explorer.page.keyboard.press("End")
    explorer.wait_shown(alpha=1)
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.shown()["alpha"] == "1"


def test_space_plays_and_pauses(explorer):
    explorer.page.keyboard.press(" ")
    explorer.page.get_by_role("button", name="Pause").wait_for()
    explorer.page.keyboard.press(" ")
    explorer.page.get_by_role("button", name="Play from A to B and back").wait_for()


def test_help_opens_and_closes(explorer):
    explorer.page.keyboard.press("?")
    dialog = explorer.page.get_by_role("dialog", name="Help")
    dialog.wait_for()
    assert "play or pause" in dialog.inner_text()
    before = explorer.shown()
    explorer.page.keyboard.press("s")  # not while the help is open
    explorer.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert explorer.shown() | {"sequence": before["sequence"]} == before  # the first picture may come twice


def test_keys_are_quiet_in_a_menu(explorer):
    before = explorer.shown()
    explorer.page.get_by_label("Colour by").focus()
    explorer.page.keyboard.press("s")
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.wait_for_timeout(200)
    assert {key: explorer.shown()[key] for key in ("a", "b", "alpha")} == {
        key: before[key] for key in ("a", "b", "alpha")
    }


def test_a_key_changes_nothing_behind_a_dialog(explorer):
    before = explorer.shown()
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find").wait_for()  # it is opened once the methods are known
    explorer.page.locator(".find [data-cancel]").focus()
    for key in ("s", "ArrowRight", "?"):
        explorer.page.keyboard.press(key)
    assert explorer.page.locator("dialog[open]").count() == 1
    explorer.page.keyboard.press("Escape")
    explorer.page.evaluate("document.activeElement.blur()")
    explorer.page.keyboard.press("s")  # had the others worked, alpha or A and B would be others
    explorer.wait_shown(a=before["b"], b=before["a"], alpha=0.5)

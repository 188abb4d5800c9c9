"""The bar of tools: one is open at a time, by mouse and keyboard, and picture and map stay in view."""

from urllib.parse import urlparse

import pytest

TOOLS = ["traversal", "arithmetic", "style_mix", "my_images", "data_sets"]


def button(explorer, name):
    return explorer.page.locator(f".tool-bar [data-opens={name}]")


def wait_open(explorer, name):
    """Until just this tool is open, or none: its button says so, and its panel is the one that shows."""
    explorer.wait(
        """name => {
          const opened = [...document.querySelectorAll(".tool-bar [aria-expanded=true]")];
          const shown = [...document.querySelectorAll(".tool")].filter((one) => one.checkVisibility());
          const names = [opened.map((one) => one.dataset.opens), shown.map((one) => one.dataset.name)];
          return names.every((found) => found.join() === (name ?? ""));
        }""",
        name,
    )


def seen(explorer, selector):
    """The share of an element's height that is inside the window and not covered in its middle column."""
    return explorer.page.locator(selector).evaluate(
        """element => {
          const { left, top, width, height } = element.getBoundingClientRect();
          const rows = Array.from({ length: 21 }, (_, i) => top + 1 + (height - 2) * i / 20);
          const under = rows.map((y) => document.elementFromPoint(left + width / 2, y));
          const isHere = (found) => element.contains(found) || found.contains(element);
          return under.filter((found) => found && isHere(found)).length / 21;
        }"""
    )


def test_groups_name_their_tools_and_none_is_empty(explorer):
    groups = explorer.page.locator(".tool-bar [role=group]").evaluate_all(
        "all => all.map((g) => [g.ariaLabel, [...g.querySelectorAll('button')].map((b) => b.textContent)])"
    )
    data_tools = ["My images", "Data sets"]
    assert groups == [["explore", ["Traversal", "Arithmetic", "Style mix"]], ["data", data_tools]]
    for name in TOOLS:
        panel = explorer.page.locator(f"#{button(explorer, name).get_attribute('aria-controls')}")
        assert panel.locator(".tool").get_attribute("data-name") == name


def test_one_tool_is_open_at_a_time_and_its_button_closes_it(explorer):
    wait_open(explorer, None)
    for name in TOOLS:
        button(explorer, name).click()
        wait_open(explorer, name)
    button(explorer, TOOLS[-1]).click()
    wait_open(explorer, None)


def test_the_keyboard_opens_changes_and_closes_tools(explorer):
    before = explorer.shown()
    press = explorer.page.keyboard.press
    button(explorer, "traversal").focus()
    press("ArrowRight")
    press("Enter")
    wait_open(explorer, "arithmetic")
    press("End")
    press(" ")
    wait_open(explorer, "data_sets")
    press("Home")
    press("ArrowLeft")
    press("Enter")
    wait_open(explorer, "traversal")
    press("Tab")  # into the tool: the other buttons are no stops
    assert explorer.page.evaluate("document.activeElement.closest('.tool')?.dataset.name") == "traversal"
    press("Escape")
    wait_open(explorer, None)
    assert explorer.page.evaluate("document.activeElement.dataset.opens") == "traversal"
    assert explorer.shown()["alpha"] == before["alpha"]


def test_escape_is_first_for_what_lies_over_the_tool(explorer):
    button(explorer, "arithmetic").click()
    explorer.page.locator("[data-add=map]").click()
    explorer.page.locator(".map .asking").wait_for()
    explorer.page.keyboard.press("Escape")
    explorer.page.locator(".map .asking").wait_for(state="hidden")
    wait_open(explorer, "arithmetic")
    explorer.page.locator("[data-help]").click()
    explorer.page.keyboard.press("Escape")
    explorer.page.get_by_role("dialog", name="Help").wait_for(state="hidden")
    wait_open(explorer, "arithmetic")
    explorer.page.keyboard.press("Escape")
    wait_open(explorer, None)


def test_a_closed_tool_asks_for_nothing(explorer):
    asked = []
    explorer.page.on("request", lambda request: asked.append(urlparse(request.url).path))
    button(explorer, "traversal").click()
    explorer.page.locator(".traversal .cell").first.wait_for()
    explorer.wait("() => !document.querySelector('.traversal .cell:is(:disabled, .stale)')")  # all rows came
    button(explorer, "traversal").click()
    wait_open(explorer, None)
    explorer.page.wait_for_timeout(500)
    asked.clear()
    was = explorer.shown()["a"]
    explorer.page.keyboard.press("r")
    explorer.wait("was => document.querySelector('.result canvas').dataset.a !== was", was)
    explorer.page.wait_for_timeout(600)
    assert "/explorer/traverse" not in asked
    with explorer.page.expect_request("**/traverse*"):
        button(explorer, "traversal").click()


def test_the_tab_remembers_the_open_tool(explorer):
    button(explorer, "style_mix").click()
    wait_open(explorer, "style_mix")
    explorer.page.reload()
    wait_open(explorer, "style_mix")
    other = explorer.page.context.new_page()
    other.goto(explorer.app.url)
    other.wait_for_selector(".tool-bar button")
    assert other.locator(".tool-bar [aria-expanded=true]").count() == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (1280, 640)])
@pytest.mark.parametrize("tool", [None, *TOOLS])
def test_picture_map_and_tool_are_in_view_together(new_page, app, width, height, tool):
    explorer = new_page(app, viewport={"width": width, "height": height}).open()
    if tool:
        button(explorer, tool).click()
        wait_open(explorer, tool)
    parts = [".result", ".map .area", ".alpha", ".tool-bar", *([f"#panel-{tool} .tool"] if tool else [])]
    explorer.page.wait_for_timeout(300)
    assert {part: seen(explorer, part) for part in parts} == dict.fromkeys(parts, 1)
    assert explorer.page.evaluate("document.documentElement.scrollWidth") == width

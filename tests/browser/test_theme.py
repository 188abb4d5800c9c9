"""Light and dark: as the system says, or as the person chose; and every text is readable in both."""

import re

import pytest

GROUNDS = {"light": (243, 244, 247), "dark": (13, 15, 19)}
COLOUR = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
CONTRASTS = """() => {
  const channel = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  function ground(element) {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
      if (alpha > 0.5) return [r, g, b];
    }
    return [255, 255, 255];
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const isShown = element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
    const isText = texts.currentNode.textContent.trim() && !element.closest(":disabled, script, style");
    if (!isText || !isShown) continue;
    const [one, other] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push([contrast, texts.currentNode.textContent.trim().slice(0, 30)]);
  }
  return found.sort(([a], [b]) => a - b);
}"""


def rgb(explorer, selector, name):
    colour = explorer.page.evaluate(COLOUR, [selector, name])
    return tuple(round(float(value)) for value in re.findall(r"[\d.]+", colour)[:3])


def choose(explorer, says):
    """Press the button until it says this."""
    button = explorer.page.locator("[data-colours]")
    for _ in range(3):
        if button.get_attribute("aria-label") == f"Colours: {says}":
            return
        button.click()
    assert button.get_attribute("aria-label") == f"Colours: {says}"


def point_colours(explorer):
    return explorer.plot.evaluate("plot => plot.data.map(({marker}) => marker.color)")


def assert_theme(explorer, theme):
    """Page, Gradio's own variables and the map's points are all of this theme."""
    explorer.wait("isDark => document.body.classList.contains('dark') === isDark", theme == "dark")
    for selector in ("body", ".gradio-container", "#bar .bar"):
        assert rgb(explorer, selector, "backgroundColor") == GROUNDS[theme]
    low = (108, 92, 198) if theme == "dark" else (45, 30, 107)
    explorer.wait(
        "low => document.querySelector('.plot').data[0].marker.colorscale[0][1] === low",
        f"rgb({', '.join(map(str, low))})",
    )
    assert rgb(explorer, ".overlay .a circle", "fill") == (
        (255, 180, 84) if theme == "dark" else (166, 82, 0)
    )


@pytest.mark.parametrize("theme", GROUNDS)
def test_the_page_is_as_the_system_says(new_page, app, theme):
    assert_theme(new_page(app, color_scheme=theme).open(), theme)


def test_the_system_changes_and_the_page_follows(new_page, app):
    explorer = new_page(app, color_scheme="light").open()
    for theme in ("dark", "light"):
        explorer.page.emulate_media(color_scheme=theme)
        assert_theme(explorer, theme)


def test_a_choice_wins_over_the_system_and_is_remembered(new_page, app):
    explorer = new_page(app, color_scheme="light").open()
    choose(explorer, "dark")
    assert_theme(explorer, "dark")
    explorer.page.emulate_media(color_scheme="dark")
    explorer.page.emulate_media(color_scheme="light")  # of which Gradio's own listener makes light
    assert_theme(explorer, "dark")
    explorer.open()
    assert_theme(explorer, "dark")
    choose(explorer, "as the system")
    assert_theme(explorer, "light")


def test_classes_keep_their_hidden_ones_when_the_colours_change(new_page, app):
    explorer = new_page(app, color_scheme="light").open()
    explorer.page.get_by_label("Colour by").select_option("glasses")
    explorer.wait("() => document.querySelector('.plot').dataset.label === 'glasses'")
    explorer.page.locator(".legend button").first.click()
    explorer.wait("() => document.querySelector('.plot').data[0].visible === false")
    light = point_colours(explorer)
    explorer.page.emulate_media(color_scheme="dark")
    explorer.wait("was => document.querySelector('.plot').data[0].marker.color !== was", light[0])
    assert all(before != after for before, after in zip(light, point_colours(explorer), strict=True))
    assert explorer.plot.evaluate("plot => plot.data[0].visible") is False
    swatch = explorer.page.locator(".legend .class").first.evaluate(
        "entry => getComputedStyle(entry, '::before').backgroundColor"
    )
    assert swatch == point_colours(explorer)[0]


def test_a_browser_that_remembers_nothing_has_colours_nevertheless(new_page, app):
    explorer = new_page(app, color_scheme="light")
    explorer.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('denied') } })"
    )
    explorer.open()
    choose(explorer, "dark")
    assert_theme(explorer, "dark")


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_text_is_readable(new_page, app, theme):
    """WCAG AA: 4.5 to 1 for text of any size."""
    explorer = new_page(app, color_scheme=theme).open()
    for tool in ("traversal", "arithmetic", "my_images"):
        explorer.page.locator(f"[data-opens={tool}]").click()
        explorer.page.locator(f"#panel-{tool} .tool").wait_for()
        contrasts = explorer.page.evaluate(CONTRASTS)
        assert len(contrasts) > 50
        assert [entry for entry in contrasts if entry[0] < 4.5] == []


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_colour_of_the_map_stands_out(new_page, app, theme):
    """WCAG AA: 3 to 1 for what is no text."""
    explorer = new_page(app, color_scheme=theme).open()
    names = [f"--ramp-{i}" for i in range(6)] + [f"--class-{i}" for i in range(14)] + ["--a", "--b", "--knob"]
    contrasts = explorer.page.evaluate(
        """names => {
          const probe = document.querySelector(".map .area").appendChild(document.createElement("i"));
          const channel = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          const luminance = (colour) => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map((c) => channel(c / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const of = (name) => {
            probe.style.color = `var(${name})`;
            return luminance(getComputedStyle(probe).color);
          };
          const ground = of("--surface");
          const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
          return names.map((name) => contrast(of(name), ground));
        }""",
        names,
    )
    assert {name: value for name, value in zip(names, contrasts, strict=True) if value < 3} == {}

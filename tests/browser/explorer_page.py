"""The page as a person uses it: what they do with mouse and keyboard, and what they see."""

import base64
import io

import numpy as np
from PIL import Image

WAIT_MS = 60_000  # this machine may be busy
MAP_MS = 240_000  # UMAP compiles itself before the first map that it makes
THUMB = 20  # pixels of alpha's thumb, whose centre cannot reach the ends of the slider
SMALL_THUMB, LIMIT = 13, 4  # of a direction's slider, which goes to LIMIT σ at either end

_PIXELS = "canvas => canvas.toDataURL('image/png')"
_SHOWN = "document.querySelector('.result canvas').dataset"
_PLACES = """plot => {
  const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
  return plot.data.flatMap(({x, y, customdata}) => Array.from(customdata, (point, i) => [
    point, box.left + xaxis._offset + xaxis.l2p(x[i]), box.top + yaxis._offset + yaxis.l2p(y[i])]));
}"""
_SIZED = """() => {
  const plot = document.querySelector(".plot"), {width, height} = plot._fullLayout;
  return Math.max(Math.abs(width - plot.clientWidth), Math.abs(height - plot.clientHeight)) <= 2;
}"""
_HOVERED = "point => document.querySelector('.hover.shown span')?.textContent.startsWith(`${point} · `)"
_NOTICE = """text => {
  const texts = Array.from(document.querySelectorAll(".notice"), (entry) => entry.innerText);
  return texts.find((shown) => shown.includes(text));
}"""
_CHOOSE_MODEL = """async models => {
  const session = document.querySelector("link[rel=modulepreload][href$='session.js']");
  const { chooseModel } = await import(session.href);
  for (const model of models) chooseModel(model);
}"""
_FILES = """
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "photo.png", {type: "image/png"}));
"""
_DROP = f"""([selector, base64]) => {{ {_FILES}
  const target = document.querySelector(selector);
  for (const type of ["dragover", "drop"]) {{
    target.dispatchEvent(new DragEvent(type, {{dataTransfer: files, bubbles: true, cancelable: true}}));
  }}
}}"""
_PASTE = f"""(base64) => {{ {_FILES}
  document.dispatchEvent(new ClipboardEvent("paste", {{clipboardData: files, bubbles: true}}));
}}"""


def picture(url):
    """The pixels of a picture in a data URL, uint8 h w 3."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


class ExplorerPage:
    def __init__(self, page, app):
        self.page, self.app = page, app
        page.set_default_timeout(WAIT_MS)
        self.plot = page.locator(".plot")
        self.slider = page.get_by_role("slider", name="alpha")

    def open(self, query="", map_too=True):
        self.page.goto(self.app.url + query)
        self.page.wait_for_selector(".result canvas[data-sequence]", timeout=MAP_MS)
        if map_too:
            self.page.wait_for_selector(".plot[data-model]", timeout=MAP_MS)
        return self

    def shown(self):
        """What the canvas says it shows."""
        return self.page.evaluate(f"({{...{_SHOWN}}})")

    def wait_shown(self, **expected):
        """Until the canvas shows this: not a preview of it, unless `preview` is True, or None for either."""
        expected = {"preview": False} | expected
        expected = {name: value for name, value in expected.items() if value is not None}
        self.wait(
            f"expected => Object.entries(expected).every(([k, v]) => {_SHOWN}[k] === String(v))", expected
        )
        return self.shown()

    def wait(self, condition, argument=None):
        self.page.wait_for_function(condition, arg=argument)

    def pixels(self, selector=".result canvas"):
        """The canvas's pixels, uint8 h w 3."""
        return picture(self.page.locator(selector).evaluate(_PIXELS))

    def places(self):
        """Every point of the map and where it is on screen, the most solitary first."""
        self.wait(_SIZED)  # Plotly takes a new size a moment later
        rows = np.array(self.plot.evaluate(_PLACES))
        box = self.plot.bounding_box()
        inside = (rows[:, 1] > box["x"] + 30) & (rows[:, 1] < box["x"] + box["width"] - 30)
        inside &= (rows[:, 2] > box["y"] + 30) & (rows[:, 2] < box["y"] + box["height"] - 30)
        distance = np.hypot(*(rows[:, None, 1:] - rows[None, :, 1:]).transpose(2, 0, 1))
        np.fill_diagonal(distance, np.inf)
        order = np.argsort(-np.where(inside, distance.min(1), -1))
        return [(str(int(point)), x, y) for point, x, y in rows[order]]

    def click_point(self, point, x, y):
        """Click a point of the map, once it shows the mouse there: Plotly looks only now and then."""
        self.page.mouse.move(x, y)
        self.wait(_HOVERED, point)
        self.page.mouse.click(x, y)

    def slider_at(self, alpha):
        """Where on screen the slider stands for alpha."""
        box = self.slider.bounding_box()
        return box["x"] + THUMB / 2 + alpha * (box["width"] - THUMB), box["y"] + box["height"] / 2

    def row(self, direction):
        """A direction on the rack."""
        return self.page.locator(f'.rack [data-direction="{direction}"]')

    def strength(self, direction):
        return self.row(direction).get_by_role("slider")

    def drag(self, direction, *strengths):
        """Drag a direction's slider from where it is by the mouse; returns where it stands then, in σ."""
        slider = self.strength(direction)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()

        def move(strength):
            share = 0.5 + strength / LIMIT / 2
            x = box["x"] + SMALL_THUMB / 2 + share * (box["width"] - SMALL_THUMB)
            self.page.mouse.move(x, box["y"] + box["height"] / 2)

        move(float(slider.input_value()))
        self.page.mouse.down()
        for strength in strengths:
            move(strength)
        self.page.mouse.up()
        return float(slider.input_value())

    def wait_steered(self, *steer):
        """Until the canvas shows just these (direction, strength in σ, held), and no preview of it."""
        entries = [{"direction": d, "strength": s, "hold": h} for d, s, h in steer]
        shown = f"{_SHOWN}.steer === JSON.stringify(steer) && {_SHOWN}.preview === 'false'"
        self.wait(f"steer => {shown}", entries)
        return self.shown()

    def load_directions(self, path):
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("[data-load]").click()
        chooser.value.set_files(path)

    def notice(self, text):
        """Wait for a message that holds this text, and return it whole, at once: it goes away by itself."""
        return self.page.wait_for_function(_NOTICE, arg=text).json_value()

    def upload(self, slot, path):
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(f"figure[data-card={slot}] [data-open]").click()
        chooser.value.set_files(path)

    def drop(self, selector, path):
        """Drop a picture file on an element."""
        self.page.evaluate(_DROP, [selector, base64.b64encode(path.read_bytes()).decode()])

    def paste(self, path):
        """Paste a picture file."""
        self.page.evaluate(_PASTE, base64.b64encode(path.read_bytes()).decode())

    def choose_model(self, *names):
        """Choose a model, which the menu may not list, or several before the first of them can be had."""
        self.page.evaluate(_CHOOSE_MODEL, names)

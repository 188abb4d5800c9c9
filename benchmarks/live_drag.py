"""A live drag in Chromium: this app beside the naive one, in the same run, as a ratio.

    make bench

A real mouse drags a slider back and forth for a few seconds: alpha, and in this app once more a direction
while two others are at work too, and again while those two are held. Counted are the pictures painted a
second, and the time from the input event to the animation frame in which the picture of that very value is on
screen. Rounds alternate, so that a machine whose speed drifts treats all alike; medians over rounds count.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import time
from dataclasses import asdict, dataclass

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.serving import NAIVE, OURS, ROOT, serve

ROUNDS, SECONDS, SWEEP = 5, 4.0, 2.0  # drags of each kind, length of one, seconds from one end to the other
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Records input events and, at each animation frame, whether a new picture is on screen and of which value.
RECORDER = """([slider, shown]) => {
  const inputs = [], paints = [];
  document.querySelector(slider).addEventListener("input",
    (event) => inputs.push([performance.now(), Number(event.target.value)]), true);
  let last = null;
  const look = eval(shown);
  const frame = () => {
    const picture = look();
    if (picture && picture.key !== last) {
      last = picture.key;
      paints.push([performance.now(), picture.value]);
    }
    requestAnimationFrame(frame);
  };
  frame();
  window.drag = { inputs, paints };
}"""
OUR_PICTURE = """() => {
  const { sequence, alpha } = document.querySelector(".result canvas").dataset;
  return sequence && { key: sequence, value: Number(alpha) };
}"""
# A direction at 0 σ does nothing, so the picture does not name it.
STEERED_PICTURE = """() => {
  const { sequence, steer } = document.querySelector(".result canvas").dataset;
  const smile = sequence && JSON.parse(steer).find(({ direction }) => direction === "smile");
  return sequence && { key: sequence, value: smile?.strength ?? 0 };
}"""
NAIVE_PICTURE = """() => {
  const image = document.querySelector("#frame img");
  if (!image || !image.complete || !image.naturalWidth) return null;
  if (image.src === window.seen?.key) return window.seen;
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(image, 8, 8, 1, 1, 0, 0, 1, 1);
  const level = context.getImageData(0, 0, 1, 1).data[0];
  return (window.seen = { key: image.src, value: Math.round(level / 2) / 100 });
}"""


@dataclass(frozen=True)
class App:
    """Where an app's page keeps slider and picture, and what its address asks for."""

    slider: str
    shown: str
    query: str = ""


@dataclass(frozen=True)
class Drag:
    """One round: pictures painted a second, and slider → pixels in milliseconds."""

    frames_per_second: float
    median_ms: float
    p95_ms: float


APPS = {
    "ours": App(".alpha input[type=range]", OUR_PICTURE),
    "steered": App(
        '[data-direction="smile"] input[type=range]',
        STEERED_PICTURE,
        "?model=face-vae&steer=smile:1,glasses:1,age:-1",
    ),
    "held": App(
        '[data-direction="smile"] input[type=range]',
        STEERED_PICTURE,
        "?model=face-vae&steer=smile:1,glasses:1h,age:-1h",
    ),
    "naive": App("#alpha input[type=range]", NAIVE_PICTURE),
}


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium."""
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)


def drag_anew(browser: Browser, url: str, app: App) -> Drag:
    """Drag in a page of its own, once that is at rest."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(url + app.query)
    page.wait_for_selector(app.slider)
    page.evaluate(RECORDER, [app.slider, app.shown])
    page.wait_for_function("window.drag.paints.length > 0", timeout=60_000)
    page.wait_for_timeout(2000)
    dragged = drag(page, app)
    page.close()
    return dragged


def drag(page: Page, app: App) -> Drag:
    """Drag the slider with the real mouse, up and down at constant speed, 60 moves a second.

    By Chromium's own protocol: Playwright's mouse looks for drag and drop at every move, and halves them.
    """
    slider = page.locator(app.slider).first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None, f"no slider {app.slider}"
    left, width, y = box["x"] + 10, box["width"] - 20, box["y"] + box["height"] / 2
    page.evaluate("window.drag.inputs.length = window.drag.paints.length = 0")
    page.mouse.move(left, y)
    page.mouse.down()
    browser = page.context.new_cdp_session(page)
    move = {"type": "mouseMoved", "button": "left", "buttons": 1, "y": y}
    start, moves = time.perf_counter(), 0
    while (now := time.perf_counter() - start) < SECONDS:
        phase = now / SWEEP % 2
        x = left + width * (phase if phase < 1 else 2 - phase)
        browser.send("Input.dispatchMouseEvent", {**move, "x": x})
        moves += 1
        time.sleep(max(0.0, moves / 60 - (time.perf_counter() - start)))
    page.mouse.up()
    page.wait_for_timeout(500)
    return measure(page.evaluate("window.drag"))


def measure(record: dict[str, list[tuple[float, float]]]) -> Drag:
    """Frames a second over the drag, and for each picture the time since its value was last set."""
    inputs, paints = record["inputs"], record["paints"]
    began, ended = inputs[0][0], inputs[-1][0]
    latencies = []
    for painted, shown in paints:
        asked = [at for at, value in inputs if at <= painted and math.isclose(value, shown, abs_tol=1e-6)]
        if asked:
            latencies.append(painted - asked[-1])
    during = [moment for moment, _ in paints if began <= moment <= ended]
    return Drag(
        frames_per_second=1000 * len(during) / (ended - began),
        median_ms=statistics.median(latencies),
        p95_ms=statistics.quantiles(latencies, n=20)[-1],
    )


def run() -> dict[str, list[Drag]]:
    """Alternating rounds of all kinds, each in a page of its own."""
    results: dict[str, list[Drag]] = {name: [] for name in APPS}
    with sync_playwright() as playwright, serve(*OURS) as ours, serve(*NAIVE) as naive:
        browser = launch(playwright)
        for _ in range(ROUNDS):
            for name, url in (
                ("ours", ours.url),
                ("steered", ours.url),
                ("held", ours.url),
                ("naive", naive.url),
            ):
                results[name].append(drag_anew(browser, url, APPS[name]))
        browser.close()
    return results


def medians(drags: list[Drag]) -> Drag:
    """The median of each figure over the rounds."""
    columns = zip(*(asdict(drag).values() for drag in drags), strict=True)
    return Drag(*(statistics.median(column) for column in columns))


def main() -> None:
    """Run, print the table, and keep the figures."""
    rounds = run()
    found = {name: medians(drags) for name, drags in rounds.items()}
    ours, naive = found["ours"], found["naive"]
    print(
        f"medians of {ROUNDS} rounds of {SECONDS:.0f} s\n{'':8}{'frames/s':>10}{'median ms':>11}{'p95 ms':>9}"
    )
    for name, result in found.items():
        print(f"{name:8}{result.frames_per_second:10.1f}{result.median_ms:11.1f}{result.p95_ms:9.1f}")
    more, shorter = ours.frames_per_second / naive.frames_per_second, naive.p95_ms / ours.p95_ms
    print(f"ratio: {more:.1f} x the frames, {shorter:.1f} x shorter at the 95th percentile")
    report = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "medians": {name: asdict(result) for name, result in found.items()},
        "ratios": {"frames_per_second": more, "p95_ms": shorter},
        "rounds": {name: [asdict(drag) for drag in drags] for name, drags in rounds.items()},
    }
    path = ROOT / "docs" / "results" / "live-drag.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

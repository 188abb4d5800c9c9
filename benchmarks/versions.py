"""Two checkouts of this app beside each other, in the same run, to see that nothing got slower.

    make bench-versions BEFORE=../before

Each round starts both apps anew, one after the other, so that a machine whose speed drifts treats both
alike, and every second round the other one first. Ratios are of one round, this checkout to the other: 1 is
as before, and less is slower, for times and for rates alike.
"""

from __future__ import annotations

import math
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from benchmarks.live_drag import APPS, drag_anew, launch
from benchmarks.performance import crowd
from benchmarks.performance.cold_start import first_picture
from benchmarks.serving import OURS, ROOT, serve
from models.faces.evaluation.provenance import describe_machine

ROUNDS = 7
DRAGS = ("ours", "steered", "held")
CROWDS = ("ours, back and forth", "ours, no position twice")
USERS, SECONDS = 20, 6.0
PARTS = {"first picture": ".result canvas[data-sequence]", "map": ".plot[data-model]"}

Figures = dict[str, float]  # by what was measured with its unit: frames/s, or else a time


def look(folder: Path) -> Figures:
    """Everything once, with the app of one checkout."""
    with serve(*OURS, folder=folder) as app:
        found = {"start to first picture, s": first_picture(app)}
        with (
            sync_playwright() as playwright
        ):  # closed before the crowds, which need an event loop of their own
            browser = launch(playwright)
            found |= open_page(browser, app.url)
            for name in DRAGS:
                drag = drag_anew(browser, app.url, APPS[name])
                found[f"drag, {name}, frames/s"] = drag.frames_per_second
                found[f"drag, {name}, p95 ms"] = drag.p95_ms
            browser.close()
        for kind in CROWDS:
            people = crowd.measure(app, kind, USERS, SECONDS)
            found[f"{USERS} people, {kind}, frames/s of the slowest"] = people.least_fps
            found[f"{USERS} people, {kind}, p95 ms"] = people.p95_ms
    return found


def open_page(browser: Browser, url: str) -> Figures:
    """From the address to the first picture, and to the map."""
    page, began = browser.new_page(viewport={"width": 1280, "height": 800}), time.perf_counter()
    page.goto(url)
    found = {}
    for what, selector in PARTS.items():
        page.wait_for_selector(selector)
        found[f"page to {what}, s"] = time.perf_counter() - began
    page.close()
    return found


def ratio(name: str, here: float, there: float) -> float:
    """How this checkout does to the other one: below 1 it is slower. NaN where one of them showed nothing."""
    if not here or not there:
        return math.nan
    return here / there if "frames/s" in name else there / here


def main() -> None:
    """Run, and print a line for each figure: both medians, and the ratio with its range over the rounds."""
    sides = {"here": ROOT, "there": Path(sys.argv[1]).resolve()}
    seen: dict[str, list[Figures]] = defaultdict(list)
    for number in range(ROUNDS):
        for side in sorted(sides, reverse=number % 2 == 0):
            seen[side].append(look(sides[side]))
            print(number + 1, side, seen[side][-1], flush=True)
    print(f"{describe_machine()}; {ROUNDS} rounds\n{'':56}{'there':>9}{'here':>9}{'ratio':>8}   range")
    for name in seen["here"][0]:
        here, there = ([figures[name] for figures in seen[side]] for side in ("here", "there"))
        ratios = [ratio(name, *pair) for pair in zip(here, there, strict=True)]
        medians = "".join(f"{np.nanmedian(column):9.2f}" for column in (there, here))
        spread = f"{np.nanmin(ratios):.2f} to {np.nanmax(ratios):.2f}"
        print(f"{name:56}{medians}{np.nanmedian(ratios):8.3f}   {spread}")


if __name__ == "__main__":
    main()

"""Make page.png and morph.gif from the running app, here or in the folder that is named: `make pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import sync_playwright

import models
from benchmarks.live_drag import CHROMIUM
from benchmarks.serving import OURS, serve
from explorer.data import load_dataset
from explorer.operations import INTERPOLATIONS
from models.pictures import to_uint8

DOCS = Path(__file__).parent
A, B = 58, 114  # portrait numbers, chosen by eye
FRAMES, FRAME_MS = 24, 60


def screenshot(path: Path) -> None:
    """The page at 1280 px with A and B chosen, and the path between them decoded."""
    with serve(*OURS) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{app.url}?model=face-vae&a={A}&b={B}&method=slerp&alpha=0.5")
        page.wait_for_selector(".result canvas[data-sequence]", timeout=60_000)
        page.wait_for_selector(".plot[data-model]", timeout=60_000)
        page.wait_for_function("document.querySelector('.film').dataset.decoded >= 201", timeout=60_000)
        page.wait_for_timeout(1000)
        page.screenshot(path=path)
        browser.close()


def morph(path: Path) -> None:
    """A to B and back, decoded by the bundled model, as an endless GIF that rests at both ends."""
    model = models.load("face-vae")
    a, b = load_dataset().shipped.latents[[A, B]]
    pictures = to_uint8(model.decode(INTERPOLATIONS["slerp"].function(a, b, torch.linspace(0, 1, FRAMES))))
    frames = [Image.fromarray(picture).resize((192, 192), Image.Resampling.LANCZOS) for picture in pictures]
    pauses = [8 * FRAME_MS] + [FRAME_MS] * (FRAMES - 2)
    loop, durations = frames + frames[-2:0:-1], pauses + pauses
    loop[0].save(path, save_all=True, append_images=loop[1:], duration=durations, loop=0, optimize=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    morph(folder / "morph.gif")
    screenshot(folder / "page.png")

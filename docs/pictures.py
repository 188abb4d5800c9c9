"""Make docs/page.png and docs/morph.gif from the running app: `make pictures`."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import sync_playwright

import models
from benchmarks.live_drag import APPS, CHROMIUM, serve
from explorer.images import to_uint8
from explorer.operations.interpolation import INTERPOLATIONS
from explorer.store import Dataset

DOCS = Path(__file__).parent
A, B = 58, 114  # portrait numbers, chosen by eye
FRAMES, FRAME_MS = 24, 60


def screenshot(path: Path) -> None:
    """The page at 1280 px with A and B chosen."""
    with serve(APPS["ours"]) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}?model=face-vae&a={A}&b={B}&method=slerp&alpha=0.5")
        page.wait_for_selector(".result canvas[data-sequence]", timeout=60_000)
        page.wait_for_selector(".scatterlayer, .gl-canvas", timeout=60_000, state="attached")
        page.wait_for_timeout(3000)
        page.screenshot(path=path)
        browser.close()


def morph(path: Path) -> None:
    """A to B and back, decoded by the bundled model, as an endless GIF that rests at both ends."""
    model = models.load("face-vae")
    a, b = Dataset.load(DOCS.parent / "assets" / "portraits.parquet").latents[[A, B]]
    pictures = to_uint8(model.decode(INTERPOLATIONS["slerp"].function(a, b, torch.linspace(0, 1, FRAMES))))
    frames = [Image.fromarray(picture).resize((192, 192), Image.Resampling.LANCZOS) for picture in pictures]
    pauses = [8 * FRAME_MS] + [FRAME_MS] * (FRAMES - 2)
    loop, durations = frames + frames[-2:0:-1], pauses + pauses
    loop[0].save(path, save_all=True, append_images=loop[1:], duration=durations, loop=0, optimize=True)


if __name__ == "__main__":
    morph(DOCS / "morph.gif")
    screenshot(DOCS / "page.png")

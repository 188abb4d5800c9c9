"""A newcomer's model of a family that nobody knows: one file and one line, and it is on the page."""

import pytest

from tests.browser.running_app import RunningApp

MODEL = '''
import torch
from models.base import LatentModel, LatentSpace
from models.priors import StandardNormal


class Ripples(LatentModel):
    """Rings; a latent says where, how wide, and in which colours."""

    first_layer = None

    def __init__(self, name, media, device):
        self.space = LatentSpace(name, (8,), ("dim",), StandardNormal((8,)))
        self.media, self.device = media, device

    def _decode(self, latents):
        place = torch.linspace(-2, 2, self.media.size, device=self.device)
        x, y = place[None, None, :], place[None, :, None]
        near, far, width, phase, *colours = (latents[:, i, None, None] for i in range(8))
        rings = torch.sin((6 + width) * ((x - near) ** 2 + (y - far) ** 2).sqrt() + phase)
        planes = [torch.tanh(rings + colour) for colour in colours[:3]]
        return torch.stack(planes, 1) * torch.sigmoid(latents[:, 7])[:, None, None, None]


def load(name, media, source, device, progress):
    return Ripples(name, media, device)
'''

LINE = """
import sys
sys.path.insert(0, {folder!r})
from models import MODELS, ModelEntry
from models.media import Picture
MODELS["ripples"] = ModelEntry("Ripples", "ripples", Picture(64))
from app import main
main()
"""


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "ripples.py").write_text(MODEL)
    script = folder / "run.py"
    script.write_text(LINE.format(folder=str(folder)))
    running = RunningApp(folder, "--model", "ripples", script=script).start()
    yield running
    running.stop()


def test_it_has_map_morph_directions_and_traversal(new_page, stranger):
    explorer = new_page(stranger).open()
    assert explorer.shown()["model"] == "ripples"
    assert len(explorer.places()) == 500, "a point for each sample of the prior"
    before = explorer.pixels()

    point, x, y = explorer.places()[0]
    explorer.page.mouse.click(x, y)
    explorer.wait_shown(a=f"samples/{point}")
    assert (explorer.pixels() != before).any()

    explorer.page.locator("[data-find]").click()
    explorer.page.locator("dialog [name=method]").select_option("pca")
    explorer.page.locator("dialog [data-ask]").click()
    row = explorer.page.locator(".rack [data-direction]").first
    row.wait_for()
    direction = row.get_attribute("data-direction")
    strength = explorer.drag(direction, 2)
    explorer.wait_steered((direction, strength, False))

    explorer.page.locator(".tool-bar [data-opens=traversal]").click()
    explorer.wait(
        "() => [...document.querySelectorAll('.traversal .cell')].filter((c) => !c.disabled).length === 28"
    )


def test_it_cannot_encode_and_says_so(new_page, stranger, astronaut, expected_errors):
    expected_errors.append("400")
    explorer = new_page(stranger).open()
    explorer.upload("a", astronaut)
    assert "no encoder" in explorer.notice("no encoder")

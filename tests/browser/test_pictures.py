"""The README's pictures can be made anew from the running app."""

import shutil
import subprocess
import sys

import pytest
from PIL import Image
from running_app import ROOT


@pytest.mark.skipif(shutil.which("chromium") != "/usr/bin/chromium", reason="Debian's Chromium is not here")
def test_the_readmes_pictures_can_be_made_anew(tmp_path):
    subprocess.run([sys.executable, "-m", "docs.pictures", tmp_path], cwd=ROOT, check=True)
    with Image.open(tmp_path / "page.png") as page:
        assert page.size == (1280, 800)
        assert len(page.convert("RGB").getcolors(2**24)) > 1000  # portraits and a map, not an empty page
    with Image.open(tmp_path / "morph.gif") as loop:
        assert loop.n_frames > 40

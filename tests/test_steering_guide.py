"""The Python of docs/steering.md, run as it stands, one block after another."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.operations import steer

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "steering.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "assets").symlink_to(ROOT / "assets")
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in BLOCKS:
            exec(block, names)
    return names | {"folder": folder}


def test_the_direction_reads_its_label(names):
    provenance = names["smile"].provenance
    assert provenance.score_name == "R²"
    assert provenance.score > 0.4
    assert provenance.count == 0.8 * len(names["train"])
    assert names["strongest"].provenance.notes[0].startswith("follows ")
    assert names["amplified"].vector.shape == names["mine"].vector.shape == (128,)


def test_the_picture_is_a_strip_of_faces(names):
    with Image.open(names["folder"] / "smiling.png") as strip:
        assert strip.size == (5 * 128, 128)
    still = names["pictures"][2].astype(int)
    change = [np.abs(picture - still).mean() for picture in names["pictures"].astype(int)]
    assert change[2] == 0
    assert change[0] > change[1] > 0.1
    assert change[4] > change[3] > 0.1


def test_a_traversal_passes_through_its_start(names):
    assert names["older"].shape == (len(names["STRENGTHS"]), 128)
    assert torch.equal(names["older"][3], names["face"][0])
    assert torch.equal(names["along"][1], names["face"][0])
    moved = (names["along"][2] - names["along"][0]).abs()
    assert moved.argmax() == names["index"]
    assert moved.sum() == pytest.approx(4 * names["widest"].std, rel=1e-4)
    with Image.open(names["folder"] / "older.png") as row:
        assert row.size == (7 * 128, 128)


def test_a_sum_is_weighted_and_its_terms_are_no_neighbours(names):
    latents = names["portraits"].shipped.latents
    expected = latents[17] - 0.5 * latents[23] + 0.5 * latents[5]
    torch.testing.assert_close(names["total"], expected, rtol=1e-4, atol=1e-5)
    assert len(names["nearest"]) == 5
    assert not {17, 23, 5} & set(names["nearest"])


def test_what_is_loaded_steers_as_what_was_saved(names):
    assert torch.equal(names["again"], steer(names["face"], [names["smile_alone"]], [2.0]))
    assert names["metadata"]["model"] == "face-vae"
    before, after = (names["model"].reencode(names[key]) for key in ("face", "again"))
    change = (after - before)[0]
    assert abs(float(change @ names["age"].vector)) < 0.05 < 0.5 < float(change @ names["smile"].vector)
    assert not torch.equal(names["again"], names["smiling"])


def test_the_readme_leads_there():
    assert "(docs/steering.md)" in (ROOT / "README.md").read_text()

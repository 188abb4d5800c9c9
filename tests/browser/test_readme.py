"""The README's Python, run as it stands against the running app."""

import re
import shutil

import torch
from PIL import Image
from running_app import ROOT

SNIPPETS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_clients_snippet_runs(app, astronaut, tmp_path, monkeypatch, face_vae):
    shutil.copy(astronaut, tmp_path / "me.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    names = {}
    exec(SNIPPETS[0].replace("http://127.0.0.1:7860", app.url), names)
    assert "face-vae" in {model["name"] for model in names["models"]}
    assert len(names["points"]["points"]) == 5
    size = face_vae.media.size
    for name in ("picture", "between", "smiling", "more_of_mine"):
        with Image.open(names[name]) as picture:
            assert picture.size == (size, size)
    with Image.open(names["row"]) as picture:
        assert picture.size == (7 * size, size)
    assert names["total"]["point"].startswith("mine/")
    assert len(names["total"]["neighbours"]) == 5


def test_the_models_snippet_runs():
    names = {"images": torch.zeros(1, 3, 128, 128)}
    exec(SNIPPETS[1], names)
    assert names["latents"].shape == (1, *names["model"].space.shape)


def test_there_is_no_snippet_that_nobody_runs():
    assert len(SNIPPETS) == 2

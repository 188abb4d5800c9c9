"""Where the app may write."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.writable import give_libraries_a_place, writable

ROOT = Path(__file__).parents[2]


def test_a_missing_folder_is_made(tmp_path):
    assert writable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("blocked", ["a file in its way", "nowhere"])
def test_what_cannot_be_written_is_replaced_and_said(tmp_path, caplog, blocked):
    if blocked == "nowhere":
        folder = Path("/proc/nowhere")  # not even root writes there
    else:
        (tmp_path / "file").write_text("")
        folder = tmp_path / "file" / "cache"
    with caplog.at_level(logging.WARNING):
        taken = writable(folder)
    assert taken != folder
    (taken / "probe").write_text("it can be written")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(folder) in caplog.text
    assert str(taken) in caplog.text


def test_a_map_is_made_by_somebody_without_a_home(tmp_path):
    """UMAP's compiled functions have a place even where neither home nor sources can be written."""
    code = (
        "from pathlib import Path; import torch\n"
        "from explorer.writable import give_libraries_a_place, writable\n"
        "place = writable(Path('/proc/nowhere')); give_libraries_a_place(place)\n"
        "from explorer.data import Arguments, fit\n"
        "print(fit(torch.randn(20, 4), Arguments()).shape, any((place / 'numba').iterdir()))\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment |= {"HOME": "/proc/nobody", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split("\n")[0] == "(20, 2) True"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/proc/nobody"}, "/app/hub"),
        ({"XDG_CACHE_HOME": "/proc/nobody", "HF_HUB_CACHE": "/mine"}, "/mine"),
        ({"XDG_CACHE_HOME": "/proc/nobody", "HF_HOME": "/mine"}, None),
        ({"XDG_CACHE_HOME": "here"}, None),
    ],
)
def test_models_of_the_hub_have_a_place_where_its_own_cannot_be_written(
    monkeypatch, tmp_path, environment, expected
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", environment)
    give_libraries_a_place(Path("/app"))
    assert environment.get("HF_HUB_CACHE") == expected

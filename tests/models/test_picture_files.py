from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from models.faces.training.trainset import open_pictures
from models.picture_files import candidates, litter


def test_what_nobody_put_there_is_no_candidate(tmp_path: Path) -> None:
    for name in (
        "b.png",
        "a/c.png",
        ".hidden.png",
        "Thumbs.db",
        "__MACOSX/b.png",
        ".git/d.png",
        "desktop.ini",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name, "PNG")
    assert candidates(tmp_path) == [tmp_path / "a/c.png", tmp_path / "b.png"]
    assert len(open_pictures(str(tmp_path))) == 2, "training takes what is shown"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("cats/a.png", None),
        ("a.png/Thumbs.db", "Thumbs.db"),
        (".hidden/.DS_Store", ".DS_Store"),
        ("__MACOSX/cats/._a.png", "__MACOSX"),
        ("cats/.a.png", "hidden file"),
        ("hidden file/a.png", None),
    ],
)
def test_litter_is_told_by_its_kind(path: str, kind: str | None) -> None:
    assert litter(path.split("/")) == kind

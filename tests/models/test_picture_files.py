from __future__ import annotations

from pathlib import Path

from PIL import Image

from models.faces.training.trainset import open_pictures
from models.picture_files import candidates


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

"""Data sets from the command line, beside an app that may be running."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.__main__ import main
from explorer.data import Store
from explorer.data.store import reading
from tests.explorer.data.store.conftest import draw


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(12):
        draw(tmp_path / "own" / f"{number:02}.png", number)
    (tmp_path / "own" / "notes.txt").write_text("no picture")
    draw(tmp_path / "own" / "12.png", 3)
    return tmp_path / "own"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LATENT_EXPLORER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_folder_is_imported_listed_and_deleted(
    pictures: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["import", str(pictures), "--title", "Twelve"])
    [name] = Store(data_dir).names()
    told = capsys.readouterr().out
    assert f"{name}: 13 pictures" in told
    assert "1 files cannot be read" in told
    assert "notes.txt: This file is not a picture we can read" in told
    assert "12.png looks as 03.png" in told
    assert Store(data_dir).datasets()[name].owner is None, "all people's"
    main(["list"])
    assert capsys.readouterr().out == f"{name}\t13\tTwelve\n"
    main(["delete", name])
    main(["list"])
    assert capsys.readouterr().out == ""
    assert len([*pictures.iterdir()]) == 14


def test_what_was_cut_short_is_gone_on_with(
    pictures: Path, data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STEP", 4)

    real = Store.read_in

    def interrupted(read: int, *_: object) -> None:
        if read:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(
            Store, "read_in", lambda store, name, *_: real(store, name, interrupted, lambda: False)
        )
        with pytest.raises(SystemExit, match="what has been read is kept"):
            main(["import", str(pictures)])
    [name] = Store(data_dir).names()
    main(["list"])
    assert capsys.readouterr().out == f"{name}\t4\town\tnot read to its end: resume\n"
    main(["resume", name])
    assert len(Store(data_dir).get(name).items) == 13


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["import", "absent"], "absent"),
        (["delete", "../own"], "There is no data set"),
        (["resume", "nobody"], "There is no data set"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(data_dir: Path, given: list[str], told: str) -> None:
    with pytest.raises(SystemExit, match=told) as error:
        main(given)
    assert str(error.value.code).startswith("explorer: ")

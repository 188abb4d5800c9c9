"""Reading a source: nothing is lost or doubled, however often it is cut short, and no bad file stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.data import Store, Stored
from explorer.data.store import reading
from models.errors import InputError
from tests.explorer.data.store.conftest import draw, read

KILLS = 4  # each new process takes seconds to begin
ROOT = Path(__file__).parents[4]


def names(stored: Stored) -> list[str]:
    return stored.items.column("where")


def test_items_have_labels_and_thumbnails_in_the_order_of_their_names(whole: Stored) -> None:
    assert len(whole.items) == 40
    assert names(whole) == sorted(names(whole))
    assert whole.items.labels()["folder"].tolist() == ["cats"] * 20 + ["dogs"] * 20
    assert whole.items.thumbnails[39][:4] == b"RIFF"
    assert whole.about.whole
    assert whole.about.findings.model_dump(exclude_defaults=True) == {}


def test_what_is_cut_short_goes_on_where_it_was(
    store: Store, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STEP", 4)
    stored = store.begin(pictures, None)
    lengths = []
    while not read(store, stored.name, stop_after=len(store.get(stored.name).items) + 8):
        lengths.append(len(store.get(stored.name).items))
        assert not store.get(stored.name).about.whole
    assert lengths == [8, 16, 24, 32]
    assert len(set(names(store.get(stored.name)))) == 40


def test_bad_files_are_counted_and_named_and_take_nobody_along(store: Store, pictures: Path) -> None:
    (pictures / "cats/empty.png").write_bytes(b"")
    (pictures / "cats/text.png").write_text("no picture")
    (pictures / "dogs/half.png").write_bytes((pictures / "dogs/00.png").read_bytes()[:200])
    for name in (".DS_Store", "cats/Thumbs.db", "__MACOSX/._x.png"):
        draw(pictures / f"{name}.png", 0).rename(pictures / name)
    (pictures / "birds").mkdir()
    draw(pictures / "cats/again.png", 0)
    stored = store.begin(pictures, None)
    assert read(store, stored.name)
    stored = store.get(stored.name)
    found = stored.about.findings
    assert (len(stored.items), found.unreadable, found.doubled) == (41, 3, 1)
    assert [line.partition(":")[0] for line in found.unreadable_named] == [
        "cats/empty.png", "cats/text.png", "dogs/half.png",
    ]  # fmt: skip
    assert found.doubled_named == ["dogs/00.png looks as cats/again.png"]
    assert sum(found.passed_over.values()) == 3
    assert found.empty == ["birds"]


def test_a_hundred_thousand_empty_files_are_refused_in_a_sentence(store: Store, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(2_000):  # as many as a test has time for: each is opened, looked at and named
        (many / f"{number}.png").touch()
    stored = store.begin(many, None)
    with pytest.raises(InputError, match=r"no picture that can be read in many: 0\.png: This file is empty"):
        read(store, stored.name)
    assert not stored.about.whole


def test_one_picture_a_hundred_times_is_taken_a_hundred_times(store: Store, tmp_path: Path) -> None:
    for number in range(100):
        draw(tmp_path / "same" / f"{number:03}.png", 1)
    stored = store.begin(tmp_path / "same", None)
    assert read(store, stored.name)
    stored = store.get(stored.name)
    assert (len(stored.items), stored.about.findings.doubled) == (100, 99)
    assert len(stored.about.findings.doubled_named) == 20


def test_notes_are_counted_over_all_runs(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STEP", 2)
    for number in range(6):
        frames = [Image.fromarray(np.full((20, 20, 3), 40 * number + i, np.uint8)) for i in range(2)]
        path = tmp_path / "films" / f"{number}.gif"
        path.parent.mkdir(exist_ok=True)
        frames[0].save(path, save_all=True, append_images=frames[1:])
    stored = store.begin(tmp_path / "films", None)
    assert not read(store, stored.name, stop_after=2)
    assert read(store, stored.name)
    stored = store.get(stored.name)
    assert stored.about.findings.noted == {"This GIF has several frames: the first is used.": 6}


def test_a_full_disk_is_a_sentence_and_costs_nothing_that_was_read(
    store: Store, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STEP", 4)
    monkeypatch.setattr(reading, "KEPT", 4)
    stored = store.begin(pictures, None)
    add, table = type(stored.items._table).add, type(stored.items._table)

    def full(self: Any, rows: object) -> None:
        if self.count_rows() >= 12:
            raise OSError(28, "No space left on device")
        add(self, rows)

    with monkeypatch.context() as patched:
        patched.setattr(table, "add", full)
        with pytest.raises(InputError, match="the disk is full"):
            read(store, stored.name)
    assert len(store.get(stored.name).items) == 12
    assert read(store, stored.name)
    assert len(set(names(store.get(stored.name)))) == len(store.get(stored.name).items) == 40


IMPORT = """
import sys, time
from pathlib import Path
from explorer.data import Store
from explorer.data.store import reading
reading.STEP = reading.KEPT = 2
Store(Path(sys.argv[1])).read_in(sys.argv[2], lambda *told: print(told, flush=True), lambda: False)
"""


def test_an_import_that_is_killed_again_and_again_loses_and_doubles_no_row(
    store: Store, tmp_path: Path
) -> None:
    for number in range(300):
        draw(tmp_path / "own" / f"{number:03}.png", number)
    stored, chance = store.begin(tmp_path / "own", None), np.random.default_rng(0)
    script = tmp_path / "import.py"
    script.write_text(textwrap.dedent(IMPORT))
    lengths = []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, script, store.folder, stored.name],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("("), "a lock does not outlive who held it"
        for _ in range(chance.integers(2, 40)):
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        lengths.append(len(store.get(stored.name).items))
    assert lengths == sorted(lengths)
    assert 0 < lengths[0] < lengths[-1] < 300
    stored = store.get(stored.name)
    assert stored.about.whole or read(store, stored.name)
    assert names(store.get(stored.name)) == [f"{number:03}.png" for number in range(300)]

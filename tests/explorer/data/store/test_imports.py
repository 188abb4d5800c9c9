"""Imports of an app: one after the other, each stopped, gone on with, or taken as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from explorer.data import Imports, Store, StoreError
from explorer.data.sources import Folder
from explorer.data.store import reading
from tests.explorer.data.store.conftest import draw
from tests.explorer.waiting import wait_for


@pytest.fixture
def imports(store: Store) -> Iterator[Imports]:
    imports = Imports(store)
    yield imports
    imports.close()


class Gate:
    """Lets so many pictures be read, and no more until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
        self.open, self._left, read = threading.Event(), count, Folder.read
        lock = threading.Lock()

        def gated(source: Folder, where: str) -> bytes:
            with lock:
                self._left -= 1
            if self._left < 0:
                assert self.open.wait(20)
            return read(source, where)

        monkeypatch.setattr(Folder, "read", gated)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(reading, "STEP", 4)
    gate = Gate(monkeypatch, 8)
    yield gate
    gate.open.set()


def is_in(imports: Imports, name: str, state: str) -> Callable[[], bool]:
    return lambda: imports.progress(name).state == state


def test_it_reads_on_its_own_and_tells_how_far_it_is(imports: Imports, pictures: Path, gate: Gate) -> None:
    name, other = (imports.store.begin(pictures, None).name for _ in range(2))
    imports.start(name)
    imports.start(other)
    wait_for(lambda: imports.progress(name).read == 8)
    told = imports.progress(name)
    assert (told.state, told.looked, told.total) == ("reading", 8, 40)
    assert told.rate > 0
    assert told.seconds_left == pytest.approx(32 / told.rate)
    assert imports.progress(other).state == "waiting"
    gate.open.set()
    wait_for(is_in(imports, other, "whole"))
    assert imports.progress(name).state == "whole"
    assert imports.progress(name).read == 40


def test_who_stops_it_goes_on_or_takes_what_is_there(imports: Imports, pictures: Path, gate: Gate) -> None:
    name = imports.store.begin(pictures, None).name
    with pytest.raises(StoreError, match="No picture of own has been read yet"):
        imports.store.finish(name)
    imports.start(name)
    wait_for(lambda: imports.progress(name).read == 8)
    with pytest.raises(StoreError, match="is being imported"):
        imports.store.finish(name)
    imports.stop(name)
    gate.open.set()
    wait_for(is_in(imports, name, "stopped"))
    read = imports.progress(name).read
    assert 8 <= read < 40
    assert not imports.store.datasets()
    again = Imports(imports.store)  # as after a restart
    assert (again.progress(name).state, again.progress(name).read) == ("stopped", read)
    again.store.finish(name)
    assert len(imports.store.datasets()[name]) == read
    again.close()


def test_one_that_was_stopped_goes_on(imports: Imports, pictures: Path, gate: Gate) -> None:
    name = imports.store.begin(pictures, None).name
    imports.start(name)
    wait_for(lambda: imports.progress(name).read == 8)
    imports.stop(name)
    gate.open.set()
    wait_for(is_in(imports, name, "stopped"))
    imports.start(name)
    wait_for(is_in(imports, name, "whole"))
    assert len(imports.store.datasets()[name]) == 40


def test_deleting_ends_it_without_a_word_to_the_log(
    imports: Imports, pictures: Path, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    name = imports.store.begin(pictures, None).name
    imports.start(name)
    wait_for(lambda: imports.progress(name).read == 8)
    threading.Timer(0.2, gate.open.set).start()
    imports.delete(name)
    assert imports.store.names() == []
    assert [*imports.store.folder.iterdir()] == []
    assert caplog.records == []


def test_another_process_that_writes_is_not_disturbed(imports: Imports, pictures: Path) -> None:
    stored = imports.store.begin(pictures, None)
    with imports.store.writing(stored.name):
        imports.start(stored.name)
        wait_for(is_in(imports, stored.name, "failed"))
    assert imports.progress(stored.name).message == f"{stored.name} is being imported"
    imports.start(stored.name)
    wait_for(is_in(imports, stored.name, "whole"))


def test_a_failure_is_told_in_a_sentence(imports: Imports, tmp_path: Path) -> None:
    folder = draw(tmp_path / "gone" / "a.png", 1).parent
    name = imports.store.begin(folder, None).name
    (folder / "a.png").write_bytes(b"")
    imports.start(name)
    wait_for(is_in(imports, name, "failed"))
    assert (
        "There is no picture that can be read in gone: a.png: This file is empty"
        in imports.progress(name).message
    )
    (folder / "a.png").unlink()
    folder.rmdir()
    imports.start(name)
    wait_for(
        lambda: (
            "gone" in imports.progress(name).message and "no picture" not in imports.progress(name).message
        )
    )
    with pytest.raises(StoreError, match="There is no data set"):
        imports.progress("other")

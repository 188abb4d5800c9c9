from __future__ import annotations

import pytest

from explorer.device import residency
from explorer.device.residency import Residency

LOADED = {"a": 4, "b": 3, "c": 2}


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> Residency:
    """A budget of 5 bytes; b was used first, then a, then c."""
    monkeypatch.setattr(residency, "UNUSED", 0.0)
    used = Residency(5)
    for name in "bac":
        used.use(name)
    return used


def test_the_longest_unused_go_until_the_rest_fits(used: Residency) -> None:
    assert used.surplus(LOADED) == ["b", "a"]
    used.use("b")
    assert used.surplus(LOADED) == ["a"]


def test_what_fits_stays(used: Residency) -> None:
    assert used.surplus({"b": 3, "c": 2}) == []


def test_what_was_used_just_now_stays_whatever_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    used = Residency(1)
    used.use("a")
    used.use("c")
    assert used.surplus(LOADED) == ["b"]

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from explorer.data import Keep
from explorer.data.keep import ALL, AROUND, EACH

THING = 10 * AROUND  # bytes of the things here, with what is around them


def kept_of(each: int = 256, most: int = 4096) -> Keep[Any]:
    """With room for so many things."""
    return Keep(lambda thing: THING - AROUND, each * THING, most * THING)


def test_things_are_kept_under_ids_that_cannot_be_guessed() -> None:
    kept = kept_of()
    keys = [kept.add(number, "ann") for number in range(5)]
    assert len(set(keys)) == 5
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)
    assert [kept.get(key) for key in keys] == [0, 1, 2, 3, 4]
    assert kept.get("0" * 32) is None


def test_the_longest_unused_of_a_person_is_dropped() -> None:
    kept = kept_of(each=3)
    first, second, third = (kept.add(name, "ann") for name in "abc")
    kept.get(first)
    fourth = kept.add("d", "ann")
    assert kept.get(second) is None
    assert [kept.get(key) for key in (first, third, fourth)] == ["a", "c", "d"]


def test_one_persons_many_things_do_not_drop_anothers() -> None:
    """300 directions out of three files used to drop what everybody else had brought."""
    kept = kept_of()
    mine = kept.add("of Ben", "ben")
    for number in range(300):
        kept.add(f"{number}", "ann")
    assert kept.get(mine) == "of Ben"
    assert list(kept.of("ann").values()) == [str(number) for number in range(300 - 256, 300)]
    assert kept.of("ben") == {mine: "of Ben"}
    assert kept.of("nobody") == {}


def test_where_all_are_too_many_whoever_has_most_gives_way() -> None:
    kept = kept_of(each=4, most=6)
    for number in range(4):
        kept.add(number, "ann")
    one, two = kept.add(10, "ben"), kept.add(11, "ben")
    new = kept.add(20, "eve")
    assert list(kept.of("ann").values()) == [1, 2, 3]
    assert [kept.get(key) for key in (one, two, new)] == [10, 11, 20]


def test_what_is_used_stays_however_many_people_come() -> None:
    kept = kept_of(each=2, most=8)
    used = kept.add(-1, "ann")
    for number in range(50):
        kept.add(number, f"person {number}")
        assert kept.get(used) == -1
    assert sum(len(kept.of(f"person {number}")) for number in range(50)) == 7


def test_there_is_room_for_many_people() -> None:
    assert EACH * 10 <= ALL


def test_what_is_held_counts_not_how_many_hold_it() -> None:
    """256 own pictures of 512 px held 100 MB and more."""
    kept = Keep[bytes](len, 10 * AROUND, 20 * AROUND)
    first, small = kept.add(bytes(4 * AROUND), "ann"), kept.add(b"", "ann")
    large = kept.add(bytes(8 * AROUND), "ann")
    assert [kept.get(key) is None for key in (first, small, large)] == [True, False, False]
    with pytest.raises(ValueError, match="too large"):
        kept.add(bytes(10 * AROUND), "ben")
    assert kept.of("ben") == {}


def test_things_from_many_threads_are_all_kept() -> None:
    kept = kept_of()
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda number: kept.add(number, str(number % 3)), range(300)))
    assert [kept.get(key) for key in keys] == list(range(300))


@pytest.mark.parametrize("owner", ["", "ann"])
def test_a_persons_things_are_listed_the_longest_unused_first(owner: str) -> None:
    kept = kept_of()
    first, second = kept.add("a", owner), kept.add("b", owner)
    kept.get(first)
    assert list(kept.of(owner)) == [second, first]

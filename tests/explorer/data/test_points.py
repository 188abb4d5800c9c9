from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from explorer.data import MINE, SAMPLES, Point, UnknownPointError, one_of
from models.errors import InputError


@pytest.mark.parametrize(
    ("name", "dataset", "key"),
    [
        (17, "portraits", "17"),
        ("17", "portraits", "17"),
        ("portraits/17", "portraits", "17"),
        ("samples/5", SAMPLES, "5"),
        ("mine/" + "3f" * 16, MINE, "3f" * 16),
        ("my-own-set/IMG_0001-b", "my-own-set", "IMG_0001-b"),
    ],
)
def test_a_name_is_read(name: str | int, dataset: str, key: str) -> None:
    point = Point.of(name)
    assert (point.dataset, point.key) == (dataset, key)
    assert point == Point(dataset=dataset, key=key)
    assert point.is_own == (dataset == MINE)


@pytest.mark.parametrize("name", ["17", "samples/5", "mine/3f", "a-set/x_1"])
def test_what_is_written_is_read_again(name: str) -> None:
    point = Point.of(name)
    assert str(point) == name
    assert Point.model_validate_json(point.model_dump_json()) == point
    assert Point.of(str(point)) == point


def test_the_first_data_sets_items_are_written_as_before_there_were_others() -> None:
    assert str(Point.of("portraits/17")) == "17"
    assert Point.of("portraits/17").model_dump_json() == '"17"'


@pytest.mark.parametrize(
    "name",
    [
        -1,
        "-1",
        True,
        False,
        None,
        1.5,
        "1.5",
        "",
        "/",
        "a/",
        "/5",
        "a/b/c",
        "../etc",
        "samples/../5",
        "1\n",
        " 1",
        "Samples/5",
        "١",
        "a" * 65,
        "x" * 41 + "/5",
        b"17",
        ["17"],
    ],
    ids=repr,
)
def test_what_is_no_point_is_refused_in_one_sentence(name: object) -> None:
    with pytest.raises(ValidationError) as error:
        Point.model_validate(name)
    (detail,) = error.value.errors()
    assert detail["msg"] == "Value error, expected a point, such as 17, samples/5 or mine/3f…"
    assert detail["input"] == name


@pytest.mark.parametrize("key", ["", "../etc", "a/b", 5, None])
def test_a_point_in_parts_is_held_to_the_same(key: object) -> None:
    with pytest.raises(ValidationError):
        Point.model_validate({"dataset": "portraits", "key": key})


def test_a_point_is_a_value() -> None:
    assert len({Point.of(17), Point.of("17"), Point.of("portraits/17")}) == 1
    with pytest.raises(ValidationError):
        Point.of(17).key = "18"  # type: ignore[misc]


def test_an_unknown_point_is_the_askers_fault() -> None:
    assert issubclass(UnknownPointError, InputError)


def test_a_name_of_no_table_is_told_which_there_are() -> None:

    names = TypeAdapter(Annotated[str, AfterValidator(one_of({"a": 1, "b": 2}))])
    assert names.validate_python("a") == "a"
    with pytest.raises(ValidationError, match="expected one of a, b"):
        names.validate_python("c")

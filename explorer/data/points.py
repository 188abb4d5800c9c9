"""How points and table entries are named in requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def one_of(names: Mapping[str, Any]) -> Callable[[str], str]:
    """A validator that accepts the keys of a table only."""

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"expected one of {', '.join(names)}")
        return name

    return check


def _text(point: object) -> object:
    return str(point) if isinstance(point, int) and not isinstance(point, bool) else point


MAX_GROUP = 10_000  # points

Point = Annotated[str, BeforeValidator(_text), Field(pattern=r"^([0-9]{1,9}|u[0-9a-f]{32})$")]
"""A portrait number, or the id of an upload."""

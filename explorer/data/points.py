"""How requests name points and table entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from explorer.data.catalogue import FIRST, MINE
from models.errors import InputError

MAX_GROUP = 10_000  # points

_DATASET, _KEY = r"[a-z0-9][a-z0-9-]{0,39}", r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}"
_NAME = re.compile(rf"(?:(?P<dataset>{_DATASET})/)?(?P<key>{_KEY})")


class UnknownPointError(InputError):
    """No data set has this point, or it is of another model; the text says which."""


class Point(BaseModel):
    """An item of a data set: "samples/5", "mine/3f…", or 17 alone for one of the first data set."""

    model_config = ConfigDict(frozen=True)

    dataset: Annotated[str, Field(pattern=rf"^{_DATASET}$")]
    key: Annotated[str, Field(pattern=rf"^{_KEY}$")]

    @classmethod
    def of(cls, name: str | int) -> Self:
        """The point of a name. Raises ValidationError."""
        return cls.model_validate(name)

    @property
    def is_own(self) -> bool:
        """Whether a person brought or made it."""
        return self.dataset == MINE

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: object) -> object:
        if isinstance(given, Point | Mapping):
            return given
        name = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
        if not (found := _NAME.fullmatch(name)):
            raise InputError(f"expected a point, such as 17, samples/5 or {MINE}/3f…")
        return {"dataset": found["dataset"] or FIRST, "key": found["key"]}

    @model_serializer
    def __str__(self) -> str:
        return self.key if self.dataset == FIRST else f"{self.dataset}/{self.key}"


def one_of(names: Mapping[str, Any]) -> Callable[[str], str]:
    """A validator that accepts the keys of a table only."""

    def check(name: str) -> str:
        if name not in names:
            raise InputError(f"expected one of {', '.join(names)}")
        return name

    return check

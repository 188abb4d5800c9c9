"""The run-time type checker that conftest.py puts around every function of models and explorer."""

from __future__ import annotations

from typing import Any

from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintException

CONF: Any = BeartypeConf(is_pep484_tower=True)  # an int will do where a float is asked for, as for mypy


def checked(function: Any) -> Any:
    """beartype, leaving alone a function with a hint that it can't check: typing.Self, a plain Protocol."""
    try:
        return beartype(conf=CONF)(function)
    except BeartypeDecorHintException:
        return function

"""The columns of a table: which holds the pictures, and which are labels."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from explorer.data.sources.base import Scalar, SourceError

PATHS = ("file_name", "filename", "image_path", "path", "file")
"""Names of columns that say where a picture lies, Hugging Face's first."""
LONGEST = 10_000  # characters of a label: what is longer is cut
PICTURES = ("image", "img", "picture", "photo", *PATHS, "url")
NESTED = (
    (types.is_list, "list"),
    (types.is_large_list, "list"),
    (types.is_fixed_size_list, "list"),
    (types.is_struct, "struct"),
    (types.is_map, "map"),
)


def choose_pictures(schema: Any, wanted: str | None) -> str:
    """The name of the column with the pictures; a guess where none is wanted.

    Raises SourceError where there is none such, with the columns there are.
    """
    check_names(schema)
    names, listed = list(schema.names), ", ".join(schema.names)
    marked = [name for name, feature in _features(schema).items() if feature.get("_type") == "Image"]
    lower = {name.lower(): name for name in reversed(names)}
    guesses = [*marked, *(lower[name] for name in PICTURES if name in lower)]
    chosen = wanted or next((name for name in guesses if name in names), None)
    if chosen is None:
        raise SourceError(f"No column is called {' or '.join(PICTURES[:4])}; name one of {listed}.")
    if chosen not in names:
        raise SourceError(f"There is no column {chosen}; the columns are {listed}.")
    if not _holds_pictures(schema.field(chosen).type):
        found = f"{chosen} holds {schema.field(chosen).type}"
        raise SourceError(f"The column {found}, no pictures or paths; the columns are {listed}.")
    return chosen


def check_names(schema: Any) -> None:
    """Raise SourceError where two columns have one name."""
    if len(set(schema.names)) < len(schema.names):
        raise SourceError(f"Two columns have one name; the columns are {', '.join(schema.names)}.")


def choose_labels(schema: Any, besides: str) -> tuple[tuple[str, ...], Counter[str]]:
    """The names of the columns with one value a row, and the others, counted by name and kind."""
    labels, passed_over = list[str](), Counter[str]()
    for field in schema:
        kind = _not_scalar(field.type)
        if kind:
            passed_over[f"column {field.name} ({kind})"] += field.name != besides
        elif field.name != besides:
            labels.append(field.name)
    return tuple(labels), +passed_over


def values_of(table: Any, name: str) -> list[Scalar]:
    """The values of a label in a table or batch: missing ones are None, times are text, classes have names.

    Text is cut where it is too long, before Python has it. Raises SourceError for what is no value of the
    column's type.
    """
    column = table.column(name)
    to_scalar = _converter(column.type, _class_names(table.schema, name))
    try:
        values = _cut(column).to_pylist()
        return [None if value is None else to_scalar(value) for value in values]
    except (ValueError, OverflowError) as error:  # text that is not UTF-8, a day after the year 9999
        raise SourceError(f"The column {name} has a value that cannot be read.") from error


def _cut(column: Any) -> Any:
    if types.is_string_view(column.type):  # which Arrow cannot cut
        column = column.cast(pa.large_string())
    return pc.utf8_slice_codeunits(column, 0, LONGEST) if _is_text(column.type) else column


def _converter(kind: Any, names: Sequence[str] | None) -> Callable[[Any], Scalar]:
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_integer(kind) and names:  # -1 is Hugging Face's "not known"
        return lambda value: names[value] if 0 <= value < len(names) else None
    if types.is_floating(kind) or types.is_decimal(kind):
        return lambda value: None if math.isnan(value) else float(value)
    return str if types.is_temporal(kind) else lambda value: value


def _not_scalar(kind: Any) -> str | None:
    """What a column is called that is no label."""
    kind = kind.value_type if types.is_dictionary(kind) else kind
    nested = next((name for is_it, name in NESTED if is_it(kind)), None)
    if nested:
        return nested
    is_scalar = (
        _is_text(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_boolean(kind)
        or (types.is_temporal(kind) and not types.is_interval(kind))
    )
    return None if is_scalar else str(kind)


def _holds_pictures(kind: Any) -> bool:
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_struct(kind):
        return any(kind.field(i).name in ("bytes", "path") for i in range(kind.num_fields))
    checks = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view)
    return _is_text(kind) or any(check(kind) for check in checks)


def _is_text(kind: Any) -> bool:
    return any(check(kind) for check in (types.is_string, types.is_large_string, types.is_string_view))


def _class_names(schema: Any, name: str) -> Sequence[str] | None:
    feature = _features(schema).get(name, {})
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    return [str(value) for value in names] if isinstance(names, list) else None


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """What Hugging Face's datasets wrote of the columns, as far as it is of the form that is known."""
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = told["info"]["features"]
        return {name: value for name, value in features.items() if isinstance(value, dict)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}

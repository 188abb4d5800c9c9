"""Directions on disk: one safetensors file, the provenance in its metadata. No pickle is ever read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from explorer.data import MAX_GROUP
from explorer.operations import Direction, Provenance
from models.base import LatentSpace
from models.errors import InputError

FORMAT = "latent-explorer/directions/1"
MAX_BYTES = 64 * 2**20  # less than is kept of one person, so that loading a file drops none of its own
MAX_HEADER = 2 * 2**20  # bytes: some 3 KB of name, shape and provenance a direction
MAX_STD = 1e4  # latents have about unit variance: more would only end in infinite pictures
MAX_DIRECTIONS = 128
FLOATS = ("F16", "BF16", "F32", "F64")  # by their names in a safetensors file
_METADATA = "__metadata__"

Text = Annotated[str, Field(max_length=300)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f<>]+$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Named = Annotated[str, Field(pattern=r"^(([a-z0-9][a-z0-9-]{0,39}/)?[0-9]{1,9}|an upload)$")]
NamedGroup = Annotated[tuple[Named, ...], Field(max_length=MAX_GROUP)]


class _Record(BaseModel):
    """What the metadata says of one direction."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    std: Annotated[float, Field(gt=0, le=MAX_STD, allow_inf_nan=False)]
    method: Annotated[str, Field(max_length=40)]
    data: Text
    count: Annotated[int, Field(ge=0, le=10**9)]
    score: Number | None
    score_name: Literal["accuracy", "R²"] | None
    correlations: Annotated[dict[Name, Number], Field(max_length=200)]
    notes: Annotated[tuple[Text, ...], Field(max_length=50)]
    points: tuple[NamedGroup, NamedGroup] = ((), ())  # not in the first files

    @model_validator(mode="after")
    def _score_is_named(self) -> Self:
        if (self.score is None) != (self.score_name is None):
            raise InputError("expected a score and its name, or neither")
        return self


_RECORDS = TypeAdapter(dict[Annotated[str, Field(max_length=80)], _Record])


def to_bytes(
    space: LatentSpace, directions: Mapping[str, Direction], extra: Mapping[str, str] | None = None
) -> bytes:
    """Directions of one latent space by their keys, as a safetensors file, with `extra` metadata.

    Raises InputError where their provenance could not be read again.
    """
    records = {key: _record(direction).model_dump() for key, direction in directions.items()}
    metadata = {
        "format": FORMAT,
        "model": space.name,
        "shape": json.dumps(space.shape),
        "directions": json.dumps(records, ensure_ascii=False),
    }
    vectors = {key: d.vector.contiguous().clone() for key, d in directions.items()}
    content = save(vectors, {**metadata, **(extra or {})})
    if int.from_bytes(content[:8], "little") > MAX_HEADER:
        raise InputError("the groups of these directions have too many points for a file: save fewer")
    return content


def from_bytes(content: bytes, space: LatentSpace, name: str = "this file") -> dict[str, Direction]:
    """The directions of a file that `to_bytes` made for this latent space.

    Raises InputError that says what was expected and what came: for a file of another kind (a pickle, say) or
    another model or shape, one that is too large, truncated, or holds values that are no direction.
    """
    return _read(content, space, name)[0]


def load_file(path: Path, space: LatentSpace) -> tuple[dict[str, Direction], dict[str, str]]:
    """The directions of a file, and all of its metadata. Raises as `from_bytes`, and for no file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a file of directions: {error.strerror}") from error
    return _read(content, space, path.name)


def _read(content: bytes, space: LatentSpace, name: str) -> tuple[dict[str, Direction], dict[str, str]]:
    """Limits are checked before anything is parsed, and the header before any vector is read."""
    header = _header(content, name)
    metadata = header.pop(_METADATA, None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InputError(f"{name}: expected texts in its metadata")
    _check_origin(metadata, space, name)
    records = _records(metadata, name)
    _check_vectors(header, records, space, name)
    try:
        vectors = load(content)
    except SafetensorError as error:
        raise InputError(f"{name}: expected a whole safetensors file: {error}") from error
    return {key: _direction(record, vectors[key]) for key, record in records.items()}, metadata


def _header(content: bytes, name: str) -> dict[str, Any]:
    """8 bytes of length, then JSON: what every safetensors file begins with."""
    if len(content) > MAX_BYTES:
        raise InputError(
            f"{name}: expected at most {MAX_BYTES // 2**20} MB, got {len(content) / 2**20:.0f} MB"
        )
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or not 2 <= length <= len(content) - 8 or content[8:9] != b"{":
        raise InputError(f"{name}: expected a whole safetensors file, found something else")
    if length > MAX_HEADER:
        raise InputError(
            f"{name}: expected at most {MAX_HEADER // 2**20} MB of metadata, got {length / 2**20:.0f} MB"
        )
    try:
        header: dict[str, Any] = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: expected a whole safetensors file: its header is damaged") from error
    return header


def _check_origin(metadata: dict[str, str], space: LatentSpace, name: str) -> None:
    if metadata.get("format") != FORMAT:
        raise InputError(
            f"{name}: expected a file of directions ({FORMAT}), found {_short(metadata.get('format'))}"
        )
    shape = json.dumps(space.shape)
    if (metadata.get("model"), metadata.get("shape")) != (space.name, shape):
        found = f"{_short(metadata.get('model'))} and shape {_short(metadata.get('shape'))}"
        raise InputError(
            f"{name}: expected directions of the model {space.name} and shape {shape}, found {found}"
        )


def _records(metadata: dict[str, str], name: str) -> dict[str, _Record]:
    try:
        return _RECORDS.validate_json(metadata.get("directions", ""))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{name}: its metadata is damaged at {_short(place)}: {first['msg']}") from error


def _check_vectors(
    entries: dict[str, Any], records: dict[str, _Record], space: LatentSpace, name: str
) -> None:
    """Before safetensors reads them, since it trusts a file's shapes and kinds of numbers."""
    if not 1 <= len(entries) <= MAX_DIRECTIONS or entries.keys() != records.keys():
        raise InputError(
            f"{name}: expected 1 to {MAX_DIRECTIONS} directions, each with a vector and a record;"
            f" found {len(entries)} vectors and {len(records)} records"
        )
    for key, entry in entries.items():
        shape, kind = (entry.get("shape"), entry.get("dtype")) if isinstance(entry, dict) else (None, None)
        if shape != list(space.shape) or kind not in FLOATS:
            raise InputError(
                f"{name}: expected {_short(key)} of shape {list(space.shape)} in floating point,"
                f" found {_short(shape)} of {_short(kind)}"
            )


def _record(direction: Direction) -> _Record:
    try:
        return _Record(name=direction.name, std=direction.std, **vars(direction.provenance))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        told = f"{place}: {first['msg']}"
        raise InputError(f"direction {direction.name!r} does not fit into a file: {told}") from error


def _direction(record: _Record, vector: Tensor) -> Direction:
    fields = record.model_dump(exclude={"name", "std"})
    return Direction(record.name, vector.float(), record.std, Provenance(**fields))


def _short(text: object) -> str:
    """What a stranger's file says, cut to what fits into a message."""
    return repr(str(text)[:60])

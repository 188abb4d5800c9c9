"""Files of directions: what we write we can read, and what a stranger writes ends in one clear sentence."""

from __future__ import annotations

import json
import pickle
import struct
import tracemalloc
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from explorer.data.keep import AROUND, EACH
from explorer.operations import Direction, Provenance, unit
from explorer.steering.direction_files import (
    FORMAT,
    MAX_BYTES,
    MAX_DIRECTIONS,
    MAX_HEADER,
    from_bytes,
    load_file,
    to_bytes,
)
from models.base import LatentSpace
from models.errors import InputError
from models.priors import StandardNormal

FACES = LatentSpace("face-vae", (8,), ("dim",), StandardNormal((8,)))
SPATIAL = LatentSpace("sd-vae", (4, 8, 8), ("channel", "row", "column"))
TOLD = Provenance(
    method="ridge",
    data="label smile of 5,000 training portraits",
    count=4000,
    score=0.58,
    score_name="R²",
    correlations={"age": -0.25, "hair_style: bob": 0.1},
    notes=("in the data that made it, it goes along with age (r = -0.25)",),
)


def direction(space: LatentSpace = FACES, seed: int = 0, told: Provenance = TOLD) -> Direction:
    generator = torch.Generator().manual_seed(seed)
    return Direction("smile", unit(torch.randn(space.shape, generator=generator)), 0.97, told)


WHOLE = to_bytes(FACES, {"smile": direction(), "age": direction(seed=1)})


def altered(record: dict | None = None, metadata: dict | None = None, tensors: dict | None = None) -> bytes:
    """A file of one direction, well made but for what is given."""
    whole = to_bytes(FACES, {"smile": direction()})
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])["__metadata__"]
    if record is not None:
        told = json.loads(header["directions"])["smile"]
        header["directions"] = json.dumps({"smile": told | record})
    return save(load(whole) if tensors is None else tensors, header | (metadata or {}))


def with_header(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + body


def refused(content: bytes, space: LatentSpace = FACES) -> str:
    """The sentence that refuses it, which names the file and is fit for a person."""
    with pytest.raises(InputError, match=r"^it\.safetensors: |^direction ") as error:
        from_bytes(content, space, "it.safetensors")
    text = str(error.value)
    assert type(error.value) is InputError, "pydantic's own errors are for programmers"
    assert text.isprintable()
    assert len(text) < 400
    return text


@pytest.mark.parametrize("space", [FACES, SPATIAL])
def test_what_is_written_is_read(space, tmp_path):
    directions = {"smile": direction(space), "glasses:round": direction(space, 1, Provenance("pca", "", 0))}
    path = tmp_path / "mine.safetensors"
    path.write_bytes(to_bytes(space, directions, {"latents_sha256": "abc"}))
    found, metadata = load_file(path, space)
    assert list(found) == list(directions)
    for key, original in directions.items():
        assert torch.equal(found[key].vector, original.vector)
        assert found[key].provenance == original.provenance
        assert (found[key].name, found[key].std) == (original.name, original.std)
    assert metadata["latents_sha256"] == "abc"
    assert metadata["format"] == FORMAT


def test_two_names_may_be_of_one_direction():
    one = direction()
    assert len(from_bytes(to_bytes(FACES, {"a": one, "b": one}), FACES)) == 2


def test_all_that_an_app_can_hold_fits_into_a_file():
    """With as many correlations as the bundled labels have."""
    assert MAX_BYTES + MAX_DIRECTIONS * AROUND <= EACH, "a file drops none of its own directions"
    told = replace(TOLD, correlations={f"hair_style: side_ponytail {i}": 1 / (i + 3) for i in range(85)})
    directions = {f"d{i:032x}": direction(seed=i, told=told) for i in range(MAX_DIRECTIONS)}
    assert len(from_bytes(to_bytes(FACES, directions), FACES)) == MAX_DIRECTIONS


def test_the_points_of_groups_are_kept_as_far_as_a_file_goes():
    told = replace(TOLD, points=(("an upload", *map(str, range(5000))), tuple(map(str, range(512)))))
    few, many = ({f"d{i}": direction(seed=i, told=told) for i in range(count)} for count in (10, 60))
    for found in from_bytes(to_bytes(FACES, few), FACES).values():
        assert found.provenance == told
    with pytest.raises(InputError, match="too many points for a file: save fewer"):
        to_bytes(FACES, many)


def test_points_of_any_data_set_are_kept():
    told = replace(TOLD, points=(("17", "samples/5", "an upload"), ("my-own-set/123",)))
    (found,) = from_bytes(to_bytes(FACES, {"d": direction(told=told)}), FACES).values()
    assert found.provenance == told


def test_a_direction_that_no_file_can_hold_says_so():
    """In a sentence, not in pydantic's own words."""
    for wrong in ({"data": "x" * 301}, {"notes": ("x" * 301,)}):
        with pytest.raises(InputError, match=r"^direction 'smile' does not fit into a file: "):
            to_bytes(FACES, {"d": direction(told=replace(TOLD, **wrong))})


def test_a_file_from_before_points_were_kept_is_read():
    header = json.loads(WHOLE[8 : 8 + int.from_bytes(WHOLE[:8], "little")])["__metadata__"]
    records = json.loads(header["directions"])
    for record in records.values():
        assert record.pop("points") == [[], []]
    content = save(load(WHOLE), header | {"directions": json.dumps(records)})
    assert from_bytes(content, FACES)["smile"].provenance == TOLD


def test_halves_are_read_as_floats():
    content = altered(tensors={"smile": direction().vector.half()})
    assert from_bytes(content, FACES)["smile"].vector.dtype == torch.float32


def test_a_file_of_another_model_or_shape_says_of_which():
    assert "expected directions of the model face-vae and shape [8], found 'sd-vae'" in refused(
        to_bytes(SPATIAL, {"smile": direction(SPATIAL)})
    )
    assert "found 'face-vae' and shape '[8]'" in refused(WHOLE, replace(SPATIAL, name="face-vae"))


@pytest.mark.parametrize("end", sorted({*range(17), *range(17, len(WHOLE), 97), len(WHOLE) - 1}))
def test_a_truncated_file_is_refused(end):
    assert "expected a whole safetensors file" in refused(WHOLE[:end])


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_more_than_the_file(place, value):
    content = bytearray(WHOLE)
    content[place] = value
    try:
        from_bytes(bytes(content), FACES, "it.safetensors")
    except InputError:
        refused(bytes(content))


@given(st.binary(max_size=200))
def test_noise_is_refused(content):
    refused(content)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_and_not_read(protocol):
    class Bomb:
        def __reduce__(self):
            return exec, ("raise SystemExit('this ran')",)

    assert "expected a whole safetensors file, found something else" in refused(
        pickle.dumps({"smile": Bomb()}, protocol)
    )


def test_a_torch_file_is_refused(tmp_path):
    torch.save({"smile": direction().vector}, tmp_path / "it.pt")
    assert "expected a whole safetensors file" in refused((tmp_path / "it.pt").read_bytes())


def test_somebody_elses_safetensors_file_is_refused():
    assert f"expected a file of directions ({FORMAT}), found 'None'" in refused(save({"w": torch.zeros(3)}))
    assert "found 'pt'" in refused(save({"w": torch.zeros(3)}, {"format": "pt"}))


def test_the_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.safetensors: expected a file of directions: No such file"):
        load_file(tmp_path / "none.safetensors", FACES)
    with pytest.raises(InputError, match="expected a file of directions: "):
        load_file(tmp_path, FACES)


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**63, 2**64 - 1])
def test_a_header_may_not_claim_any_length(length):
    assert "expected a whole safetensors file" in refused(struct.pack("<Q", length) + WHOLE[8:])


def test_a_file_that_is_too_large_is_refused_unread():
    content = with_header(b"{" + b" " * MAX_BYTES)
    tracemalloc.start()
    assert "expected at most 64 MB, got 64 MB" in refused(content)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_header_that_is_too_large_is_refused_unread():
    content = with_header(b'{"__metadata__":{"format":"' + b"x" * (MAX_HEADER + 2**20) + b'"}}')
    tracemalloc.start()
    assert "expected at most 2 MB of metadata, got 3 MB" in refused(content)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        b'{"__metadata__":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"__metadata__":' + b"9" * 10_000 + b"}",
        b'{"__metadata__":[1,2]}',
        b'{"__metadata__":"text"}',
        b'{"__metadata__":7}',
        b'{"__metadata__":{"format":1}}',
        b'{"__metadata__":{"format":{"a":1}}}',
        b'{"__metadata__":null}',
        b"{}",
        b"{\xff\xfe}",
        b"{\0\0\0}",
        "{}".encode("utf-16"),
        b'{"a":NaN}',
        json.dumps({"__metadata__": {"format": "\x1b[31m" * 50}}).encode(),
        json.dumps({"__metadata__": {"format": FORMAT, "model": "<script>\n\u202e\ud800"}}).encode(),
    ],
)
def test_a_hostile_header_is_refused(header):
    refused(with_header(header))


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [8], "data_offsets": [0, 2**60]},
        {"dtype": "F32", "shape": [2**62], "data_offsets": [0, 32]},
        {"dtype": "F32", "shape": [2**40, 0], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [2**63, 0], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-8], "data_offsets": [0, 32]},
        {"dtype": "F32", "shape": [8], "data_offsets": [32, 0]},
        {"dtype": "F32", "shape": [1] * 200, "data_offsets": [0, 4]},
        {"dtype": "F4", "shape": [64], "data_offsets": [0, 32]},
        {"dtype": "F6_E2M3", "shape": [32], "data_offsets": [0, 24]},
        {"dtype": "F8_E8M0", "shape": [8], "data_offsets": [0, 8]},
        {"dtype": "C64", "shape": [4], "data_offsets": [0, 32]},
        {"dtype": "I32", "shape": [8], "data_offsets": [0, 32]},
        {"dtype": "BOOL", "shape": [8], "data_offsets": [0, 8]},
        {"dtype": "O", "shape": [8], "data_offsets": [0, 32]},
    ],
    ids=str,
)
def test_a_hostile_tensor_is_refused(entry):
    header = json.loads(altered()[8 : 8 + int.from_bytes(altered()[:8], "little")])
    text = json.dumps(header | {"smile": entry}).encode()
    tracemalloc.start()
    refused(with_header(text, bytes(entry["data_offsets"][1] if entry["data_offsets"][1] < 100 else 32)))
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


@pytest.mark.parametrize(
    "record",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "<script>alert(1)</script>"},
        {"name": "smile\n"},
        {"name": "smile\x00"},
        {"name": "\x1b[31m"},
        {"name": 7},
        {"name": None},
        {"std": 0},
        {"std": -1},
        {"std": float("inf")},
        {"std": float("nan")},
        {"std": 1e300},
        {"std": "wide"},
        {"std": None},
        {"method": "x" * 41},
        {"data": "x" * 301},
        {"count": -1},
        {"count": 1.5},
        {"count": 10**400},
        {"score": float("nan")},
        {"score_name": "loss"},
        {"score": None},
        {"score_name": None},
        {"points": [[]]},
        {"points": [["0"] * 10_001, []]},
        {"points": [["<b>"], []]},
        {"points": [["u" + "0" * 32], []]},
        {"points": [["mine/" + "0" * 32], []]},
        {"points": [["samples/5/6"], []]},
        {"points": None},
        {"correlations": {"<b>": 0.1}},
        {"correlations": {"age": float("inf")}},
        {"correlations": [1, 2]},
        {"correlations": {str(i): 0.0 for i in range(201)}},
        {"notes": ["x" * 301]},
        {"notes": [""] * 51},
        {"notes": "one"},
        {"notes": {"a": {}}},
        {"extra": 1},
    ],
    ids=lambda record: next(iter(record)),
)
def test_a_hostile_record_is_refused(record):
    assert "its metadata is damaged at " in refused(altered(record))


@pytest.mark.parametrize(
    "records",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"smile"',
        '{"smile": 7}',
        '{"smile": {}}',
        "[" * 100_000,
        '{"smile":' * 10_000 + "1" + "}" * 10_000,
        "1e999",
        '{"' + "k" * 500 + '": {}}',
        '{"smile\\ud800": {}}',
    ],
    ids=lambda text: text[:12],
)
def test_hostile_records_are_refused(records):
    assert "its metadata is damaged at " in refused(altered(metadata={"directions": records}))


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (torch.zeros(8), "unit length, got length 0"),
        (torch.ones(8), "unit length, got length 2.8"),
        (torch.full((8,), float("nan")), "unit length, got length nan"),
        (torch.full((8,), float("inf")), "unit length, got length inf"),
        (torch.full((8,), 3e38), "unit length"),
        (unit(torch.ones(9)), "shape [8] in floating point, found '[9]'"),
        (unit(torch.ones(1, 8)), "found '[1, 8]'"),
        (torch.zeros(0), "found '[0]'"),
        (torch.eye(8)[0].int(), "found '[8]' of 'I32'"),
    ],
)
def test_a_vector_that_is_no_direction_is_refused(vector, message):
    assert message in refused(altered(tensors={"smile": vector}))


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"age": direction().vector},
        {"smile": direction().vector, "age": direction(seed=1).vector},
    ],
)
def test_every_vector_has_a_record_and_every_record_a_vector(tensors):
    text = refused(altered(tensors=tensors))
    assert f"each with a vector and a record; found {len(tensors)} vectors and 1 records" in text


def test_more_directions_than_anybody_makes_are_refused():
    count = MAX_DIRECTIONS + 1
    few = {f"{i}": direction(seed=i, told=Provenance("pca", "", 0)) for i in range(count)}
    assert f"found {count} vectors and {count} records" in refused(to_bytes(FACES, few))


@pytest.mark.parametrize("first", ["F32", "F4"])
def test_the_same_name_twice_is_refused(first):
    entries = {
        "F32": b'"smile":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}',
        "F4": b'"smile":{"dtype":"F4","shape":[8],"data_offsets":[32,36]}',
    }
    content = altered()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    told = json.dumps({"__metadata__": header["__metadata__"]})[:-1].encode()
    both = b",".join([told, entries.pop(first), *entries.values()]) + b"}"
    refused(with_header(both, content[-32:] + bytes(4)))

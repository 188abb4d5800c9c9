"""Which frames are found again, and as what."""

import io

import numpy as np
import pytest
import torch
from anyio.from_thread import start_blocking_portal
from PIL import Image

from explorer.operations import Direction, Provenance
from explorer.routes import kept_frames
from explorer.routes.kept_frames import OVERHEAD, KeptFrames
from explorer.steering import MAX_STEERS, Morph, Steer
from models.media import Picture

MORPH = Morph(model="toy", a=1, b=2)
CHANGES = (
    {"a": 2},
    {"b": 1},
    {"a": "samples/1"},
    {"alpha": 0.25},
    {"method": "lerp"},
    {"model": "toy-layers"},
)
RACKS = [(Steer(direction="x", strength=1, hold=hold),) for hold in (False, True)]


@pytest.fixture
def view(workspace):
    return workspace.open("toy")


def grey(level, size=16):
    return np.full((size, size, 3), level, np.uint8)


def put(frames, key, picture):
    """On a thread of its own: this one may run Playwright's event loop."""
    with start_blocking_portal() as portal:
        return portal.call(frames.put, key, Picture(len(picture)), picture)


def level(file):
    return int(np.asarray(Image.open(io.BytesIO(file))).mean().round())


@pytest.mark.parametrize("size", [16, 256])
def test_a_frame_is_found_by_all_that_describes_it(view, size):
    frames = KeptFrames()
    file = put(frames, frames.key(view, MORPH, preview=False), grey(77, size))
    assert level(file) == 77
    assert frames.get(frames.key(view, MORPH.model_copy(), preview=False)) is file
    others = [
        Morph(**MORPH.model_dump() | change) for change in (*CHANGES, *({"steer": rack} for rack in RACKS))
    ]
    keys = {frames.key(view, other, preview=False) for other in others}
    assert len(keys) == len(others)
    assert all(frames.get(key) is None for key in keys)
    assert frames.get(frames.key(view, MORPH, preview=True)) is None


def test_another_direction_of_the_same_name_makes_another_frame(view):
    """The names of what the model itself gives are used again."""
    frames, keys = KeptFrames(), set()
    steered = Morph(model="toy", a=1, b=2, steer=(Steer(direction="pca:7", strength=1),))
    for axis in (0, 1):
        keys.add(frames.key(view, steered, preview=False))
        vector = torch.eye(8)[axis]
        view.steering.name(Direction("one", vector, 1.0, Provenance("pca", "tests", 60)), "pca:7")
    keys.add(frames.key(view, steered, preview=False))
    assert len(keys) == 3


def test_the_budget_holds_and_the_longest_unused_go_first(monkeypatch):
    size = len(put(KeptFrames(), b"probe", grey(5))) + OVERHEAD
    monkeypatch.setattr(kept_frames, "BUDGET", 2 * size)
    frames = KeptFrames()
    for key in (b"one", b"two"):
        put(frames, key, grey(5))
    assert frames.get(b"one")
    put(frames, b"three", grey(5))
    assert [frames.get(key) is not None for key in (b"one", b"two", b"three")] == [True, False, True]


def test_a_key_is_small_however_long_the_rack_and_counts_too(view, monkeypatch):
    """64 sliders describe a frame in 7 KB, which would be some 500 MB of keys beside 64 MB of files."""
    rack = tuple(Steer(direction=f"d{i:032}", strength=1) for i in range(MAX_STEERS))
    size = len(put(KeptFrames(), b"probe", grey(5)))
    monkeypatch.setattr(kept_frames, "BUDGET", 100 * size)
    frames, keys = KeptFrames(), []
    for number in range(200):
        morph = Morph(model="toy", a=1, b=2, alpha=number / 200, steer=rack)
        keys.append(frames.key(view, morph, preview=False))
        put(frames, keys[-1], grey(5))
    held = [key for key in keys if frames.get(key)]
    taken = sum(len(frames.get(key)) + key.__sizeof__() for key in held)
    assert max(map(len, keys)) == 16
    assert taken <= kept_frames.BUDGET
    assert held == keys[-len(held) :]


def test_a_file_larger_than_the_budget_is_made_and_not_kept(monkeypatch):
    monkeypatch.setattr(kept_frames, "BUDGET", 10)
    frames = KeptFrames()
    assert level(put(frames, b"large", grey(200))) == 200
    assert frames.get(b"large") is None

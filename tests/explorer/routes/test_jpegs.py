"""Which frames are found again, and as what."""

import io

import numpy as np
import pytest
import torch
from anyio.from_thread import start_blocking_portal
from PIL import Image

from explorer.operations.directions import Direction, Provenance
from explorer.routes import jpegs
from explorer.routes.jpegs import Jpegs
from explorer.steering.morph import Morph
from explorer.steering.rack import UnknownDirectionError

MORPH = Morph(model="toy", a="1", b="2")


def grey(level, size=16):
    return np.full((size, size, 3), level, np.uint8)


def put(files, key, picture):
    """On a thread of its own: this one may run Playwright's event loop."""
    with start_blocking_portal() as portal:
        return portal.call(files.put, key, picture)


def level(file):
    return int(np.asarray(Image.open(io.BytesIO(file))).mean().round())


@pytest.mark.parametrize("size", [16, 256])
def test_a_frame_is_found_by_all_that_describes_it(workspace, size):
    files = Jpegs(workspace)
    file = put(files, files.key(MORPH, preview=False), grey(77, size))
    assert level(file) == 77
    assert files.get(files.key(MORPH.model_copy(), preview=False)) is file
    for other in ({"a": "2"}, {"b": "1"}, {"alpha": 0.25}, {"method": "lerp"}):
        assert files.get(files.key(MORPH.model_copy(update=other), preview=False)) is None
    assert files.get(files.key(MORPH, preview=True)) is None


def test_another_direction_of_the_same_name_makes_another_frame(workspace):
    """The names of what the model itself gives are used again."""
    files, steering = Jpegs(workspace), workspace.steering("toy")
    steered = Morph(model="toy", a="1", b="2", steer=({"direction": "pca:7", "strength": 1},))
    with pytest.raises(UnknownDirectionError):
        files.key(steered, preview=False)
    for axis in (0, 1):
        vector = torch.eye(8)[axis]
        steering.add(Direction("one", vector, 1.0, Provenance("pca", "tests", 60)), "pca:7")
        assert files.get(files.key(steered, preview=False)) is None
        put(files, files.key(steered, preview=False), grey(9))
        assert files.get(files.key(steered, preview=False))


def test_the_budget_holds_and_the_longest_unused_go_first(workspace, monkeypatch):
    one, two, three = (MORPH.model_copy(update={"alpha": alpha}) for alpha in (0.1, 0.2, 0.3))
    size = len(put(Jpegs(workspace), "probe", grey(5)))
    monkeypatch.setattr(jpegs, "BUDGET", 2 * size)
    files = Jpegs(workspace)
    for key in (one, two):
        put(files, key, grey(5))
    assert files.get(one)
    put(files, three, grey(5))
    assert [files.get(key) is not None for key in (one, two, three)] == [True, False, True]


def test_a_file_larger_than_the_budget_is_made_and_not_kept(workspace, monkeypatch):
    monkeypatch.setattr(jpegs, "BUDGET", 10)
    files = Jpegs(workspace)
    assert level(put(files, MORPH, grey(200))) == 200
    assert files.get(MORPH) is None

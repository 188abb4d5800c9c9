"""A decoder in bytes that comes beside the weights: used as it is, and passed over where it is another's."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from models import FACE_VAE
from models.face_vae import FaceVAE
from models.faces import quantise
from models.runtimes.building import Plan, approximate
from models.runtimes.compiled import read
from models.runtimes.judging import CLOSE, closeness
from models.runtimes.shipped import beside, shipped, write
from tests.models.runtimes.test_building import SHAPE, Smooth, pictures


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Of a network whose decoder in bytes has been written."""
    path = tmp_path_factory.mktemp("shipped") / "smooth.int8.safetensors"
    plan = Plan(Smooth(), Smooth(), SHAPE, SHAPE, pictures(16), pictures(16)[::2], 1, path)
    found = approximate(plan, "int8")
    assert found is not None
    write(path, plan.decoder, found[0])
    return plan


def test_what_was_written_is_close_to_the_network(plan: Plan) -> None:
    blob = shipped(plan)
    assert blob is not None
    found = closeness(read(plan.target("int8"), blob)(pictures(16)), plan.decoder(pictures(16)))
    assert found.reaches(CLOSE), found


def test_the_bundled_model_s_is_of_its_weights() -> None:
    model = FaceVAE.load(FACE_VAE)
    plan = replace(model.plan(), quantised=beside(FACE_VAE))
    assert plan.quantised is not None
    assert plan.quantised.exists()
    assert shipped(plan) is not None


def test_where_there_is_none_nothing_is_said(plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
    assert plan.quantised is not None
    for nowhere in (None, plan.quantised.with_name("none.safetensors")):
        assert shipped(replace(plan, quantised=nowhere)) is None
    assert caplog.messages == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def rename(path: Path) -> None:
    save_file(load_file(path), path, {"format": "another"})


def garble(path: Path) -> None:
    parts = load_file(path) | {"network.xml": torch.zeros(9, dtype=torch.uint8)}
    with safe_open(path, framework="pt") as file:
        save_file(parts, path, file.metadata())


@pytest.mark.parametrize("damage", [cut, rename, garble])
def test_a_damaged_one_is_passed_over_with_one_line(
    plan: Plan, damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert plan.quantised is not None
    path = tmp_path / plan.quantised.name
    shutil.copyfile(plan.quantised, path)
    damage(path)
    with caplog.at_level(logging.WARNING):
        assert shipped(replace(plan, quantised=path)) is None
    assert len(caplog.messages) == 1
    assert str(path) in caplog.messages[0]


def test_one_of_other_weights_is_passed_over(plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
    assert shipped(replace(plan, decoder=Smooth(2.0))) is None
    assert "it is of other weights" in caplog.text


def test_bytes_too_far_from_the_weights_are_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = tmp_path / "faces.safetensors"
    shutil.copyfile(FACE_VAE, weights)
    monkeypatch.setattr(quantise, "approximate", lambda *_: None)
    with pytest.raises(RuntimeError, match="no decoder in bytes is close enough"):
        quantise.main(weights)
    assert not beside(weights).exists()

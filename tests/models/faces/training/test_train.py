from __future__ import annotations

import csv
import hashlib
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

import models
from models.errors import InputError
from models.face_vae import FaceVAE, read_network
from models.faces.training import train as training
from models.faces.training.losses import PART_WEIGHTS, kl_divergence, pixel_weights, reconstruction_loss
from models.faces.training.standardise import standardise
from models.faces.training.step import BETA, LABELS, WARM_UP_STEPS, learning_rate, train_step
from models.faces.training.train import history, main, start_or_resume
from models.faces.training.trainer_state import write_checkpoint
from models.faces.training.trainset import Batch, Pictures, PlainPictures, batches, open_pictures
from models.faces.training.warm_start import to_images, warm_start
from models.faces.world.dataset import Manifest, render_dataset
from models.faces.world.labels import readout_loss
from models.faces.world.renderer import Part
from models.picture_files import NAMED
from models.pictures import BACKDROP, open_picture

CPU = torch.device("cpu")
BUNDLED = Path(models.__file__).parents[1] / "assets" / "face-vae.safetensors"


@pytest.fixture(scope="module")
def pictures() -> PlainPictures:
    """Blobs of one colour on another: little to learn, but no two alike."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:128, :128]
    images = np.empty((12, 128, 128, 3), np.uint8)
    for image in images:
        centre, colours = generator.uniform(30, 98, 2), generator.integers(0, 256, (2, 3))
        inside = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < 900
        image[:] = np.where(inside[..., None], *colours)
    return PlainPictures(images)


class Labelled(PlainPictures):
    """The same pictures with two labels: the brightness, and one that nothing in the picture shows."""

    def labels(self) -> np.ndarray:
        brightness = self.images.mean((1, 2, 3))
        columns = np.stack([brightness, np.random.default_rng(1).permutation(len(self))], axis=1)
        return ((columns - columns.mean(0)) / columns.std(0)).astype(np.float32)


def batch_of(pictures: Pictures, count: int) -> Batch:
    """The first pictures as a batch."""
    parts = np.full((count, 128, 128), Part.SKIN, np.uint8)
    return Batch(np.stack([pictures.image(i) for i in range(count)]), parts, pictures.labels()[:count])


@pytest.fixture
def folder(pictures: PlainPictures, tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    for index, image in enumerate(pictures.images):
        Image.fromarray(image).resize((150 + index, 90)).save(place / f"{index}.png")
    return place


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_every_part_has_a_weight() -> None:
    assert len(PART_WEIGHTS) == len(Part)
    parts = torch.tensor([[[Part.SKIN, Part.EYE]]], dtype=torch.uint8)
    assert pixel_weights(parts).tolist() == [[[[1.0, 8.0]]]]


def test_the_loss_counts_the_eyes_more_than_the_backdrop() -> None:
    target, off = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    off[..., 2:4, 2:4] = 0.1
    eye, backdrop = (
        reconstruction_loss(off, target, pixel_weights(torch.full((1, 8, 8), part, dtype=torch.uint8)))
        for part in (Part.EYE, Part.BACKDROP)
    )
    assert eye / backdrop == pytest.approx(20)
    assert reconstruction_loss(target, target, torch.ones(1, 1, 8, 8)) == 0


def test_the_kl_divergence_is_that_of_two_gaussians() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(7, 5, generator=generator), torch.randn(7, 5, generator=generator)
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).mean(0)
    torch.testing.assert_close(kl_divergence(mean, log_variance), expected)


def test_the_rate_warms_up_and_ends_at_zero() -> None:
    assert learning_rate(0, 0.0) == pytest.approx(1 / WARM_UP_STEPS)
    assert learning_rate(WARM_UP_STEPS, 0.0) == 1
    assert learning_rate(9999, 0.5) == pytest.approx(0.5)
    assert learning_rate(9999, 1.0) == 0


def test_the_warm_start_reconstructs_as_principal_components_do(pictures: PlainPictures) -> None:
    state = start_or_resume(pictures, Path("/nowhere"), CPU, 0)
    images = to_images(pictures.images)
    thumbnails = torch.nn.functional.avg_pool2d(images, 4)
    with torch.no_grad():
        mean, log_variance = state.learner.network.encoder(images)
        decoded = torch.nn.functional.avg_pool2d(state.learner.network.decoder(mean), 4)
    # 11 components hold 12 pictures whole; enlarging and shrinking again smooths the edges a little.
    assert (decoded - thumbnails).square().mean() < 0.05 * thumbnails.var()
    torch.testing.assert_close(mean[:, :11].var(0), torch.ones(11), rtol=1e-3, atol=1e-3)
    assert mean[:, 11:].abs().max() == 0
    assert (log_variance[0, :10].diff() > 0).all()  # the weaker the component, the less certain


def test_standardised_latents_have_unit_covariance_and_the_same_reconstructions(
    pictures: PlainPictures, tmp_path: Path
) -> None:
    network = start_or_resume(pictures, tmp_path, CPU, 0).learner.network
    generator = torch.Generator().manual_seed(0)
    for layer in (network.encoder.posterior, network.decoder.head):  # both start at zero
        torch.nn.init.normal_(layer.weight, std=0.02, generator=generator)
    images = to_images(pictures.images)
    with torch.no_grad():
        before = network.decoder(network.encoder(images)[0])
        standardise(network, pictures, seed=0)
        mean, log_variance = network.encoder(images)
        after = network.decoder(mean)
    torch.testing.assert_close(after, before, rtol=0, atol=2e-3)
    torch.testing.assert_close(mean.mean(0), torch.zeros(128), rtol=0, atol=1e-3)
    aggregate = mean.var(0) + log_variance.exp().mean(0)
    torch.testing.assert_close(aggregate, torch.ones(128), rtol=0, atol=0.02)
    covariance = torch.cov(mean.T)
    largest = (covariance - torch.diag(covariance.diag())).abs().max()
    assert largest <= 1.01 * (1 - mean.var(0)).max()  # what the posterior's own spread makes up for


def test_one_picture_is_too_few(pictures: PlainPictures) -> None:
    network = start_or_resume(pictures, Path("/nowhere"), CPU, 0).learner.network
    with pytest.raises(InputError, match="expected at least 2 pictures to train on, got 1"):
        warm_start(network, PlainPictures(pictures.images[:1]), BETA, 0)


@pytest.mark.parametrize("given", [[], ["--start"]])
@pytest.mark.parametrize("count", [1, 2])
def test_too_few_pictures_are_refused_whatever_training_starts_from(
    count: int, given: list[str], pictures: PlainPictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    for index, image in enumerate(pictures.images[:count]):
        Image.fromarray(image).save(data / f"{index}.png")
    start = [*given, str(BUNDLED)] if given else []
    assert main(["--data", str(data), "--out", str(out), "--device", "cpu", *start]) == 1
    assert f"expected at least 3 pictures to train on, got {count}" in capsys.readouterr().err
    assert not out.exists()


def test_pictures_that_are_all_the_same_are_refused(pictures: PlainPictures) -> None:
    with pytest.raises(InputError, match="expected pictures that differ, got 4 that are all the same"):
        start_or_resume(PlainPictures(pictures.images[[0] * 4]), Path("/nowhere"), CPU, 0)


@pytest.mark.parametrize("count", [3, 10])
def test_a_few_pictures_give_a_log_of_finite_figures(
    count: int,
    pictures: PlainPictures,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)  # a report is due as the budget ends
    data, out = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    for index, image in enumerate(pictures.images[:count]):
        Image.fromarray(image).save(data / f"{index}.png")
    arguments = ["--data", str(data), "--out", str(out), "--device", "cpu", "--minutes", "0.001"]
    assert main(arguments) == 0
    last = rows(out)[-1]
    assert all(np.isfinite(float(value)) for value in last.values())
    assert int(last["images"]) == int(last["step"]) * (count - 1), "one is held out"

    assert main(arguments) == 0, "with a budget that is spent already"
    again = rows(out)[-1]
    assert again["loss"] == again["kl"] == "", "no step was taken, so there is no loss to tell"
    assert float(again["psnr"]) == pytest.approx(float(last["psnr"]), abs=0.01)
    assert "nan" not in (out / "log.csv").read_text() + capsys.readouterr().out


def test_a_loss_that_is_not_finite_ends_training_and_is_not_saved(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = read_network(BUNDLED)
    with torch.no_grad():
        begun.decoder.head.bias[0] = torch.nan
    start, out = tmp_path / "start.safetensors", tmp_path / "run"
    FaceVAE(begun, "cpu").save(start)
    assert main(["--data", str(folder), "--out", str(out), "--device", "cpu", "--start", str(start)]) == 1
    assert "training has diverged, its loss is nan" in capsys.readouterr().err
    assert not (out / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("kind", [PlainPictures, Labelled])
def test_a_resumed_run_takes_the_same_next_step(
    kind: type[PlainPictures], pictures: PlainPictures, tmp_path: Path
) -> None:
    source = kind(pictures.images)
    batch = batch_of(source, 4)
    state = start_or_resume(source, tmp_path, CPU, 0)
    before = [parameter.detach().clone() for parameter in state.learner.parameters()]
    losses = [train_step(state, batch, 0.0).total.item() for _ in range(3)]
    assert np.isfinite(losses).all()
    changed = [not torch.equal(a, b) for a, b in zip(before, state.learner.parameters(), strict=True)]
    assert sum(changed) >= len(changed) - 2  # all but the fixed linear encoder

    write_checkpoint(state, tmp_path / "checkpoint.safetensors")
    resumed = start_or_resume(source, tmp_path, CPU, 0)
    assert (resumed.step, resumed.start) == (3, "principal components of the pictures")
    for one in (state, resumed):
        torch.manual_seed(5)
        train_step(one, batch, 0.1)
    names = [name for name, _ in state.learner.named_parameters()]
    assert ("readout.weight" in names) == (kind is Labelled)
    for name in names:
        torch.testing.assert_close(resumed.learner.get_parameter(name), state.learner.get_parameter(name))
        torch.testing.assert_close(resumed.average[name], state.average[name])


def test_steps_lower_the_loss(pictures: PlainPictures, tmp_path: Path) -> None:
    state = start_or_resume(PlainPictures(pictures.images[:8]), tmp_path, CPU, 0)
    state.step = WARM_UP_STEPS
    unseen = batch_of(PlainPictures(pictures.images[8:]), 4)
    losses = [train_step(state, unseen, 0.0).total.item() for _ in range(10)]
    assert np.mean(losses[-2:]) < 0.9 * np.mean(losses[:2])


def test_the_readout_learns_the_labels(pictures: PlainPictures, tmp_path: Path) -> None:
    source = Labelled(pictures.images)
    state = start_or_resume(source, tmp_path, CPU, 0)
    state.step = WARM_UP_STEPS
    readout = state.learner.readout
    assert readout is not None
    images, labels = to_images(source.images), torch.tensor(source.labels())

    def error() -> float:
        with torch.no_grad():
            return readout_loss(readout, state.learner.network.encoder(images)[0], labels).item()

    before = error()
    for _ in range(10):
        train_step(state, batch_of(source, 12), 0.0)
    assert error() < 0.9 * before
    assert "label_weight" in history(state)


def test_batches_keep_a_picture_with_its_labels(pictures: PlainPictures) -> None:
    source = Labelled(pictures.images)
    labels = source.labels()
    seen = []
    for batch in islice(batches(source, 3, seed=0, first=2), 3):
        for pixels, row in zip(batch.pixels, batch.labels, strict=True):
            index = next(i for i in range(len(source)) if np.array_equal(source.image(i), pixels))
            np.testing.assert_array_equal(row, labels[index])
            seen.append(index)
    assert len(set(seen)) == 9, "each picture once in a pass"
    assert min(seen) >= 2


def test_a_run_goes_on_from_given_weights_and_says_so(
    pictures: PlainPictures, folder: Path, tmp_path: Path
) -> None:
    begun = start_or_resume(pictures, tmp_path / "nowhere", CPU, 3).learner.network
    start = tmp_path / "begun.safetensors"
    FaceVAE(begun, "cpu").save(start)
    state = start_or_resume(pictures, tmp_path / "nowhere", CPU, 0, start)
    for name, weights in begun.state_dict().items():
        torch.testing.assert_close(state.learner.network.state_dict()[name], weights, rtol=1e-3, atol=1e-4)

    out = tmp_path / "run"
    arguments = ["--data", str(folder), "--out", str(out), "--device", "cpu", "--minutes", "0.001"]
    assert main([*arguments, "--start", str(start)]) == 0
    with safe_open(out / "face-vae.safetensors", framework="pt") as file:
        told = json.loads(file.metadata()["training"])
    digest = hashlib.sha256(start.read_bytes()).hexdigest()
    assert told["start"] == f"begun.safetensors, SHA-256 {digest}"
    assert told["label_weight"] is None, "plain pictures have no labels"


@pytest.mark.parametrize("content", [None, b"no weights"])
def test_a_start_that_is_no_model_is_an_error(
    content: bytes | None, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = tmp_path / "start.safetensors"
    if content is not None:
        start.write_bytes(content)
    assert main(["--data", str(folder), "--out", str(tmp_path / "run"), "--start", str(start)]) == 1
    assert "start.safetensors" in capsys.readouterr().err


def test_a_checkpoint_of_something_else_is_refused(
    pictures: PlainPictures, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "checkpoint.safetensors").write_bytes(b"no checkpoint")
    assert main(["--data", str(folder), "--out", str(out), "--minutes", "0.01"]) == 1
    assert "expected a whole training checkpoint" in capsys.readouterr().err


def test_a_folder_of_pictures_becomes_a_model_the_app_can_load(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").write_text("not a picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:200])
    out = tmp_path / "run"
    assert main(["--data", str(folder), "--out", str(out), "--minutes", "0.01", "--device", "cpu"]) == 0
    errors = capsys.readouterr().err
    assert f"{folder}: skipped notes.txt: This file is not a picture we can read; use JPEG" in errors
    assert f"{folder}: skipped empty.png: This file is empty" in errors
    assert f"{folder}: skipped cut.png: This picture is damaged or incomplete" in errors
    model = FaceVAE.load(out / "face-vae.safetensors")
    assert model.decode(torch.zeros(1, *model.space.shape)).shape == (1, 3, 128, 128)
    assert list(out.glob("sheet-*.png"))
    assert not list(out.glob(".*"))


@pytest.mark.parametrize("content", [[], ["notes.txt"]])
def test_a_folder_without_pictures_is_an_error(
    content: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    for name in content:
        (source / name).write_text("words")
    assert main(["--data", str(source), "--out", str(tmp_path / "run")]) == 1
    error = f"expected pictures, found {len(content)} files and none readable"
    assert error in capsys.readouterr().err


def test_training_reads_pictures_as_the_app_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ramp = np.linspace(0, 65535, 128).astype(np.uint16)[None].repeat(128, 0)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    clear = Image.new("RGBA", (128, 128), (255, 0, 255, 0))
    clear.save(tmp_path / "clear.png")
    clear.convert("RGB").save(
        tmp_path / "film.gif", save_all=True, append_images=[Image.new("RGB", (128, 128))]
    )
    pictures = open_pictures(str(tmp_path))
    for index, name in enumerate(("clear.png", "film.gif", "ramp.png")):
        expected = open_picture(tmp_path / name, 128).pixels
        np.testing.assert_array_equal(pictures.image(index), expected)
    assert (pictures.image(0) == BACKDROP).all(), "what is clear is grey, not the colour below"
    assert len(np.unique(pictures.image(2))) == 128, "16 bits are scaled, not clipped"
    assert "1 of 3 pictures: This GIF has several frames: the first is used." in capsys.readouterr().err


def test_of_many_files_that_cannot_be_read_some_are_named_and_all_are_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(NAMED + 7):
        (folder / f"words {index}.txt").write_text("words")
    assert len(open_pictures(str(folder))) == 12
    errors = capsys.readouterr().err
    assert errors.count("skipped words") == NAMED
    assert "skipped 7 more files" in errors


def test_a_source_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(InputError, match=r"no/such-data: .*no such"):
        open_pictures("no/such-data")


def test_portraits_of_another_size_are_an_error(assets: Path, egl: None, tmp_path: Path) -> None:
    render_dataset(assets, tmp_path, Manifest(seed=1, size=32, count=1), workers=1)
    with pytest.raises(InputError, match="expected portraits of 128 px, found 32"):
        open_pictures(str(tmp_path))


def test_the_whole_road_from_factors_to_weights(assets: Path, egl: None, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    render_dataset(assets, data, Manifest(seed=1, size=128, count=12), workers=1)
    arguments = ["--data", str(data), "--out", str(out), "--device", "cpu", "--minutes"]
    assert main([*arguments, "0.001"]) == 0
    first = rows(out)[-1]
    # The same command with more time goes on where it stopped.
    assert main([*arguments, str((float(first["seconds"]) + 2) / 60)]) == 0
    last = rows(out)[-1]
    assert int(last["step"]) > int(first["step"]) >= 1
    assert float(last["psnr"]) > 5
    with safe_open(out / "face-vae.safetensors", framework="pt") as file:
        told = json.loads(file.metadata()["training"])
    assert (told["steps"], told["label_weight"]) == (int(last["step"]), LABELS)
    model = FaceVAE.load(out / "face-vae.safetensors")
    images = to_images(open_pictures(str(data)).image(0)[None])
    assert (model.decode(model.encode(images)) - images).square().mean() < 0.5

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from models.errors import InputError
from models.face_network import FaceVAEConfig, FaceVAENetwork
from models.face_vae import FaceVAE
from models.faces.evaluation import evaluate as evaluation
from models.faces.evaluation.measures import active_dimensions
from models.faces.world.dataset import Manifest, render_dataset
from models.faces.world.factors import FACTORS

DIMS = 6
CONFIG = FaceVAEConfig(latent_dim=DIMS, encoder=(8, 8, 8), decoder=(8, 8, 8), bottleneck=(4, 4))
HISTORY = {
    "steps": 1200,
    "images_seen": 38400,
    "beta": 2e-5,
    "threads": None,
    "part_weights": [1.0] * 7 + [2.5],
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FaceVAENetwork(CONFIG)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    FaceVAE(network).save(path, HISTORY)
    return path


@pytest.fixture(scope="module")
def data(assets: Path, egl: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("faces")
    render_dataset(assets, root / "train", Manifest(seed=1, size=128, count=20), workers=1)
    render_dataset(assets, root / "test", Manifest(seed=3, size=128, count=60), workers=1)
    return root


def picture_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_the_command_measures_writes_and_fills_the_card(
    data: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card, out = tmp_path / "card.md", tmp_path / "results"
    shutil.copy(evaluation.CARD, card)
    arguments = ["--weights", weights, "--data", data, "--out", out, "--card", card]
    assert evaluation.main([str(argument) for argument in arguments]) == 0
    record = json.loads((out / "face-vae.json").read_text())
    figures = {figure["name"]: figure for figure in record["figures"]}
    # An untrained network says nothing, so the linear baseline wins, and the report says so.
    assert figures["PSNR of PCA"]["value"] > 15
    assert figures["PSNR of reconstructions"]["met"] is False
    assert figures["PSNR of reconstructions"]["target"] == figures["PSNR of PCA"]["value"] + 1.5
    assert figures["Fréchet distance, training portraits"]["value"] > 0
    assert figures["weights"]["met"] is True
    assert [reading["factor"] for reading in record["factors"]] == list(FACTORS)
    assert len(record["kl_per_dimension"]) == DIMS
    assert record["kl_per_dimension"] == sorted(record["kl_per_dimension"], reverse=True)
    assert record["counts"] == {"test": 60, "pca": 20, "probes": 20}
    printed = capsys.readouterr().out
    assert "PSNR of reconstructions" in printed
    assert "skin_tone" in printed
    text = card.read_text()
    assert record["weights"]["sha256"] in text
    assert "- images seen: 38,400" in text
    assert "mouth 1, brow 1, eye 1, glasses 2.5" in text
    assert "threads" not in text.split("<!-- training:begin -->")[1].split("<!-- training:end -->")[0]
    assert text.startswith(evaluation.CARD.read_text().split("<!-- training:begin -->")[0])
    sizes = {path.stem: picture_size(path) for path in out.glob("*.webp")}
    assert sizes == {
        "face-vae-samples": (12 * 128, 5 * 128),
        "face-vae-reconstructions": (12 * 128, 10 * 128),
        "face-vae-interpolations": (9 * 128, 12 * 128),
    }


def test_missing_portraits_come_with_the_command_that_renders_them(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluation.main(["--weights", str(weights), "--data", str(tmp_path), "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert f"expected a data set with a manifest.json in {tmp_path / 'train'}" in error
    assert (
        f"python -m models.faces.world.dataset --assets DIR --out {tmp_path / 'train'} --count 40000 --seed 1"
        in error
    )


def test_too_few_portraits_or_others_are_refused(data: Path, assets: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected portraits of 64 px, got 128"):
        evaluation.open_portraits(data, 64)
    shutil.copytree(data / "train", tmp_path / "train")
    render_dataset(assets, tmp_path / "test", Manifest(seed=3, size=128, count=2), workers=1)
    with pytest.raises(InputError, match="expected all 60 portraits, got 2"):
        evaluation.open_portraits(tmp_path, 128)


def test_a_file_that_is_no_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not weights")
    assert evaluation.main(["--weights", str(broken)]) == 1
    assert "broken.safetensors" in capsys.readouterr().err


def test_a_dimension_whose_mean_does_not_move_is_not_active() -> None:
    means = torch.randn(500, 5, generator=torch.Generator().manual_seed(0))
    means[:, 1] *= 0.05
    means[:, 3] = 7.0
    assert active_dimensions(means) == 3

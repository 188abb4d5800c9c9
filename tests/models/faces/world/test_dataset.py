import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.faces.world.dataset import Manifest, main, open_portrait_set, render_dataset
from models.faces.world.factors import Factors, factors_at
from models.faces.world.portrait_set import shard_paths
from models.faces.world.renderer import Renderer

SMALL = Manifest(seed=7, size=32, count=5, shard_size=2)


@pytest.fixture(scope="module")
def rendered(assets: Path, egl: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("portraits")
    render_dataset(assets, root, SMALL, workers=2)
    return root


def test_a_data_set_holds_the_portraits_of_its_seed(rendered: Path, renderer: Renderer) -> None:
    portraits = open_portrait_set(rendered)
    assert len(portraits) == 5
    assert [len(shard) for shard in portraits.images] == [2, 2, 1]
    for index in range(5):
        factors = factors_at(7, index)
        expected = renderer.render(factors, 32)
        np.testing.assert_array_equal(portraits.image(index), expected.image)
        np.testing.assert_array_equal(portraits.part_map(index), expected.parts)
        assert Factors.from_dict(portraits.factors.iloc[index].to_dict()) == factors
    assert isinstance(portraits.images[0], np.memmap)
    assert not list(rendered.glob(".*"))


def test_a_missing_shard_is_rendered_again_and_the_others_are_kept(assets: Path, rendered: Path) -> None:
    kept, lost = shard_paths(rendered, 0), shard_paths(rendered, 1)
    before = [path.read_bytes() for path in lost]
    times = [path.stat().st_mtime_ns for path in kept]
    lost[2].unlink()
    assert len(open_portrait_set(rendered)) == 2  # the complete leading shards
    render_dataset(assets, rendered, SMALL, workers=1)
    assert [path.read_bytes() for path in lost] == before
    assert [path.stat().st_mtime_ns for path in kept] == times


def test_a_killed_run_resumes(assets: Path, rendered: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from models.faces.world.dataset import Manifest, render_dataset\n"
        "if __name__ == '__main__':\n"
        f"    render_dataset(Path({str(assets)!r}), Path({str(tmp_path)!r}), {SMALL!r}, 1)\n"
    )
    (tmp_path / "run.py").write_text(script)
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    run = subprocess.Popen([sys.executable, tmp_path / "run.py"], env=environment, start_new_session=True)
    while run.poll() is None and not shard_paths(tmp_path, 0)[2].exists():
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    render_dataset(assets, tmp_path, SMALL, workers=1)
    for shard in range(3):
        for mine, reference in zip(shard_paths(tmp_path, shard), shard_paths(rendered, shard), strict=True):
            assert mine.read_bytes() == reference.read_bytes()


def test_other_arguments_do_not_mix_into_a_data_set(assets: Path, rendered: Path) -> None:
    with pytest.raises(InputError, match=r"holds Manifest\(seed=7, .*expected Manifest\(seed=8"):
        render_dataset(assets, rendered, Manifest(seed=8, size=32, count=5, shard_size=2), workers=1)


def test_a_directory_without_a_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a data set with a manifest\.json in"):
        open_portrait_set(tmp_path)
    (tmp_path / "manifest.json").write_text('{"seed": 1}')
    with pytest.raises(InputError, match="is damaged"):
        open_portrait_set(tmp_path)
    (tmp_path / "manifest.json").write_text('{"seed": 1, "size": 32, "count": 5}')
    with pytest.raises(InputError, match="expected at least one complete shard"):
        open_portrait_set(tmp_path)


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    assert main(["--assets", str(tmp_path), "--out", out, "--count", "2", "--seed", "1"]) == 1
    assert "expected manifest.json and geometry.npz" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--assets", str(tmp_path), "--out", out, "--count", "0", "--seed", "1"])
    assert "expected --count and --workers of at least 1; got 0" in capsys.readouterr().err


def test_the_command_names_the_remedy_where_egl_is_missing(assets: Path, egl: None, tmp_path: Path) -> None:
    arguments = ["--assets", assets, "--out", tmp_path / "out", "--count", "1", "--seed", "1"]
    # The vendor-neutral loader finds no driver in an empty directory.
    environment = os.environ | {"__EGL_VENDOR_LIBRARY_DIRS": str(tmp_path)}
    command = [sys.executable, "-m", "models.faces.world.dataset", *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "the portrait renderer needs EGL" in run.stderr

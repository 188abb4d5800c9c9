"""Settings come from the environment or from flags; a wrong one ends in one clear line, not a traceback."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import app
from explorer.settings import Settings
from models.errors import InputError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def main(monkeypatch, tmp_path):
    """`app.py` with arguments, in this process: one of its own takes ten seconds to import everything."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["app.py", *arguments])
        app.main()

    monkeypatch.setenv("LATENT_EXPLORER_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("app._start_log", lambda log_format: None)
    monkeypatch.setattr("app.give_libraries_a_place", lambda folder: None)
    return run


def test_flags_win_over_the_environment(monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_PORT", "1234")
    monkeypatch.setenv("LATENT_EXPLORER_SOURCE", "sd-vae=/somewhere/vae")
    settings = Settings(_cli_parse_args=["--port", "99"])
    assert settings.port == 99
    assert settings.source == {"sd-vae": "/somewhere/vae"}


def test_sources_are_given_one_by_one_or_with_commas(monkeypatch):
    expected = {"face-vae": "mine=new.safetensors", "sd-vae-256": "folder"}
    one_by_one = ["--source", "face-vae=mine=new.safetensors", "--source", "sd-vae-256=folder"]
    assert Settings(_cli_parse_args=one_by_one).source == expected
    monkeypatch.setenv("LATENT_EXPLORER_SOURCE", "face-vae=mine=new.safetensors,sd-vae-256=folder")
    assert Settings(_cli_parse_args=[]).source == expected


@pytest.mark.parametrize(
    ("error", "raised"), [(InputError("not there"), SystemExit), (ValueError("a bug"), ValueError)]
)
def test_what_a_person_asked_wrong_is_one_line_and_a_bug_has_its_trace(main, monkeypatch, error, raised):
    def fail(settings):
        raise error

    monkeypatch.setattr("app.Workspace", fail)
    with pytest.raises(raised, match=str(error)):
        main()


def test_help_names_every_setting(main, capsys):
    with pytest.raises(SystemExit) as end:
        main("--help")
    assert end.value.code == 0
    text = capsys.readouterr().out
    for name in Settings.model_fields:
        assert "--" + name.replace("_", "-") in text


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        ((), {"LATENT_EXPLORER_DEVICE": "tpu"}, "device: Input should be 'auto'"),
        (("--root-path", "latent"), {}, "root_path: String should match pattern"),
        (("--root-path", "/a b"), {}, "root_path: String should match pattern"),
        (("--port", "70000"), {}, "port: Input should be less than or equal to 65535"),
        (("--no-such-flag",), {}, "--no-such-flag"),
        (("--model", "gan"), {}, "face-vae"),
        (("--source", "gan=weights"), {}, "source: Value error, expected NAME=PATH with a name of face-vae"),
        (("--source", "face-vae"), {}, "source: Value error, expected NAME=PATH"),
        ((), {"LATENT_EXPLORER_SOURCE": "face-vae="}, "source: Value error, expected NAME=PATH"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(main, monkeypatch, capsys, arguments, environment, named):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main(*arguments)
    text = str(end.value.code) + capsys.readouterr().err
    assert end.value.code != 0
    assert named in text


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "app.py", "--port", str(port), "--cache-dir", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert f"('127.0.0.1', {port}): address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_log_can_be_json(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", "0", "--log-format", "json", "--cache-dir", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        first = json.loads(process.stderr.readline())
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert (first["levelname"], first["model"], first["state"]) == ("INFO", "face-vae", "loading")

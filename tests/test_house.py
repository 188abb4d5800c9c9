"""The house stays one that a newcomer can read: short files and functions, one face a package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON = sorted([*ROOT.glob("explorer/**/*.py"), *ROOT.glob("models/**/*.py"), ROOT / "app.py"])
SCRIPTS = sorted(ROOT.glob("assets/js/*.js"))
MOST_LINES, MOST_OF_FUNCTION = 200, 40
BENCHMARKS = sorted(ROOT.glob("benchmarks/**/*.py"))
FACES = tuple(f"explorer.{p}" for p in ("operations", "measures", "device", "data", "steering", "views"))
SHOWN = re.compile(
    r"\b(portraits?|smil\w*|glasses|hair|beard|(?<!Hugging )faces?(?![- ]vae))\b", re.IGNORECASE
)
OWN_FILES = re.compile(r"explorer/data/(portraits|catalogue)\.py|models/faces/|models/(\w+/)?face_\w+\.py")
PAGE = sorted(path for kind in ("js", "html", "css") for path in ROOT.glob(f"assets/{kind}/*.{kind}"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports, whichever way it is written."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


@pytest.mark.parametrize("path", [*PYTHON, *SCRIPTS], ids=name)
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_function_is_short(path: Path) -> None:
    """With all that is in it: inner functions have to be read with the one around them."""
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert not {f.name: lines_of(f) for f in functions if lines_of(f) > MOST_OF_FUNCTION}


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_function_of_a_script_is_short(path: Path) -> None:
    """Functions, methods and callbacks alike: every block that follows a list of parameters or an arrow."""
    lines, long = path.read_text().splitlines(), {}
    for began, line in enumerate(lines):
        if re.search(r"(\)|=>) \{$", line):
            indent = re.match(" *", line)[0]
            rest = enumerate(lines[began + 1 :], start=2)
            long[line] = next(length for length, end in rest if end.startswith(f"{indent}}}"))
    assert not {head: length for head, length in long.items() if length > MOST_OF_FUNCTION}


@pytest.mark.parametrize("path", [*PYTHON, *BENCHMARKS], ids=name)
def test_a_package_is_entered_by_its_face(path: Path) -> None:
    package = ".".join(path.relative_to(ROOT).parts[:2])
    for module in (m for node in ast.walk(ast.parse(path.read_text())) for m in imported(node)):
        inside = next((face for face in FACES if module.startswith(f"{face}.")), None)
        assert inside in (None, package), f"{module}: import it from {inside}"


@pytest.mark.parametrize("path", [p for p in [*PYTHON, *PAGE] if not OWN_FILES.match(name(p))], ids=name)
def test_nothing_but_its_own_files_knows_what_the_bundled_data_show(path: Path) -> None:
    assert not SHOWN.findall(path.read_text())

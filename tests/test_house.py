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
FACES = ("explorer.operations", "explorer.measures", "explorer.device", "explorer.data", "explorer.steering")
SHOWN = re.compile(
    r"\b(portraits?|smil\w*|glasses|hair|beard|(?<!Hugging )faces?(?![- ]vae))\b", re.IGNORECASE
)
OWN_FILES = re.compile(r"explorer/data/(portraits|catalogue)\.py|models/faces/|models/(\w+/)?face_\w+\.py")
PAGE = sorted(path for kind in ("js", "html", "css") for path in ROOT.glob(f"assets/{kind}/*.{kind}"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def inner(node: ast.stmt) -> list[ast.stmt]:
    """The functions that stand directly in another one: they are counted by themselves."""
    return [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", [*PYTHON, *SCRIPTS], ids=name)
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_function_is_short(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {f.name: lines_of(f) - sum(map(lines_of, inner(f))) for f in functions}
    assert not {function: lines for function, lines in long.items() if lines > MOST_OF_FUNCTION}


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_function_of_a_script_is_short(path: Path) -> None:
    lines, long, began = path.read_text().splitlines(), {}, None
    for number, line in enumerate(lines):
        if re.match(r"(export )?(async )?function", line):
            began = number
        elif line == "}" and began is not None:
            long[lines[began]], began = number - began + 1, None
    # A function that only holds others, such as a closure, is as long as they are together.
    own = {
        head: length for head, length in long.items() if not re.search(r"\b(create|start|mount)\w*\(", head)
    }
    assert not {head: length for head, length in own.items() if length > MOST_OF_FUNCTION}


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_package_is_entered_by_its_face(path: Path) -> None:
    package = ".".join(path.relative_to(ROOT).parts[:2])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = next((face for face in FACES if node.module.startswith(f"{face}.")), None)
            assert inside in (None, package), f"{node.module}: import it from {inside}"


@pytest.mark.parametrize("path", [p for p in [*PYTHON, *PAGE] if not OWN_FILES.match(name(p))], ids=name)
def test_nothing_but_its_own_files_knows_what_the_bundled_data_show(path: Path) -> None:
    assert not SHOWN.findall(path.read_text())

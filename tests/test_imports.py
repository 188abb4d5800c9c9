"""Imports run one way: a layer imports itself and those below it, and heavy libraries have one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted([*ROOT.glob("app.py"), *ROOT.glob("models/**/*.py"), *ROOT.glob("explorer/**/*.py")])
}
LAYERS = (  # from the ground up; a new package, or a module of no package, is named here
    (
        "models.errors",
        "models.priors",
        "models.face_network",
        "models.colour",
        "models.held_bytes",
        "models.semaphore",
        "models.picture_files",
    ),
    ("models.pictures",),
    ("models.media",),
    ("models.base",),
    ("models.runtimes",),
    ("models",),
    ("explorer", "explorer.settings", "explorer.writable"),
    ("explorer.operations",),
    ("explorer.measures",),
    ("explorer.device",),
    ("explorer.data",),
    ("explorer.steering",),
    ("explorer.views",),
    ("explorer.workspace",),
    ("explorer.routes",),
    ("explorer.panels",),
    ("explorer.__main__",),
    ("app",),
)
NUMERICAL = ("explorer.operations", "explorer.measures")
NUMERICAL_LIBRARIES = {"numpy", "torch", "jaxtyping", "scipy", "sklearn"}
HOMES = {
    "diffusers": ("models.stable_diffusion",),
    "gradio": ("explorer.routes", "explorer.panels", "app"),
    "umap": ("explorer.data.projection", "models.faces.portraits"),
}


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def layer(module: str) -> int:
    """Number of the layer that names the module or its nearest package."""
    package = module
    while not any(package in names for names in LAYERS):
        assert "." in package, f"{module} is in no layer: name it in LAYERS"
        package = package.rpartition(".")[0]
        assert package != "explorer", f"{module} is in no layer: name it in LAYERS"
    return next(number for number, names in enumerate(LAYERS) if package in names)


def imports(module: str) -> set[str]:
    """Every module that the file imports, at any depth of its code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively: write the whole name"
            found |= {submodule(node.module or "", name.name) for name in node.names}
    return found


def submodule(package: str, name: str) -> str:
    return f"{package}.{name}" if f"{package}.{name}" in FILES else package


def own(modules: set[str]) -> set[str]:
    return {module for module in modules if module.partition(".")[0] in ("app", "models", "explorer")}


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_no_layer_above_its_own(module: str) -> None:
    above = {other for other in own(imports(module)) if layer(other) > layer(module)}
    assert not above


@pytest.mark.parametrize("module", [module for module in FILES if within(module, ("models",))])
def test_models_import_nothing_of_the_explorer(module: str) -> None:
    assert not {other for other in own(imports(module)) if not within(other, ("models",))}


@pytest.mark.parametrize("module", [module for module in FILES if within(module, NUMERICAL)])
def test_operations_and_measures_import_numerical_libraries_only(module: str) -> None:
    """Besides InputError, which the ground has: they know no model."""
    others = {other for other in imports(module) if not within(other, NUMERICAL)} - {"models.errors"}
    assert {other.partition(".")[0] for other in others} <= NUMERICAL_LIBRARIES | sys.stdlib_module_names


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_has_one_home(library: str) -> None:
    users = {module for module in FILES if any(within(name, (library,)) for name in imports(module))}
    assert {user for user in users if within(user, HOMES[library])}, f"nothing imports {library} any more"
    assert not {user for user in users if not within(user, HOMES[library])}


def test_the_model_table_loads_no_model_library() -> None:
    code = "import sys, models; print(*sorted({'diffusers', 'transformers', 'gradio'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []

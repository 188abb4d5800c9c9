"""Documentation that names what there is: a model, an interpolation or a panel without a word fails here."""

import re
from pathlib import Path

import pytest

from explorer.operations import DIRECTION_METHODS, INTERPOLATIONS
from explorer.panels import PANELS
from models import MODELS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
CARDS = [ROOT / "models" / "faces" / f"{kind}_CARD.md" for kind in ("MODEL", "DATA")]
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted(ROOT.glob("docs/*.md")), *CARDS]
ROOMS = [ROOT / room for room in ("explorer", "models", "assets", "benchmarks", "docs", "tests")]
PATHS = [*ROOT.glob("*.*"), *(path for room in ROOMS for path in room.glob("**/*.*"))]
FILES = [path.relative_to(ROOT).as_posix() for path in PATHS]


@pytest.mark.parametrize("name", [*MODELS, *INTERPOLATIONS, *DIRECTION_METHODS, *PANELS])
def test_every_table_entry_is_documented(name):
    assert f"`{name}`" in README + ARCHITECTURE


@pytest.mark.parametrize("folder", ["models", "explorer"])
def test_the_house_plan_lists_every_module(folder):
    for module in (ROOT / folder).glob("*.py"):
        if module.name != "__init__.py":
            assert re.search(rf"^  {module.name}\s", ARCHITECTURE, re.MULTILINE), (
                f"{module.name} is not listed"
            )


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md"])
def test_relative_links_lead_somewhere(document):
    text = (ROOT / document).read_text()
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (ROOT / target).exists(), f"{document} links to {target}, which does not exist"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_that_is_named_is_there(document):
    """By its path, or by the end of it that tells it apart."""
    for named in re.findall(r"`([\w./-]+\.(?:py|js|md))`", document.read_text()):
        assert any(f"/{file}".endswith(f"/{named}") for file in FILES), f"{named} is not there"


def test_the_space_front_matter_pins_the_installed_gradio():
    pinned = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    front_matter = README.split("---")[1]
    assert f"sdk_version: {pinned[1]}" in front_matter
    assert "sdk: gradio" in front_matter
    assert "app_file: app.py" in front_matter

import os
from pathlib import Path

import pytest

from models.faces.world.canvas import GraphicsError, create_context
from models.faces.world.factors import FACTORS, Factors
from models.faces.world.renderer import Renderer

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def assets() -> Path:
    place = Path(os.environ.get("LATENT_EXPLORER_FACE_ASSETS", REPOSITORY / "../shared/faces/assets"))
    if not (place / "manifest.json").is_file():
        pytest.skip(f"no face bundle in {place}: set LATENT_EXPLORER_FACE_ASSETS")
    return place.resolve()


@pytest.fixture(scope="session")
def egl() -> None:
    try:
        create_context().release()
    except GraphicsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def renderer(assets: Path, egl: None) -> Renderer:
    return Renderer(assets)


@pytest.fixture(scope="session")
def plain() -> Factors:
    """Every continuous factor in the middle of its range or 0, every class the first."""
    record = {
        name: factor.classes[0] if factor.classes else max(factor.low, min(0.0, factor.high))
        for name, factor in FACTORS.items()
    }
    return Factors.from_dict(
        record | {"age": 30.0, "gender": 0.4, "hair_style": "crop", "light_contrast": 0.8}
    )

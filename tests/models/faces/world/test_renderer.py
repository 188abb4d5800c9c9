import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.faces.world.bundle import BundleError, open_bundle
from models.faces.world.factors import FACTORS, Factors, factors_at
from models.faces.world.renderer import Part, Portrait, Renderer


def _changed(a: Portrait, b: Portrait) -> np.ndarray:
    return np.asarray((a.image != b.image).any(-1))


def _shows(portrait: Portrait, *parts: Part) -> np.ndarray:
    return np.isin(portrait.parts, [int(part) for part in parts])


def _around(mask: np.ndarray) -> np.ndarray:
    """The mask and every pixel that touches it: an edge pixel mixes two parts."""
    padded = np.pad(mask, 1)
    h, w = mask.shape
    return np.any([padded[y : y + h, x : x + w] for y in range(3) for x in range(3)], axis=0)


def _count(portrait: Portrait, part: Part) -> int:
    return int(_shows(portrait, part).sum())


@pytest.mark.parametrize("size", [64, 128])
def test_a_portrait_has_the_size_asked_for(renderer: Renderer, plain: Factors, size: int) -> None:
    portrait = renderer.render(plain, size)
    assert portrait.image.shape == (size, size, 3)
    assert portrait.parts.shape == (size, size)
    assert portrait.image.dtype == portrait.parts.dtype == np.uint8
    assert set(np.unique(portrait.parts)) <= {int(part) for part in Part}


def test_a_portrait_is_a_pure_function_of_its_factors(renderer: Renderer, assets: Path) -> None:
    first = renderer.render(factors_at(0, 0))
    for index in range(1, 12):  # other hair, glasses and brows in between
        renderer.render(factors_at(0, index))
    for again in (renderer.render(factors_at(0, 0)), Renderer(assets).render(factors_at(0, 0))):
        np.testing.assert_array_equal(again.image, first.image)
        np.testing.assert_array_equal(again.parts, first.parts)


@pytest.mark.parametrize("name", ["shirt_tone", "shirt_light"])
def test_the_shirt_touches_no_other_part(renderer: Renderer, plain: Factors, name: str) -> None:
    a, b = (renderer.render(replace(plain, hair_style="bald", **{name: value})) for value in (0.0, 1.0))
    assert _changed(a, b).any()
    assert not (_changed(a, b) & ~_around(_shows(a, Part.CLOTHES))).any()


@pytest.mark.parametrize("name", ["backdrop_tone", "backdrop_light"])
def test_the_backdrop_touches_no_other_part(renderer: Renderer, plain: Factors, name: str) -> None:
    a, b = (renderer.render(replace(plain, hair_style="bald", **{name: value})) for value in (0.0, 1.0))
    assert _changed(a, b).any()
    assert not (_changed(a, b) & ~_around(_shows(a, Part.BACKDROP))).any()


@pytest.mark.parametrize("name", ["smile", "eyes_closed", "gaze_x", "lipstick", "freckles", "brow"])
def test_an_expression_leaves_the_backdrop_alone(renderer: Renderer, plain: Factors, name: str) -> None:
    low, high = (
        renderer.render(replace(plain, **{name: value})) for value in (FACTORS[name].low, FACTORS[name].high)
    )
    assert _changed(low, high).any()
    assert not (_changed(low, high) & _shows(low, Part.BACKDROP) & _shows(high, Part.BACKDROP)).any()


@pytest.mark.parametrize("name", [n for n, f in FACTORS.items() if f.kind == "continuous"])
def test_both_ends_of_a_factor_render_and_differ(renderer: Renderer, plain: Factors, name: str) -> None:
    # Glasses, for their own factors; every portrait passes the renderer's check for finite colours.
    worn = replace(plain, glasses="sunglasses")
    low, high = (
        renderer.render(replace(worn, **{name: value})) for value in (FACTORS[name].low, FACTORS[name].high)
    )
    # Behind sunglasses, or at the picture's lower edge, a factor may show in a few pixels only.
    assert _changed(low, high).sum() >= 3


@pytest.mark.parametrize("name", [n for n, f in FACTORS.items() if f.kind == "categorical"])
def test_the_classes_of_a_factor_differ(renderer: Renderer, plain: Factors, name: str) -> None:
    portraits = [renderer.render(replace(plain, **{name: value})) for value in FACTORS[name].classes]
    for i, a in enumerate(portraits):
        for b in portraits[:i]:
            assert _changed(a, b).sum() > 20


def test_glasses_mark_frames_and_dark_lenses_only(renderer: Renderer, plain: Factors) -> None:
    none, rect, dark = (renderer.render(replace(plain, glasses=g)) for g in ("none", "rect", "sunglasses"))
    assert _count(none, Part.GLASSES) == 0
    assert 100 < _count(rect, Part.GLASSES) < _count(dark, Part.GLASSES)
    assert _count(rect, Part.EYE) > 0.6 * _count(none, Part.EYE)
    assert _count(dark, Part.EYE) < 0.4 * _count(none, Part.EYE)


def test_hair_and_mouth_grow_with_their_factors(renderer: Renderer, plain: Factors) -> None:
    bald, long = (renderer.render(replace(plain, hair_style=style)) for style in ("bald", "long"))
    assert _count(bald, Part.HAIR) == 0
    assert _count(long, Part.HAIR) > 2000
    shut, wide = (renderer.render(replace(plain, mouth_open=value)) for value in (0.0, 1.0))
    assert _count(wide, Part.MOUTH) > 1.5 * _count(shut, Part.MOUTH)


def test_a_smile_is_wide_and_shows_teeth(renderer: Renderer, plain: Factors) -> None:
    rest, smile = (renderer.render(replace(plain, smile=value)) for value in (0.0, 1.0))
    width = [np.ptp(np.nonzero(_shows(p, Part.MOUTH))[1]) for p in (rest, smile)]
    assert width[1] > width[0] + 4
    # Teeth are grey, lips are red: the mouth's greatest green value rises.
    green = [p.image[..., 1][_shows(p, Part.MOUTH)].max() for p in (rest, smile)]
    assert green[1] > green[0] + 20


def test_positive_yaw_and_azimuth_point_to_the_right(renderer: Renderer, plain: Factors) -> None:
    ahead, turned = (renderer.render(replace(plain, yaw=value)) for value in (0.0, 30.0))
    assert (
        np.nonzero(_shows(turned, Part.MOUTH))[1].mean() > np.nonzero(_shows(ahead, Part.MOUTH))[1].mean() + 5
    )
    lit = renderer.render(replace(plain, hair_style="bald", light_azimuth=60.0))
    skin, left = _shows(lit, Part.SKIN), np.arange(128) < 64
    assert lit.image[skin & ~left].mean() > lit.image[skin & left].mean() + 20


@pytest.mark.parametrize("size", [0, 15, 1025])
def test_a_size_out_of_range_is_refused(renderer: Renderer, plain: Factors, size: int) -> None:
    with pytest.raises(InputError, match=f"size: expected 16 to 1024 pixels; got {size}"):
        renderer.render(plain, size)


def test_missing_assets_are_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"expected manifest\.json and geometry\.npz in"):
        open_bundle(tmp_path / "nowhere")


def test_damaged_assets_are_named(assets: Path, tmp_path: Path) -> None:
    geometry = (assets / "geometry.npz").read_bytes()
    (tmp_path / "geometry.npz").write_bytes(geometry[: len(geometry) // 2])
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match="is not JSON"):
        open_bundle(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "face-bundle 9"}))
    with pytest.raises(BundleError, match=r"expected format 'face-bundle 1' .* got 'face-bundle 9'"):
        open_bundle(tmp_path)
    shutil.copy(assets / "manifest.json", tmp_path)
    with pytest.raises(BundleError, match=r"geometry\.npz or manifest\.json is damaged"):
        open_bundle(tmp_path)
    (tmp_path / "geometry.npz").write_bytes(geometry)
    with pytest.raises(BundleError, match="cannot read the texture"):
        open_bundle(tmp_path).image("masks")

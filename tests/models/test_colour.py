import struct
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from pillow_heif import register_heif_opener
from skimage.data import astronaut

from explorer.measures.metrics import psnr
from models.colour import BAD_GAMMA, BAD_PROFILE, NO_PROFILE
from models.pictures import BACKDROP, open_picture

register_heif_opener()  # to save in this format
SIZE = 32
PHOTOGRAPH = Image.fromarray(astronaut()).resize((SIZE, SIZE))
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
SRGB_WITH_CYCLED_PRIMARIES = (0.3127, 0.3290, 0.30, 0.60, 0.15, 0.06, 0.64, 0.33)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(colour: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (SIZE, SIZE), colour)


def chunks(**values: tuple[float, ...]) -> PngInfo:
    """The chunks gAMA, cHRM (in the file a whole number of 1/100,000 each) and sRGB of a PNG."""
    info = PngInfo()
    for name, numbers in values.items():
        whole = [round(number * 1e5) for number in numbers]
        info.add(name.encode(), b"\0" if name == "sRGB" else struct.pack(f">{len(whole)}I", *whole))
    return info


def icc(space: bytes, kind: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2.1 (ICC.1:2001-04)."""
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    illuminant = (0xF6D6, 0x10000, 0xD32D)  # D50
    facts = (start + len(data), 0x02100000, kind, space, connection, b"acsp", *illuminant)
    header = struct.pack(">I4xI4s4s4s12x4s28x3I48x", *facts)
    return header + table + data


def cycled() -> bytes:
    """The profile of sRGB, but what is called red is green, green is blue, and blue is red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"gXYZ", b"?XYZ").replace(b"rXYZ", b"+XYZ").replace(b"bXYZ", b"*XYZ")
    return swapped.replace(b"?XYZ", b"rXYZ").replace(b"*XYZ", b"gXYZ").replace(b"+XYZ", b"bXYZ")


def linear_grey() -> bytes:
    white = struct.pack(">4s4x3I", b"XYZ ", 0xF6D6, 0x10000, 0xD32D)
    return icc(b"GRAY", b"mntr", b"XYZ ", {b"wtpt": white, b"kTRC": struct.pack(">4s4xI", b"curv", 0)})


def cyan_that_prints_red() -> bytes:
    """Four inks, of which cyan is red, black is black, and two are clear: a lut8 of two points an ink."""
    white, red, black = (bytes(lab) for lab in ([255, 128, 128], [136, 208, 195], [0, 128, 128]))
    ramp = bytes(range(256))
    identity = struct.pack(">9I", *[0x10000 if i % 4 == 0 else 0 for i in range(9)])
    lut = (
        b"mft1"
        + bytes(4)
        + bytes([4, 3, 2, 0])
        + identity
        + 4 * ramp
        + 4 * (white + black)
        + 4 * (red + black)
        + 3 * ramp
    )
    return icc(b"CMYK", b"prtr", b"Lab ", {b"A2B0": lut})


def near(pixels: np.ndarray, colour: tuple[int, ...], tolerance: int = 3) -> bool:
    return bool(np.abs(pixels.astype(int) - colour).max() <= tolerance)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_an_embedded_profile_is_applied(kind: str) -> None:
    for colour, shown in ((RED, GREEN), (GREEN, BLUE), (BLUE, RED), ((255, 255, 255), (255, 255, 255))):
        seen = open_picture(saved(plain(colour), kind, icc_profile=cycled()), SIZE)
        assert near(seen.pixels, shown, 12)
        assert seen.notes == ()


def test_the_profile_of_srgb_changes_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    seen = open_picture(saved(PHOTOGRAPH, "PNG", icc_profile=srgb), SIZE).pixels
    assert np.abs(seen.astype(int) - np.asarray(PHOTOGRAPH)).max() <= 1


def test_a_profile_counts_for_palettes_grey_levels_and_transparent_pictures() -> None:
    palette = plain(RED).quantize(2)
    assert near(open_picture(saved(palette, "PNG", icc_profile=cycled()), SIZE).pixels, GREEN)
    clear = plain((*RED, 255), "RGBA")
    clear.putpixel((0, 0), (255, 0, 0, 0))
    seen = open_picture(saved(clear, "PNG", icc_profile=cycled()), SIZE).pixels
    assert near(seen[0, 0], BACKDROP, 0), "the backdrop is sRGB, whatever the picture is"
    assert near(seen[1:], GREEN)
    assert near(
        open_picture(saved(plain((90,), "L"), "PNG", icc_profile=cycled()), SIZE).pixels, (90, 90, 90)
    )


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_the_profile_of_a_grey_picture_is_applied(mode: str) -> None:
    level = {"L": (55,), "LA": (55, 255), "I;16": (55 * 257,)}[mode]
    picture = (
        plain(level, mode) if mode != "I;16" else Image.fromarray(np.full((SIZE, SIZE), *level, np.uint16))
    )
    seen = open_picture(saved(picture, "PNG", icc_profile=linear_grey()), SIZE)
    assert near(seen.pixels, (128, 128, 128)), "a fifth of the light is half of sRGB's range"
    assert seen.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_the_profile_of_inks_is_applied(kind: str) -> None:
    file = saved(plain((255, 0, 0, 0), "CMYK"), kind, icc_profile=cyan_that_prints_red())
    assert near(open_picture(file, SIZE).pixels, RED, 25)
    assert open_picture(file, SIZE).notes == ()


def test_inks_without_a_profile_are_said_to_be_a_guess() -> None:
    seen = open_picture(saved(plain(RED).convert("CMYK"), "TIFF"), SIZE)
    assert near(seen.pixels, RED)
    assert seen.notes == (NO_PROFILE,)


@pytest.mark.parametrize("profile", [b"no profile", cycled()[:300], linear_grey(), cyan_that_prints_red()])
def test_a_profile_that_cannot_be_used_is_said(profile: bytes) -> None:
    seen = open_picture(saved(plain(RED), "PNG", icc_profile=profile), SIZE)
    assert near(seen.pixels, RED, 0)
    assert seen.notes == (BAD_PROFILE,)


def test_cielab_is_read() -> None:
    lab = ImageCms.profileToProfile(
        PHOTOGRAPH, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    assert psnr(open_picture(saved(lab, "TIFF"), SIZE).pixels, np.asarray(PHOTOGRAPH)) > 40


def into_gamma(gamma: float) -> Callable[[float], float]:
    """Levels of sRGB to those of a file of this gamma."""
    return lambda level: 255 * ((level / 255 + 0.055) / 1.055) ** (2.4 * gamma)


@pytest.mark.parametrize("gamma", [1.0, 0.7, 1 / 1.8])
def test_the_gamma_of_a_png_is_applied(gamma: float) -> None:
    bright = PHOTOGRAPH.point(lambda level: max(level, 40))  # in the dark 8 bits of linear light are too few
    stored = bright.point(into_gamma(gamma))
    assert psnr(np.asarray(stored), np.asarray(bright)) < 30
    seen = open_picture(saved(stored, "PNG", pnginfo=chunks(gAMA=(gamma,))), SIZE)
    assert psnr(seen.pixels, np.asarray(bright)) > 40
    assert seen.notes == ()


def test_the_primaries_of_a_png_are_applied_and_white_stays_white() -> None:
    info = chunks(cHRM=SRGB_WITH_CYCLED_PRIMARIES)
    assert near(open_picture(saved(plain(RED), "PNG", pnginfo=info), SIZE).pixels, GREEN)
    d50 = chunks(cHRM=(0.3457, 0.3585, *SRGB_WITH_CYCLED_PRIMARIES[2:]), gAMA=(0.5,))
    assert near(
        open_picture(saved(plain((255, 255, 255)), "PNG", pnginfo=d50), SIZE).pixels, (255, 255, 255), 0
    )


def test_the_gamma_that_means_srgb_and_the_chunks_that_count_before_it_leave_the_levels() -> None:
    for info in (chunks(gAMA=(0.45455,)), chunks(gAMA=(1.0,), sRGB=())):
        seen = open_picture(saved(PHOTOGRAPH, "PNG", pnginfo=info), SIZE).pixels
        assert np.array_equal(seen, np.asarray(PHOTOGRAPH))
    both = saved(plain(RED), "PNG", pnginfo=chunks(gAMA=(1.0,)), icc_profile=cycled())
    assert near(open_picture(both, SIZE).pixels, GREEN)


@pytest.mark.parametrize("info", [chunks(gAMA=(0.0,)), chunks(gAMA=(90.0,)), chunks(cHRM=(0.0,) * 8),
                                  chunks(cHRM=(0.3,) * 8)])  # fmt: skip
def test_chunks_that_make_no_sense_are_said(info: PngInfo) -> None:
    seen = open_picture(saved(PHOTOGRAPH, "PNG", pnginfo=info), SIZE)
    assert np.array_equal(seen.pixels, np.asarray(PHOTOGRAPH))
    assert seen.notes == (BAD_GAMMA,)

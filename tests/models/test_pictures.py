import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener
from skimage.data import astronaut

from explorer.measures.metrics import psnr
from models.pictures import (
    BACKDROP,
    FORMATS,
    PictureError,
    encode_jpeg,
    open_picture,
    sprite,
    to_tensor,
    to_uint8,
)

SIZE = 64
PHOTOGRAPH = Image.fromarray(astronaut()).resize((SIZE, SIZE))
register_heif_opener()  # to save in this format
RED, BLUE = (255, 0, 0), (0, 0, 255)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int) -> bytes:
    """A valid header of a grey 8-bit PNG, and next to no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_we_name_is_read(kind: str) -> None:
    picture = open_picture(saved(PHOTOGRAPH, kind), SIZE)
    assert picture.pixels.shape == (SIZE, SIZE, 3)
    assert psnr(picture.pixels, np.asarray(PHOTOGRAPH)) > 25
    assert picture.notes == ()


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "photograph.png"
    PHOTOGRAPH.save(path)
    for source in (path, path.read_bytes()):
        assert np.array_equal(open_picture(source, SIZE).pixels, np.asarray(PHOTOGRAPH))


def test_cmyk_jpeg_keeps_its_colours() -> None:
    data = saved(Image.new("RGB", (32, 32), RED).convert("CMYK"), "JPEG")
    assert np.abs(open_picture(data, 32).pixels.astype(int) - RED).max() < 8


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    levels = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(256, 0)
    for kind in ("PNG", "TIFF"):
        picture = open_picture(saved(Image.fromarray(levels), kind), 256).pixels
        assert np.array_equal(picture[0, :, 0], np.arange(256))
        assert np.array_equal(picture[..., 0], picture[..., 2])


def test_16_bit_big_endian_tiff_is_read_in_its_own_order() -> None:
    data = struct.pack(">2sHI", b"MM", 42, 8) + struct.pack(">H", 8)
    entries = [(256, 3, 2), (257, 3, 2), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 110), (278, 3, 2)]
    for tag, kind, value in [*entries, (279, 4, 8)]:
        data += struct.pack(
            ">HHIHH" if kind == 3 else ">HHII", tag, kind, 1, value, *([0] if kind == 3 else [])
        )
    data += struct.pack(">I", 0) + struct.pack(">4H", 0, 65535, 0, 65535)
    assert open_picture(data, 2).pixels[..., 0].tolist() == [[0, 255], [0, 255]]


@pytest.mark.parametrize(
    ("mode", "clear", "opaque"), [("RGBA", (255, 0, 0, 0), (255, 0, 0, 255)), ("LA", (255, 0), (255, 255))]
)
def test_transparency_is_laid_over_grey(mode: str, clear: tuple[int, ...], opaque: tuple[int, ...]) -> None:
    picture = Image.new(mode, (2, 2), clear)
    picture.putpixel((1, 0), opaque)
    seen = open_picture(saved(picture, "PNG"), 2).pixels
    assert tuple(seen[0, 0]) == BACKDROP
    assert tuple(seen[0, 1]) == (RED if mode == "RGBA" else (255, 255, 255))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_colour_is_laid_over_grey(kind: str) -> None:
    picture = Image.new("P", (2, 2))
    picture.putpalette([*RED, *BLUE])
    picture.putpixel((1, 0), 1)
    seen = open_picture(saved(picture, kind, transparency=1), 2).pixels
    assert [tuple(seen[0, x]) for x in (0, 1)] == [RED, BACKDROP]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF", "HEIF"])
def test_an_animation_is_its_first_frame_and_says_so(kind: str) -> None:
    first, second = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)
    several = saved(first, kind, save_all=True, append_images=[second], duration=100)
    seen = open_picture(several, 8)
    assert np.abs(seen.pixels.astype(int) - RED).max() < 8
    name = {"TIFF": "pages", "HEIF": "pictures"}.get(kind, "frames")
    assert seen.notes == (f"This {kind} has several {name}: the first is used.",)


def test_the_preview_that_a_telephone_adds_to_a_jpeg_is_no_frame() -> None:
    preview = PHOTOGRAPH.resize((32, 32))
    assert open_picture(saved(PHOTOGRAPH, "MPO", save_all=True, append_images=[preview]), 8).notes == ()


def test_a_heic_is_read_before_anything_else_has_loaded_its_library(tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(saved(PHOTOGRAPH, "HEIF"))
    script = (
        "import sys; from pathlib import Path; from models.pictures import open_picture;"
        "assert 'pillow_heif' not in sys.modules;"
        "print(open_picture(Path(sys.argv[1]), 64).pixels.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "photo.heic"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "(64, 64, 3)", done.stderr


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_exif_rotated_jpeg_comes_upright(orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that a camera so held has made
    stored = PHOTOGRAPH.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else PHOTOGRAPH
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(saved(stored, "JPEG", exif=exif, quality=95), SIZE).pixels
    assert psnr(picture, np.asarray(PHOTOGRAPH)) > 25


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"Dear diary, this is not a picture.\n" * 20, "not a picture we can read; use JPEG, PNG"),
        (
            b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(400),
            "This HEIC picture is damaged, .* export it as JPEG",
        ),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not a picture we can read"),
        (saved(PHOTOGRAPH, "PNG")[:-4000], "damaged or incomplete"),
        (saved(PHOTOGRAPH, "JPEG")[:-800], "damaged or incomplete"),
        (saved(PHOTOGRAPH, "HEIF")[:-400], "This HEIC picture is damaged, .* export it as JPEG"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(400), "not a picture we can read"),
        (png(64, 64), "damaged or incomplete"),
        (png(40_000, 40_000), "too large: at most 50 megapixels"),
        (png(8_000, 7_000), "too large: at most 50 megapixels, this one has 8000 × 7000"),
        (saved(Image.new("F", (4, 4)), "TIFF"), "32 bits a channel"),
        (saved(Image.new("I", (4, 4)), "TIFF"), "32 bits a channel"),
    ],
    ids=[
        "0 bytes",
        "text",
        "HEIC",
        "EPS",
        "cut PNG",
        "cut JPEG",
        "cut HEIC",
        "film",
        "no pixels",
        "bomb",
        "56 MP",
        "float",
        "int32",
    ],
)
def test_a_file_that_is_no_picture_gets_a_sentence(data: bytes, sentence: str, tmp_path: Path) -> None:
    renamed = tmp_path / "portrait.png"
    renamed.write_bytes(data)
    for source in (data, renamed):
        with pytest.raises(PictureError, match=sentence):
            open_picture(source, SIZE)


def test_between_our_limit_and_pillows_a_picture_is_refused_too() -> None:
    with pytest.warns(Image.DecompressionBombWarning), pytest.raises(PictureError, match="12000 × 10000"):
        open_picture(png(12_000, 10_000), SIZE)


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no picture to read at nobody"):
        open_picture(tmp_path / "nobody.png", SIZE)


@given(
    kind=st.sampled_from(FORMATS),
    start=st.floats(0, 1),
    noise=st.binary(min_size=1, max_size=40),
    kept=st.floats(0.1, 1),
)
def test_damaged_bytes_give_a_picture_or_a_sentence(
    kind: str, start: float, noise: bytes, kept: float
) -> None:
    data = saved(PHOTOGRAPH, kind)
    place = int(start * len(data))
    damaged = (data[:place] + noise + data[place + len(noise) :])[: int(kept * len(data))]
    with suppress(PictureError):  # and nothing else
        assert open_picture(damaged, SIZE).pixels.shape == (SIZE, SIZE, 3)


@pytest.mark.parametrize("size", [16, 128, 512])
@pytest.mark.parametrize("shape", [(96, 64), (64, 96), (50, 50), (1, 300), (1, 1)])
def test_any_shape_becomes_a_square(size: int, shape: tuple[int, int]) -> None:
    square = open_picture(saved(Image.new("RGB", shape, RED), "PNG"), size).pixels
    assert square.shape == (size, size, 3)
    assert (square == RED).all()


def test_the_square_is_the_centre() -> None:
    picture = Image.new("RGB", (90, 30), BLUE)
    picture.paste(RED, (30, 0, 60, 30))
    assert (open_picture(saved(picture, "PNG"), 30).pixels == RED).all()


def test_8_bit_levels_survive_the_round_trip_and_fill_the_range() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    tensor = to_tensor(levels)
    assert (tensor.dtype, tensor.min(), tensor.max()) == (torch.float32, -1, 1)
    assert np.array_equal(to_uint8(tensor), levels)


def test_to_uint8_rounds_to_the_nearest_level_and_clamps() -> None:
    values = torch.tensor([-9.0, -1.0, 0.4 / 127.5 - 1, 0.6 / 127.5 - 1, 1.0, 9.0])
    assert to_uint8(values.expand(1, 3, 1, 6))[0, 0, :, 0].tolist() == [0, 0, 0, 1, 255, 255]


def test_channels_and_axes_keep_their_places() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 3), dtype=np.uint8)
    assert to_tensor(pictures)[1, 2, 0, 4] == pytest.approx(pictures[1, 0, 4, 2] / 127.5 - 1)


def test_jpeg_keeps_full_colour_resolution() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2, 0] = 255  # red and black columns: halved chroma would smear them
    assert psnr(np.asarray(Image.open(BytesIO(encode_jpeg(stripes)))), stripes) > 30


def test_a_sprite_is_the_pictures_from_left_to_right() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    row = sprite(pictures)
    assert row.shape == (4, 15, 3)
    assert np.array_equal(row[:, 5:10], pictures[1])


def whole(picture: Image.Image) -> np.ndarray:
    """Its centre square at 32 px, resampled in one step and not read at a reduced size."""
    return np.asarray(ImageOps.fit(picture, (32, 32), Image.Resampling.LANCZOS))


def test_a_shrunk_picture_is_what_the_whole_one_gives() -> None:
    photo = Image.fromarray(astronaut()).crop((0, 0, 511, 400))
    for kind, decibels in (("PNG", 45), ("JPEG", 40), ("TIFF", 45)):
        seen = open_picture(saved(photo, kind, **({"quality": 95} if kind == "JPEG" else {})), 32).pixels
        assert psnr(seen, whole(photo)) > decibels


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_shrunk_picture_of_any_kind_is_the_picture(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    grey = Image.fromarray(astronaut()).convert("L")
    picture = (
        Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    )
    seen = open_picture(saved(picture, kind), 32).pixels
    assert psnr(seen, whole(grey.convert("RGB"))) > (18 if mode == "1" else 40)


def test_shrinking_does_not_smear_the_colour_below_what_is_clear() -> None:
    picture = Image.new("RGBA", (512, 512), (0, 255, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 256, 512))
    seen = open_picture(saved(picture, "PNG"), 16).pixels
    assert (seen[:, :4] == RED).all()
    assert (seen[:, 12:] == BACKDROP).all()
    assert (seen[..., 1] <= BACKDROP[1]).all(), "no green comes through"


MANY_AT_ONCE = """
import sys, threading
from pathlib import Path
from models.pictures import open_picture

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

data = Path(sys.argv[1]).read_bytes()
before = peak()
readers = [threading.Thread(target=open_picture, args=(data, 16)) for _ in range(8)]
for reader in readers: reader.start()
for reader in readers: reader.join()
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak of memory")
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_many_large_pictures_at_once_take_the_memory_of_a_few(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "large"
    picture = Image.new("RGB", (5000, 5000), RED)
    file.write_bytes(saved(picture, kind, **({"lossless": True, "method": 0} if kind == "WEBP" else {})))
    done = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE, file], capture_output=True, text=True, check=True
    )
    whole = 4 * 5000**2 // 10**6  # MB, as Pillow keeps it
    assert int(done.stdout) < (12 if kind == "WEBP" else 3) * whole, "two at a time, not eight"

"""Picture files as people have them, good and bad."""

import io

import numpy as np
from PIL import Image

GOOD = ("CMYK", "16-bit", "RGBA", "animated GIF", "EXIF-rotated")
BAD = {
    "text": "not a picture",
    "empty": "empty",
    "truncated": "damaged",
    "bomb": "megapixels",
    "too many bytes": "too large",
}


def write(folder, kind, photo):
    """A file of this kind, made of the photo (uint8 h w 3) where it is a good one."""
    suffix = {"CMYK": ".jpg", "EXIF-rotated": ".jpg", "animated GIF": ".gif"}.get(kind, ".png")
    path = folder / f"picture{suffix}"
    path.write_bytes(_bytes(kind, Image.fromarray(photo)))
    return path


def _bytes(kind, photo):
    if kind == "text":
        return b"Dear diary, today I renamed a letter to .png.\n" * 20
    if kind == "empty":
        return b""
    if kind == "truncated":
        return _encode(photo, "PNG")[:5000]
    if kind == "bomb":
        return _encode(Image.new("1", (40_000, 40_000)), "PNG")
    if kind == "too many bytes":
        return bytes(41 * 2**20)
    if kind == "CMYK":
        return _encode(photo.convert("CMYK"), "JPEG")
    if kind == "16-bit":
        grey = np.asarray(photo.convert("L")).astype(np.uint16) * 257
        return _encode(Image.fromarray(grey), "PNG")
    if kind == "RGBA":
        photo.putalpha(128)
        return _encode(photo, "PNG")
    if kind == "animated GIF":
        return _encode(photo, "GIF", save_all=True, append_images=[photo.rotate(90)])
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° to see it upright
    return _encode(photo, "JPEG", exif=exif)


def _encode(picture, format_, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()

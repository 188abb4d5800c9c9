"""Reading the asset bundle: one geometry file, one manifest, WebP textures."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from PIL import Image, UnidentifiedImageError

from models.errors import InputError
from models.faces.world.geometry import BasePoints, Points, Triangles, VertexNormals

FORMAT = "face-bundle 1"


class BundleError(InputError):
    """The asset bundle is missing, incomplete or not the expected format."""


@dataclass(frozen=True)
class MorphTarget:
    """A sparse displacement of the base mesh."""

    index: Int[np.ndarray, " k"]
    delta: Float[np.ndarray, "k 3"]


class Proxy:
    """A mesh (eyes, brows, lashes, hair) whose every point hangs on three points of the base mesh."""

    def __init__(self, arrays: dict[str, np.ndarray], key: str) -> None:
        self._reference, self._weight = arrays[f"{key}.ref"], arrays[f"{key}.weight"]
        self._offset = arrays[f"{key}.offset"]
        self._span, self._span_length = arrays[f"{key}.scale_ref"], arrays[f"{key}.scale_div"]
        self.corner_vertex = arrays[f"{key}.corner_vertex"]
        self.uv, self.triangles = arrays[f"{key}.uv"], arrays[f"{key}.faces"]
        self.normals = VertexNormals(self.corner_vertex[self.triangles])

    def fit(self, base: BasePoints) -> Points:
        """The proxy's points on a deformed base mesh; offsets scale with the base's spans along each axis."""
        axes = np.arange(3)
        scale = np.abs(base[self._span[:, 0], axes] - base[self._span[:, 1], axes]) / self._span_length
        anchored = np.einsum("nk,nkd->nd", self._weight, base[self._reference])
        return np.asarray(anchored + self._offset * scale, np.float32)


@dataclass(frozen=True)
class Bundle:
    """Everything read from disk, in the units of the base mesh (decimetres)."""

    arrays: dict[str, np.ndarray]
    morphs: dict[str, MorphTarget]
    proxies: dict[str, Proxy]
    textures: dict[str, Path]
    skin_layers: tuple[str, ...]

    @property
    def corner_vertex(self) -> Int[np.ndarray, " n"]:
        """The base vertex of each corner of the body; corners differ where the texture has a seam."""
        return self.arrays["body_corner_vertex"]

    @property
    def triangles(self) -> Triangles:
        """Triangles of the body, as corners."""
        return self.arrays["body_faces"]

    def image(self, name: str, mode: str = "RGBA") -> Image.Image:
        """A texture; raises BundleError when the file is missing or no image."""
        try:
            return Image.open(self.textures[name]).convert(mode)
        except (OSError, UnidentifiedImageError, KeyError) as error:
            raise BundleError(f"face assets: cannot read the texture {name!r}: {error}") from error


def open_bundle(root: Path) -> Bundle:
    """Read a face bundle; raises BundleError with what is missing or wrong."""
    manifest = _read_manifest(root)
    try:
        with (root / "geometry.npz").open("rb") as file, np.load(file) as archive:
            arrays = {key: archive[key] for key in archive.files}
        start = arrays["morph_start"]
        morphs = {
            entry["name"]: MorphTarget(arrays["morph_index"][a:b], arrays["morph_delta"][a:b])
            for entry, a, b in zip(manifest["morphs"], start[:-1], start[1:], strict=True)
        }
        proxies = {key[:-4]: Proxy(arrays, key[:-4]) for key in arrays if key.endswith(".ref")}
        textures = {name: root / entry["file"] for name, entry in manifest["textures"].items()}
        return Bundle(arrays, morphs, proxies, textures, tuple(manifest["skin_layers"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BundleError(
            f"face assets in {root}: geometry.npz or manifest.json is damaged: {error!r}"
        ) from error


def _read_manifest(root: Path) -> dict[str, Any]:
    path = root / "manifest.json"
    if not path.is_file() or not (root / "geometry.npz").is_file():
        raise BundleError(
            f"face assets: expected manifest.json and geometry.npz in {root}; they are not there"
        )
    try:
        manifest = json.loads(path.read_text())
    except ValueError as error:
        raise BundleError(f"face assets: {path} is not JSON: {error}") from error
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != FORMAT:
        raise BundleError(f"face assets: expected format {FORMAT!r} in {path}; got {found!r}")
    return dict(manifest)

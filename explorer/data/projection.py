"""Latents to a map of two dimensions: UMAP, t-SNE or PCA; fitted once, and cached."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import warnings
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from models.errors import InputError

log = logging.getLogger(__name__)

MANY_DIMENSIONS = 256  # above, UMAP and t-SNE see the first COMPONENTS principal components
COMPONENTS = 50
FEWEST_MAPPED = 4  # points: fewer have no map

COMPILED = ("fast_knn_indices", "smooth_knn_dist", "compute_membership_strengths")
"""Functions of umap that numba compiles in every process, for 15 seconds in all, unless it may keep them."""

Method = Literal["umap", "tsne", "pca"]
Matrix = Float[np.ndarray, "n d"]
Coordinates = Float[np.ndarray, "n 2"]


@dataclass(frozen=True)
class Arguments:
    """Everything that a map depends on besides the latents and the package versions."""

    method: Method = "umap"
    seed: int = 0
    n_neighbors: int = 15  # UMAP only, as are the next two
    min_dist: float = 0.1
    metric: str = "euclidean"

    def to_json(self) -> str:
        """For a cache key or a file's metadata."""
        return json.dumps(asdict(self), sort_keys=True)


def fit(
    latents: Float[Tensor, "n *latent"], arguments: Arguments, cache_dir: Path | None = None
) -> Coordinates:
    """Where each latent lies on a map of them all, made anew or kept.

    It is kept in `cache_dir` by package versions, latents and arguments. Raises InputError for fewer than
    FEWEST_MAPPED latents, or NaN among them.
    """
    matrix = _matrix(latents)
    if len(matrix) < FEWEST_MAPPED or not np.isfinite(matrix).all():
        raise InputError(f"map: expected at least {FEWEST_MAPPED} finite latents, got {tuple(latents.shape)}")
    path = cache_dir and cache_dir / f"map-{_key(matrix, arguments)}.npy"
    coordinates = _read(path, len(matrix)) if path else None
    if coordinates is None:
        coordinates = _fit(matrix, arguments)
        if path:
            _write(path, coordinates)
    return coordinates


def _fit(matrix: Matrix, arguments: Arguments) -> Coordinates:
    if arguments.method == "pca":
        return _pca(matrix, 2, arguments)
    reduced = _pca(matrix, COMPONENTS, arguments) if matrix.shape[1] > MANY_DIMENSIONS else matrix
    if arguments.method == "umap":
        return np.asarray(_umap(arguments, len(matrix)).fit_transform(reduced), np.float32)
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(matrix) - 1) / 3)
    tsne = TSNE(init="pca", random_state=arguments.seed, perplexity=perplexity)
    return np.asarray(tsne.fit_transform(reduced), np.float32)


@cache
def _umap_class() -> Any:
    """Imported late, for numba takes seconds; what it compiles is kept on disk for the next process."""
    with warnings.catch_warnings():  # umap misses an optional part of its own, which we do not use
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap import UMAP, umap_
    for function in COMPILED:
        getattr(umap_, function).enable_caching()
    return UMAP


def _umap(arguments: Arguments, n: int) -> Any:
    return _umap_class()(
        n_neighbors=min(arguments.n_neighbors, n - 1),
        min_dist=arguments.min_dist,
        metric=arguments.metric,
        random_state=arguments.seed,
        n_jobs=1,  # what a seed asks for
    )


def _pca(matrix: Matrix, components: int, arguments: Arguments) -> Float[np.ndarray, "n c"]:
    from sklearn.decomposition import PCA

    pca = PCA(min(components, *matrix.shape), random_state=arguments.seed).fit(matrix)
    return np.asarray(pca.transform(matrix), np.float32)


def _matrix(latents: Tensor) -> Matrix:
    return latents.flatten(1).numpy().astype(np.float32, copy=False)


def _key(matrix: Matrix, arguments: Arguments) -> str:
    packages = [f"{name} {version(name)}" for name in ("umap-learn", "scikit-learn", "numpy", "numba")]
    digest = hashlib.sha256(json.dumps([packages, arguments.to_json(), matrix.shape]).encode())
    digest.update(np.ascontiguousarray(matrix).tobytes())
    return digest.hexdigest()[:32]


def _read(path: Path, n: int) -> Coordinates | None:
    try:
        coordinates: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None  # absent or damaged: made anew
    return coordinates if coordinates.shape == (n, 2) and np.isfinite(coordinates).all() else None


def _write(path: Path, coordinates: Coordinates) -> None:
    temporary = path.with_name(f".{os.getpid()}-{threading.get_ident()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.save(file, coordinates)
        temporary.replace(path)
    except OSError as error:
        log.warning("the map is not kept for the next start: %s", error)

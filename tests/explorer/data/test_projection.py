from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data import Arguments, fit
from models.errors import InputError

CLUSTERS, EACH = 4, 60


def clustered(shape: tuple[int, ...] = (16,)) -> tuple[Tensor, np.ndarray]:
    """Latents in four well separated clusters, and the cluster of each."""
    generator = torch.Generator().manual_seed(1)
    centres = 3 * torch.randn(CLUSTERS, *shape, generator=generator)
    cluster = torch.arange(CLUSTERS * EACH) % CLUSTERS
    latents = centres[cluster] + 0.3 * torch.randn(len(cluster), *shape, generator=generator)
    return latents, cluster.numpy()


def share_beside_their_own(coordinates: np.ndarray, cluster: np.ndarray) -> float:
    """Of the points whose nearest neighbour on the map is of the same cluster."""
    distances = np.linalg.norm(coordinates[:, None] - coordinates, axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((cluster[distances.argmin(axis=1)] == cluster).mean())


@pytest.fixture(scope="module")
def umap_of_clusters(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, Path]:
    directory = tmp_path_factory.mktemp("maps")
    return fit(clustered()[0], Arguments(), directory), directory


def test_umap_keeps_clusters_together(umap_of_clusters: tuple[np.ndarray, Path]) -> None:
    assert share_beside_their_own(umap_of_clusters[0], clustered()[1]) == 1


def test_a_map_is_taken_from_the_cache(umap_of_clusters: tuple[np.ndarray, Path]) -> None:
    coordinates, directory = umap_of_clusters
    (file,) = directory.iterdir()
    np.testing.assert_array_equal(np.load(file), coordinates)
    np.save(file, coordinates + 1)
    np.testing.assert_array_equal(fit(clustered()[0], Arguments(), directory), coordinates + 1)
    np.save(file, coordinates)


def test_other_latents_or_arguments_are_other_maps_and_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    latents = clustered()[0]
    first = fit(latents, Arguments(method="pca"), tmp_path)
    fit(latents[:100], Arguments(method="pca"), tmp_path)
    fit(latents, Arguments(method="pca", seed=1), tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    for file in files:
        file.write_bytes(b"damaged")
    np.testing.assert_array_equal(fit(latents, Arguments(method="pca"), tmp_path), first)


def test_a_cache_that_cannot_be_written_costs_the_cache_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    made = fit(clustered()[0], Arguments(method="pca"), tmp_path / "file" / "cache")
    assert made.shape == (CLUSTERS * EACH, 2)


def test_pca_is_the_projection_on_the_principal_axes() -> None:
    latents, _ = clustered((4, 3, 3))
    made = fit(latents, Arguments(method="pca"))
    centred = (latents - latents.mean(dim=0)).flatten(1).double()
    _, sizes, axes = torch.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(made.var(axis=0, ddof=1), sizes[:2] ** 2 / (len(latents) - 1), rtol=1e-3)
    np.testing.assert_allclose(np.abs(made), (centred @ axes[:2].T).abs(), atol=1e-4)  # signs are free


def test_latents_of_many_dimensions_are_mapped_by_their_principal_components() -> None:
    latents, cluster = clustered((4, 9, 9))
    assert share_beside_their_own(fit(latents, Arguments()), cluster) == 1


def test_tsne_makes_a_map_too() -> None:
    latents, cluster = clustered()
    made = fit(latents[:80], Arguments(method="tsne"))
    assert made.shape == (80, 2)
    assert share_beside_their_own(made, cluster[:80]) == 1


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused() -> None:
    latents = clustered()[0]
    with pytest.raises(InputError, match="expected at least 4 finite latents"):
        fit(latents[:3], Arguments())
    with pytest.raises(InputError, match="expected at least 4 finite latents"):
        fit(torch.full((5, 16), float("nan")), Arguments())


def test_arguments_are_named_in_json() -> None:
    arguments = Arguments(seed=3, metric="cosine")
    assert Arguments(**json.loads(arguments.to_json())) == arguments

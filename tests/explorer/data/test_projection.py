from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data import Arguments, Projection, fit, projection
from models.errors import InputError

CLUSTERS, EACH, HELD_OUT = 4, 60, 10


def clustered(shape: tuple[int, ...] = (16,)) -> tuple[Tensor, Tensor, np.ndarray, np.ndarray]:
    """Latents in four well separated clusters, some more of them held out, and the clusters of both."""
    generator = torch.Generator().manual_seed(1)
    centres = 3 * torch.randn(CLUSTERS, *shape, generator=generator)
    cluster = torch.arange(CLUSTERS * (EACH + HELD_OUT)) % CLUSTERS
    latents = centres[cluster] + 0.3 * torch.randn(len(cluster), *shape, generator=generator)
    cut = CLUSTERS * EACH
    return latents[:cut], latents[cut:], cluster[:cut].numpy(), cluster[cut:].numpy()


def nearest_on_map(coordinates: np.ndarray, placed: np.ndarray) -> np.ndarray:
    return np.linalg.norm(placed[:, None] - coordinates, axis=2).argmin(axis=1)


@pytest.fixture(scope="module")
def umap_of_clusters(tmp_path_factory: pytest.TempPathFactory) -> tuple[Projection, Path]:
    directory = tmp_path_factory.mktemp("maps")
    return fit(clustered()[0], Arguments(), directory), directory


def test_umap_keeps_clusters_together_and_places_new_points_in_theirs(
    umap_of_clusters: tuple[Projection, Path],
) -> None:
    fitted, _ = umap_of_clusters
    _, held_out, cluster, expected = clustered()
    placed = fitted.transform(held_out)
    np.testing.assert_array_equal(cluster[nearest_on_map(fitted.coordinates, placed)], expected)


def test_a_map_rebuilt_from_its_coordinates_places_points_as_umap_itself_would() -> None:
    latents, held_out, _, _ = clustered()
    own = projection._umap(Arguments(), len(latents))
    coordinates = own.fit_transform(latents.numpy())
    rebuilt = Projection(latents, coordinates, Arguments())
    np.testing.assert_allclose(rebuilt.transform(held_out), own.transform(held_out.numpy()), atol=1e-4)
    np.testing.assert_array_equal(rebuilt.coordinates, coordinates)


def test_new_points_are_placed_by_some_of_the_points_when_there_are_many(
    umap_of_clusters: tuple[Projection, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "ANCHORS", 100)
    latents, held_out, cluster, expected = clustered()
    coordinates = umap_of_clusters[0].coordinates
    placed = Projection(latents, coordinates, Arguments()).transform(held_out)
    np.testing.assert_array_equal(cluster[nearest_on_map(coordinates, placed)], expected)


def test_a_map_is_taken_from_the_cache(umap_of_clusters: tuple[Projection, Path]) -> None:
    fitted, directory = umap_of_clusters
    (file,) = directory.iterdir()
    np.testing.assert_array_equal(np.load(file), fitted.coordinates)
    np.save(file, fitted.coordinates + 1)
    again = fit(clustered()[0], Arguments(), directory)
    np.testing.assert_array_equal(again.coordinates, fitted.coordinates + 1)
    np.save(file, fitted.coordinates)


def test_other_latents_or_arguments_are_other_maps_and_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    latents = clustered()[0]
    first = fit(latents, Arguments(method="pca"), tmp_path)
    fit(latents[:100], Arguments(method="pca"), tmp_path)
    fit(latents, Arguments(method="pca", seed=1), tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    for file in files:
        file.write_bytes(b"damaged")
    np.testing.assert_array_equal(
        fit(latents, Arguments(method="pca"), tmp_path).coordinates, first.coordinates
    )


def test_a_cache_that_cannot_be_written_costs_the_cache_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    made = fit(clustered()[0], Arguments(method="pca"), tmp_path / "file" / "cache")
    assert made.coordinates.shape == (CLUSTERS * EACH, 2)


def test_pca_is_the_projection_on_the_principal_axes() -> None:
    latents, held_out, _, _ = clustered((4, 3, 3))
    made = fit(latents, Arguments(method="pca"))
    np.testing.assert_allclose(made.transform(latents), made.coordinates, atol=1e-4)
    centred = (latents - latents.mean(dim=0)).flatten(1)
    variances = torch.linalg.svdvals(centred.double())[:2] ** 2 / (len(latents) - 1)
    np.testing.assert_allclose(made.coordinates.var(axis=0, ddof=1), variances, rtol=1e-3)
    assert made.transform(held_out).shape == (len(held_out), 2)


def test_latents_of_many_dimensions_are_mapped_by_their_principal_components() -> None:
    latents, held_out, cluster, expected = clustered((4, 9, 9))
    made = fit(latents, Arguments())
    np.testing.assert_array_equal(
        cluster[nearest_on_map(made.coordinates, made.transform(held_out))], expected
    )


def test_tsne_makes_a_map_but_places_no_new_points() -> None:
    latents = clustered()[0][:80]
    made = fit(latents, Arguments(method="tsne"))
    assert made.coordinates.shape == (80, 2)
    with pytest.raises(InputError, match="t-SNE makes a map of the points it is given only"):
        made.transform(latents[:1])


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused() -> None:
    latents = clustered()[0]
    made = fit(latents, Arguments(method="pca"))
    with pytest.raises(InputError, match=r"expected finite latents of shape \(m, 16\), got \(2, 3\)"):
        made.transform(torch.zeros(2, 3))
    with pytest.raises(InputError, match="expected finite latents"):
        made.transform(torch.full((1, 16), float("nan")))
    with pytest.raises(InputError, match="expected at least 4 finite latents"):
        fit(latents[:3], Arguments())
    with pytest.raises(InputError, match=r"expected coordinates of shape \(240, 2\), got \(5, 2\)"):
        Projection(latents, np.zeros((5, 2), np.float32), Arguments())


def test_arguments_survive_json_and_refuse_what_they_do_not_know() -> None:
    arguments = Arguments(seed=3, metric="cosine")
    assert Arguments.from_json(arguments.to_json()) == arguments
    for text in ('{"perplexity": 3}', "[1]", "3", "", "{"):
        with pytest.raises(InputError, match="map arguments: expected"):
            Arguments.from_json(text)

from __future__ import annotations

import torch

from explorer.measures.typicality import distance_rank, in_words, is_typical, verdict

DATA = torch.randn(1000, 64, generator=torch.Generator().manual_seed(0))


def test_the_rank_counts_the_data_that_lie_nearer() -> None:
    line = torch.tensor([[-3.0], [-1], [1], [3]])  # mean 0, distances 3, 1, 1, 3
    assert distance_rank(torch.tensor([2.0]), line) == 0.5
    assert distance_rank(torch.tensor([0.5]), line) == 0
    assert distance_rank(torch.tensor([-4.0]), line) == 1


def test_draws_like_the_data_are_typical_and_the_centre_and_far_out_are_not() -> None:
    fresh = torch.randn(64, generator=torch.Generator().manual_seed(1))
    assert is_typical(distance_rank(fresh, DATA))
    centre, far = distance_rank(DATA.mean(0), DATA), distance_rank(2 * fresh, DATA)
    assert not is_typical(centre)
    assert "blander" in in_words(centre)
    assert not is_typical(far)
    assert "guessing" in in_words(far)


def test_spatial_latents_count_as_vectors() -> None:
    rank = distance_rank(DATA[3], DATA)
    assert distance_rank(DATA[3].reshape(4, 4, 4), DATA.reshape(-1, 4, 4, 4)) == rank
    assert f"{rank:.0%}" in in_words(rank)


def test_a_verdict_is_rank_and_sentence() -> None:
    for latent in (DATA[3], DATA.mean(0), 3 * DATA[3]):
        rank = distance_rank(latent, DATA)
        assert verdict(latent, DATA) == (is_typical(rank), in_words(rank))
    assert not verdict(3 * DATA[3], DATA)[0]


def test_before_two_are_encoded_nothing_is_said_of_a_latent() -> None:
    for count in (0, 1):
        assert verdict(DATA[3], DATA[:count]) == (
            True,
            "Nothing is encoded yet that it could be compared with.",
        )

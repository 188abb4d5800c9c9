import torch

from models.priors import StandardNormal


def test_log_density_is_torchs_own_in_nats() -> None:
    prior = StandardNormal((2, 3))
    latents = prior.sample(4, seed=1)
    expected = torch.distributions.Normal(0, 1).log_prob(latents).sum((1, 2))
    torch.testing.assert_close(prior.log_prob(latents), expected)


def test_samples_have_mean_zero_and_unit_variance_and_leave_the_global_seed_alone() -> None:
    state = torch.get_rng_state()
    latents = StandardNormal((50,)).sample(1000, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert abs(float(latents.mean())) < 0.02
    assert abs(float(latents.var()) - 1) < 0.02

import numpy as np
import polars as pl
import pytest

from forecasting.distributions import negative_binomial_quantiles
from forecasting.gamma_poisson import RatePrior, rate_prior, rates


def test_the_posterior_is_the_conjugate_one() -> None:
    prior = RatePrior(mean=2.0, variance=0.5, dispersion=1.0, group_factors={})
    quantity = np.array([[3.0, 1.0, 2.0]])
    posterior = rates(prior, quantity, np.ones((1, 3)), {}, discount=0.0)
    # Gamma(2, 1) prior, 6 units in 3 periods
    assert posterior.mean.tolist() == pytest.approx([(2 + 6) / (1 + 3)])
    mean, variance = posterior.predictive(np.array([2.0]))
    assert mean.tolist() == pytest.approx([4.0])
    assert variance.tolist() == pytest.approx([4.0 + 16.0 / 8])


def test_predictive_quantiles_are_those_of_simulated_posteriors() -> None:
    rng = np.random.default_rng(3)
    prior = RatePrior(mean=1.0, variance=1.0, dispersion=1.0, group_factors={})
    posterior = rates(prior, np.array([[1.0, 1.0, 1.0]]), np.ones((1, 3)), {}, discount=0.0)
    mean, variance = posterior.predictive(np.array([3.0]))
    drawn = rng.poisson(3 * rng.gamma(4.0, 1 / 4.0, size=400_000))
    levels = [0.5, 0.75, 0.9, 0.95, 0.99]
    found = negative_binomial_quantiles(mean, variance, levels)[0]
    assert found.tolist() == np.quantile(drawn, levels).tolist()


def test_the_prior_of_a_simulated_market_is_found() -> None:
    rng = np.random.default_rng(4)
    rate = rng.gamma(0.8, 2.0, size=(3_000, 1))
    quantity = rng.poisson(rate, size=(3_000, 24)).astype(float)
    prior = rate_prior(quantity, np.ones_like(quantity), {}, discount=0.0)
    assert prior.mean == pytest.approx(1.6, rel=0.05)
    assert prior.variance == pytest.approx(1 / 0.8, rel=0.1)
    assert prior.dispersion == pytest.approx(1.0, abs=0.03)


def test_lots_show_as_dispersion() -> None:
    rng = np.random.default_rng(5)
    quantity = 4.0 * rng.poisson(1.0, size=(500, 24))
    prior = rate_prior(quantity, np.ones_like(quantity), {}, discount=0.0)
    assert prior.dispersion == pytest.approx(4.0, rel=0.05)


def test_an_unseen_series_has_its_groups_rate() -> None:
    quantity = np.array([[8.0] * 6] * 10 + [[1.0] * 6] * 10 + [[0.0] * 6])
    exposure = np.vstack([np.ones((20, 6)), np.zeros((1, 6))])
    groups = {"group_id": pl.Series(["a"] * 10 + ["b"] * 10 + ["a"])}
    prior = rate_prior(quantity, exposure, groups, discount=0.0)
    posterior = rates(prior, quantity, exposure, groups, discount=0.0)
    overall = (8 + 1) / 2
    factor = (10 * 8 / overall + 5) / 15
    assert posterior.mean[-1] == pytest.approx(overall * factor)

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from pricing.hierarchy import Estimates, group_regression, likely_spread, pooled, spread
from pricing.panel import Panel


def test_spread_solves_paule_and_mandels_equation():
    draw = np.random.default_rng(1)
    variance = draw.uniform(0.1, 2, 50)
    estimate = draw.normal(0, np.sqrt(1.5 + variance))
    exact = brentq(lambda s: (estimate**2 / (s + variance)).sum() - 50, 0, 50)
    assert spread(estimate, variance, 0.0) == pytest.approx(exact, rel=1e-6)


def test_scatter_that_errors_explain_has_no_spread():
    assert spread(np.array([0.5, -0.4, 0.1]), np.ones(3), 0.0) == 0.0


def test_the_likely_spread_maximises_the_likelihood():
    draw = np.random.default_rng(2)
    variance = draw.uniform(0.1, 2, 80)
    estimate = draw.normal(0, np.sqrt(1.5 + variance))
    exact = minimize_scalar(
        lambda s: (np.log(s + variance) + estimate**2 / (s + variance)).sum(),
        bounds=(0, 20),
        method="bounded",
    ).x
    assert likely_spread(estimate, variance) == pytest.approx(exact, rel=1e-3)


def test_group_regression_agrees_with_least_squares():
    draw = np.random.default_rng(4)
    item, period = np.repeat(np.arange(10), 30), np.tile(np.arange(30), 10)
    panel = Panel.of(item, np.arange(10) // 5, period)
    features, weight = draw.normal(size=(2, 300)), draw.uniform(0.5, 2, 300)
    response = 3 * features[0] - features[1] + draw.normal(size=300)
    found = group_regression(panel, features, response, weight, np.zeros(2))
    first, root = panel.group == 0, np.sqrt(weight)
    exact = np.linalg.lstsq((features * root).T[first], (response * root)[first], rcond=None)[0]
    assert found.mean[0] == pytest.approx(exact, abs=1e-4)


def test_covariance_knows_that_a_period_shares_its_shock():
    draw = np.random.default_rng(6)
    errors = []
    claimed = []
    for _ in range(300):
        item, period = np.repeat(np.arange(20), 40), np.tile(np.arange(40), 20)
        panel = Panel.of(item, np.zeros(20, np.int64), period)
        feature = draw.normal(size=40)[period][None]
        response = -2 * feature[0] + draw.normal(size=40)[period] + 0.1 * draw.normal(size=800)
        found = group_regression(panel, feature, response, np.ones(800), np.zeros(1))
        errors.append(found.mean[0, 0] + 2)
        claimed.append(found.covariance[0, 0, 0])
    assert np.mean(claimed) == pytest.approx(np.var(errors), rel=0.25)


def test_pooling_draws_unsure_groups_more():
    estimates = Estimates(
        np.array([[-1.0], [-3.0], [-1.0], [-3.0]]),
        np.array([0.01, 0.01, 4.0, 4.0]).reshape(4, 1, 1),
    )
    found = pooled(
        estimates, centre=np.array([-2.0]), centre_variance=np.ones(1), usual=np.full(1, 0.25)
    )
    gaps = np.abs(found.mean[:, 0] - estimates.mean[:, 0])
    assert (gaps[:2] < 0.05).all()
    assert (gaps[2:] > 0.5).all()


def test_a_group_without_information_is_the_centre_and_unsure():
    item = np.zeros(5, np.int64)
    panel = Panel.of(item, np.zeros(1, np.int64), np.arange(5))
    found = group_regression(panel, np.zeros((1, 5)), np.zeros(5), np.ones(5), np.full(1, -2.0))
    assert found.mean[0, 0] == pytest.approx(-2)
    assert found.covariance[0, 0, 0] > 100

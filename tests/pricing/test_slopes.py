import numpy as np
import pytest
from scipy.stats import truncnorm

from pricing.slopes import FLATTEST, slope_mean, slope_quantile, slope_share_above

MEANS = np.array([-3.0, -1.0, -0.1, 0.4, 1.5])
DEVIATIONS = np.array([0.2, 0.5, 0.3, 0.4, 0.5])


@pytest.fixture
def exact():
    return truncnorm(-np.inf, (FLATTEST - MEANS) / DEVIATIONS, loc=MEANS, scale=DEVIATIONS)


def test_mean_is_that_of_the_truncated_normal(exact):
    assert slope_mean(MEANS, DEVIATIONS) == pytest.approx(exact.mean(), rel=1e-5)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_quantiles_are_those_of_the_truncated_normal(exact, share):
    assert slope_quantile(MEANS, DEVIATIONS, share) == pytest.approx(exact.ppf(share), rel=1e-5)


def test_tail_is_that_of_the_truncated_normal(exact):
    bound = np.full(5, -0.8)
    assert slope_share_above(MEANS, DEVIATIONS, bound) == pytest.approx(exact.sf(-0.8), abs=1e-9)


def test_a_slope_far_on_the_wrong_side_is_still_below_zero():
    assert slope_mean(np.array([50.0]), np.array([0.5]))[0] <= FLATTEST

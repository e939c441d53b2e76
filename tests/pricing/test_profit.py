import numpy as np
import pytest
from scipy.stats import truncnorm

from pricing.profit import Demand, profit_quantile, uplift, uplift_probability
from pricing.slopes import FLATTEST


@pytest.fixture
def demand() -> Demand:
    return Demand(
        price=np.array([100.0, 100.0]),
        unit_cost=np.array([60.0, 30.0]),
        units=np.array([10.0, 2.0]),
        slope=np.array([-2.0, -1.2]),
        slope_deviation=np.array([0.4, 0.6]),
    )


@pytest.fixture
def drawn(demand):
    bound = (FLATTEST - demand.slope) / demand.slope_deviation
    draws = truncnorm(-np.inf, bound, loc=demand.slope, scale=demand.slope_deviation)
    return draws.rvs(size=(200_000, 2), random_state=np.random.default_rng(1))


PRICES = np.array([80.0, 95.0, 105.0, 130.0])


def _profits(demand, drawn):
    ratio = np.log(PRICES / 100)
    units = demand.units[None, :, None] * np.exp(drawn[:, :, None] * ratio)
    return (PRICES - demand.unit_cost[:, None]) * units


def test_uplift_agrees_with_monte_carlo(demand, drawn):
    now = (demand.units * (demand.price - demand.unit_cost))[:, None]
    exact = (_profits(demand, drawn) - now).mean(0)
    assert uplift(demand, np.tile(PRICES, (2, 1))) == pytest.approx(exact, abs=0.6)


def test_the_probability_of_uplift_agrees_with_monte_carlo(demand, drawn):
    now = (demand.units * (demand.price - demand.unit_cost))[:, None]
    exact = (_profits(demand, drawn) > now).mean(0)
    found = uplift_probability(demand, np.tile(PRICES, (2, 1)))
    assert found == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize("share", [0.05, 0.95])
def test_profit_bands_agree_with_monte_carlo(demand, drawn, share):
    exact = np.quantile(_profits(demand, drawn), share, axis=0)
    found = profit_quantile(demand, np.tile(PRICES, (2, 1)), share)
    assert found == pytest.approx(exact, rel=0.01)


def test_the_best_price_of_a_known_slope_is_the_textbook_one():
    known = Demand(*(np.array([value]) for value in (80.0, 60.0, 10.0, -3.0, 1e-6)))
    tried = np.linspace(70, 120, 501)[None]
    assert tried[0, uplift(known, tried)[0].argmax()] == pytest.approx(60 * 3 / 2, abs=0.1)


def test_without_a_margin_dearer_is_better_for_certain():
    loss = Demand(*(np.array([value]) for value in (50.0, 60.0, 10.0, -2.0, 0.5)))
    assert uplift_probability(loss, np.array([[45.0, 55.0, 70.0]])).tolist() == [[0.0, 1.0, 1.0]]

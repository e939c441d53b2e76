import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import poisson

from pricing.rates import linearised, mode_shift, shock_mode


def _count_probabilities(mean: float, dispersion: float, counts: np.ndarray) -> np.ndarray:
    """Poisson log-normal probabilities by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    rates = mean * np.exp(np.sqrt(dispersion) * nodes)
    return poisson.pmf(counts[:, None], rates[None]) @ (weights / weights.sum())


@given(st.integers(0, 2000), st.floats(0.001, 500), st.floats(0.001, 1.5))
def test_the_shock_solves_its_equation(units, mean, dispersion):
    found = shock_mode(np.array([float(units)]), np.array([mean]), np.array([dispersion]))[0]
    exact = brentq(lambda u: u / dispersion - units + mean * np.exp(u), -800, 40, xtol=1e-12)
    assert found == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("mean", [0.02, 0.3, 1.0, 4.0, 30.0, 200.0])
@pytest.mark.parametrize("dispersion", [0.05, 0.3])
def test_working_responses_are_unbiased_with_the_variance_they_claim(mean, dispersion):
    counts = np.arange(0.0, 3000.0)
    probability = _count_probabilities(mean, dispersion, counts)
    ones = np.ones(len(counts))
    work = linearised(counts, ones * np.log(mean), ones, ones * dispersion)
    gap = work.response - np.log(mean)
    assert (probability * gap).sum() == pytest.approx(0, abs=0.02)
    assert (probability * work.weight * gap**2).sum() == pytest.approx(1, abs=0.08)


def test_plenty_of_sales_make_it_a_regression_of_log_units():
    units = np.array([8_000.0, 40_000.0])
    work = linearised(units, np.log([10_000.0, 30_000.0]), np.ones(2), np.full(2, 0.2))
    assert work.response == pytest.approx(np.log(units), abs=2e-3)
    assert work.weight == pytest.approx(np.full(2, 5.0), rel=2e-3)


def test_time_out_of_stock_counts_as_exposure():
    half, full = linearised(
        np.array([50.0, 100.0]), np.log([100.0, 100.0]), np.array([0.5, 1.0]), np.full(2, 1e-3)
    ).response
    assert half == pytest.approx(full, abs=1e-3)


def test_the_shift_falls_from_half_the_dispersion_to_nothing():
    shift = mode_shift(np.array([1e-9, 1.0, 1e9]), np.full(3, 0.4))
    assert shift[0] == pytest.approx(0.2)
    assert shift[0] > shift[1] > shift[2]
    assert shift[2] == pytest.approx(0, abs=1e-8)

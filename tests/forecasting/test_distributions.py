import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from forecasting.distributions import class_quantiles, negative_binomial_quantiles, tilted

LEVELS = [0.01, 0.1, 0.5, 0.9, 0.99]
CHANCES = st.lists(st.floats(0.01, 1), min_size=4, max_size=4)


@given(mean=st.floats(0.01, 50), excess=st.floats(0.05, 5))
def test_a_negative_binomial_quantile_is_the_least_that_reaches_its_level(
    mean: float, excess: float
) -> None:
    size, chance = mean / excess, 1 / (1 + excess)
    below = np.cumsum(nbinom.pmf(np.arange(2_000), size, chance))
    expected = [int(np.argmax(below >= level - 1e-9)) for level in LEVELS]
    found = negative_binomial_quantiles(np.array([mean]), np.array([mean * (1 + excess)]), LEVELS)
    assert found[0].tolist() == expected


def test_a_poisson_is_the_limit_of_the_variance_at_the_mean() -> None:
    draws = np.random.default_rng(1).poisson(3.0, size=200_000)
    found = negative_binomial_quantiles(np.array([3.0]), np.array([3.0]), [0.5, 0.9, 0.99])
    assert found[0].tolist() == np.quantile(draws, [0.5, 0.9, 0.99]).tolist()


def test_quantities_with_fractions_lie_within_one_of_the_count() -> None:
    mean, variance = np.array([20.0]), np.array([60.0])
    whole = negative_binomial_quantiles(mean, variance, LEVELS)
    smooth = negative_binomial_quantiles(mean, variance, LEVELS, whole=False)
    assert (np.abs(whole - smooth) <= 1).all()
    assert (smooth != np.rint(smooth)).all()


@given(chances=CHANCES, level=st.floats(0.001, 0.999))
def test_a_class_quantile_is_that_of_all_points_written_out(
    chances: list[float], level: float
) -> None:
    share = np.array(chances) / sum(chances)
    points = np.array([[0.0] * 4, [1.0] * 4, [2.0, 2.0, 3.0, 5.0], [6.0, 7.0, 9.0, 30.0]])
    below = np.cumsum(np.repeat(share / 4, 4))
    expected = points.ravel()[min(int(np.argmax(below >= level - 1e-9)), 15)]
    if below[-1] < level - 1e-9 or np.abs(below - level).min() < 1e-6:
        return
    assert class_quantiles(share[None, :], points, [level])[0, 0] == expected


@given(chances=CHANCES, ratio=st.floats(0.05, 2))
def test_a_tilt_gives_the_mean_that_was_asked_for(chances: list[float], ratio: float) -> None:
    share = np.array([chances]) / sum(chances)
    values = np.array([0.0, 1.0, 2.5, 8.0])
    mean = float(share[0] @ values)
    moved = tilted(share, values, np.array([ratio]))
    assert moved.sum() == pytest.approx(1)
    assert float(moved[0] @ values) == pytest.approx(min(ratio * mean, 0.95 * 8), rel=0.01)


def test_a_tilted_poisson_is_a_poisson() -> None:
    counts = np.arange(40.0)
    poisson = nbinom.pmf(counts, 1e7, 1e7 / (1e7 + 3.0))[None, :]
    expected = nbinom.pmf(counts, 1e7, 1e7 / (1e7 + 1.5))
    np.testing.assert_allclose(tilted(poisson, counts, np.array([0.5]))[0], expected, atol=1e-3)

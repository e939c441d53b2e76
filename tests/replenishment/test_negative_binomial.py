import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from replenishment.negative_binomial import NegativeBinomial


def law(mean: float, variance: float) -> NegativeBinomial:
    return NegativeBinomial(np.array([mean]), np.array([variance]))


@pytest.mark.parametrize(
    ("mean", "variance"), [(0.3, 2.0), (2.0, 2.5), (40.0, 90.0), (900.0, 900.5), (5e4, 9e4)]
)
def test_probabilities_and_tails_are_those_of_scipy(mean: float, variance: float) -> None:
    reference = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    for units in {0, 1, int(mean), int(mean + 3 * variance**0.5)}:
        at = np.array([units])
        assert law(mean, variance).probability(at)[0] == pytest.approx(
            reference.pmf(units), rel=1e-9
        )
        assert law(mean, variance).tail(at)[0] == pytest.approx(reference.sf(units), rel=1e-9)


def test_variance_no_larger_than_the_mean_is_poisson() -> None:
    for variance in (0.0, 3.0, 3.0 + 1e-9):
        assert law(3.0, variance).tail(np.array([4]))[0] == pytest.approx(stats.poisson(3).sf(4))


@pytest.mark.parametrize(
    ("mean", "variance", "first"),
    [(0.3, 2.0, -3), (2.0, 2.0, 0), (2.0, 9.0, 5), (300.0, 400.0, 250), (400.0, 400.004, 350)],
)
def test_losses_are_the_sums_over_all_demands(losses, mean, variance, first) -> None:  # type: ignore[no-untyped-def]
    levels = first + np.arange(80)
    computed = law(mean, variance).losses(np.array([first]), 80)[0]
    np.testing.assert_allclose(computed, losses(mean, variance, levels), atol=1e-8)


def test_no_demand_is_never_short() -> None:
    assert law(0.0, 0.0).losses(np.array([-1]), 3).tolist() == [[1.0, 0.0, 0.0]]


@given(mean=st.floats(0.01, 500), ratio=st.floats(1.0, 20.0), first=st.integers(-20, 600))
def test_losses_fall_by_less_and_less(mean: float, ratio: float, first: int) -> None:
    short = law(mean, mean * ratio).losses(np.array([first]), 50)[0]
    falls = -np.diff(short)
    assert (falls >= -1e-12).all()
    assert (falls <= 1 + 1e-12).all()
    assert (np.diff(falls) <= 1e-9).all()

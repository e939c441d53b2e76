import datetime

import numpy as np
import polars as pl
import pytest

from clutch.errors import InvalidFrame
from replenishment.history import History, best_half_life, estimate


def history(quantity: np.ndarray, exposure: np.ndarray | None = None) -> History:
    parts, periods = quantity.shape
    days = [datetime.date(2020, 1, 6) + datetime.timedelta(weeks=week) for week in range(periods)]
    seen = np.ones(quantity.shape) if exposure is None else exposure
    return History(pl.Series(range(parts)), pl.Series(days), quantity.astype(float), seen)


def rows(*days: datetime.date) -> pl.DataFrame:
    return pl.DataFrame({"series_id": "a", "period_start": days, "quantity": 1.0})


def test_the_estimate_is_as_good_as_knowing_how_the_parts_were_drawn() -> None:
    rng = np.random.default_rng(3)
    rates = rng.gamma(0.8, 1 / 0.8, 4_000)
    sold = rng.poisson(np.repeat(rates[:, None], 10, axis=1))
    known = (0.8 + sold.sum(axis=1)) / (0.8 + 10)
    estimated = estimate(history(sold), np.inf)
    error = ((estimated.mean - rates) ** 2).mean()
    assert error < 1.02 * ((known - rates) ** 2).mean()
    assert error < 0.95 * ((sold.mean(axis=1) - rates) ** 2).mean()
    assert np.sqrt((estimated.mean_sd**2).mean()) == pytest.approx(np.sqrt(error), rel=0.05)


def test_variance_is_that_of_the_sales_about_their_means() -> None:
    rng = np.random.default_rng(4)
    sold = rng.negative_binomial(2.0, 0.4, (2_000, 24))
    estimated = estimate(history(sold), np.inf)
    assert estimated.variance.mean() == pytest.approx(2.0 * 0.6 / 0.4**2, rel=0.03)


def test_drifting_demand_is_followed_and_steady_demand_is_averaged() -> None:
    rng = np.random.default_rng(5)
    steps = np.exp(np.cumsum(rng.normal(0.0, 0.35, (500, 48)), axis=1))
    assert best_half_life(history(rng.poisson(steps))) < 10
    steady = np.repeat(rng.gamma(0.8, 1.25, (500, 1)), 48, axis=1)
    assert best_half_life(history(rng.poisson(steady))) == np.inf


def test_no_more_is_known_when_nothing_was_sold_or_seen() -> None:
    for empty in (history(np.zeros((3, 8))), history(np.zeros((3, 8)), np.zeros((3, 8)))):
        assert estimate(empty).mean.tolist() == [0, 0, 0]


def test_a_single_part_with_a_single_sale_has_a_demand() -> None:
    period = estimate(history(np.array([[3.0]])))
    assert period.mean[0] == pytest.approx(3.0)
    assert period.variance[0] >= period.mean[0]


@pytest.mark.parametrize(
    ("days", "periods"),
    [
        ([datetime.date(2026, 1, 1), datetime.date(2026, 4, 1), datetime.date(2026, 5, 1)], 5),
        ([datetime.date(2026, 1, 5), datetime.date(2026, 1, 6), datetime.date(2026, 1, 9)], 5),
        ([datetime.date(2026, 1, 5), datetime.date(2026, 1, 12)], 2),
        ([datetime.date(2026, 1, 5)], 1),
    ],
)
def test_periods_left_out_are_there_unobserved(days: list[datetime.date], periods: int) -> None:
    laid = History.of(rows(*days))
    assert len(laid.days) == periods
    assert laid.exposure.sum() == len(days)


def test_an_uneven_period_is_named() -> None:
    weeks = [datetime.date(2026, 1, 5) + datetime.timedelta(days=7 * week) for week in range(5)]
    with pytest.raises(InvalidFrame, match="found 2026-02-12 10 days after 2026-02-02"):
        History.of(rows(*weeks, datetime.date(2026, 2, 12)))

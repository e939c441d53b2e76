import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.delivery_time.preparation import (
    PRIOR_FLEET,
    PreparationFleet,
    fit_preparation,
    promise,
)

Z90 = 1.2815515655446004
FLEET = PreparationFleet(log_mean=math.log(900.0), between_sd=0.5, within_sd=0.4)


def median_and_p90(log_mean, log_sd):
    return np.array([math.exp(log_mean)]), np.array([math.exp(log_mean + Z90 * log_sd)])


def test_a_shop_nobody_ordered_from_is_the_fleet():
    p50, p90 = FLEET.quantiles(np.array([math.nan]), np.array([0]))
    assert p50[0] == pytest.approx(900)
    assert p90[0] == pytest.approx(900 * math.exp(Z90 * math.hypot(0.5, 0.4)))


def test_a_shop_with_many_orders_is_itself():
    mean = 3000 * math.exp(0.4**2 / 2)
    p50, p90 = FLEET.quantiles(np.array([mean]), np.array([1_000_000]))
    assert p50[0] == pytest.approx(3000, rel=1e-3)
    assert p90[0] == pytest.approx(3000 * math.exp(Z90 * 0.4), rel=1e-3)


def test_more_orders_move_a_shop_further_from_the_fleet():
    counts = np.array([0, 1, 2, 5, 20, 100])
    p50, _ = FLEET.quantiles(np.full(6, 3600.0), counts)
    assert (np.diff(p50) > 0).all()


def test_promises_of_shops_are_kept_whatever_their_number_of_orders():
    rng = np.random.default_rng(0)
    shops = 20_000
    log_median = FLEET.log_mean + FLEET.between_sd * rng.standard_normal(shops)
    for count in (0, 1, 4, 30):
        orders = np.exp(log_median[:, None] + FLEET.within_sd * rng.standard_normal((shops, count)))
        mean = orders.mean(axis=1) if count else np.full(shops, math.nan)
        p50, p90 = FLEET.quantiles(mean, np.full(shops, count))
        ahead = np.exp(log_median + FLEET.within_sd * rng.standard_normal(shops))
        assert np.mean(ahead <= p50) == pytest.approx(0.5, abs=0.015)
        assert np.mean(ahead <= p90) == pytest.approx(0.9, abs=0.01)


def test_the_fleet_is_found_in_its_orders():
    rng = np.random.default_rng(1)
    truth = PreparationFleet(log_mean=math.log(1500), between_sd=0.3, within_sd=0.6)
    counts = rng.integers(1, 60, 800)
    shop = np.repeat(np.arange(800), counts)
    log_median = truth.log_mean + truth.between_sd * rng.standard_normal(800)
    seconds = np.exp(log_median[shop] + truth.within_sd * rng.standard_normal(len(shop)))
    orders = pl.DataFrame({"shop_id": shop, "preparation_seconds": seconds})
    found = fit_preparation(orders)
    assert found.log_mean == pytest.approx(truth.log_mean, abs=0.05)
    assert found.between_sd == pytest.approx(truth.between_sd, abs=0.03)
    assert found.within_sd == pytest.approx(truth.within_sd, abs=0.01)
    assert fit_preparation(orders.reverse()).log_mean == pytest.approx(found.log_mean, rel=1e-12)


def test_few_orders_leave_the_fleet_near_its_prior():
    orders = pl.DataFrame({"shop_id": ["a"], "preparation_seconds": [9000.0]})
    found = fit_preparation(orders)
    assert PRIOR_FLEET.log_mean < found.log_mean < PRIOR_FLEET.log_mean + 0.15
    assert found.within_sd == PRIOR_FLEET.within_sd


def test_rows_that_do_not_tell_shop_or_time_are_left_out():
    orders = pl.DataFrame({"shop_id": [None, "a"], "preparation_seconds": [9000.0, None]})
    assert fit_preparation(orders) == PRIOR_FLEET


def test_a_shop_that_needs_no_time_is_learned_from():
    orders = pl.DataFrame({"shop_id": ["a"] * 30, "preparation_seconds": [0.0] * 30})
    p50, p90 = fit_preparation(orders).quantiles(np.array([0.0]), np.array([30]))
    assert 0 < p50[0] < p90[0] < 900


@pytest.mark.parametrize("preparation_sd", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("travel_sd", [0.2, 0.5])
@pytest.mark.parametrize("travel_over_preparation", [0.3, 1.0, 3.0])
def test_nine_of_ten_sums_stay_under_the_promise(
    preparation_sd, travel_sd, travel_over_preparation
):
    rng = np.random.default_rng(2)
    preparation = math.log(900), preparation_sd
    travel = math.log(900 * travel_over_preparation), travel_sd
    total = sum(
        np.exp(log_mean + log_sd * rng.standard_normal(200_000))
        for log_mean, log_sd in (preparation, travel)
    )
    p50, p90 = promise(median_and_p90(*preparation), median_and_p90(*travel))
    assert np.mean(total <= p90[0]) == pytest.approx(0.9, abs=0.012)
    assert np.mean(total <= p50[0]) == pytest.approx(0.5, abs=0.04)


def test_no_preparation_leaves_the_travel():
    travel = median_and_p90(6.5, 0.35)
    nothing = np.zeros(1), np.zeros(1)
    assert promise(nothing, travel) == (pytest.approx(travel[0]), pytest.approx(travel[1]))
    assert promise(nothing, nothing) == (pytest.approx([0.0]), pytest.approx([0.0]))


times = st.floats(0, 1e7)


@given(times, times, times, times)
def test_a_promise_is_finite_and_never_before_the_median(a, b, c, d):
    preparation = np.array([min(a, b)]), np.array([max(a, b)])
    travel = np.array([min(c, d)]), np.array([max(c, d)])
    p50, p90 = promise(preparation, travel)
    assert 0 <= p50[0] <= p90[0] < 1e9


@given(times, times, st.floats(0, 1e6), st.floats(1.0, 4.0))
def test_a_later_shop_is_never_promised_earlier(p50, later, travel, ratio):
    first, second = sorted([p50, p50 + later])
    way = np.array([travel]), np.array([travel * ratio])
    early = promise((np.array([first]), np.array([first * 2])), way)[1][0]
    late = promise((np.array([second]), np.array([second * 2])), way)[1][0]
    assert late >= early * (1 - 1e-9)

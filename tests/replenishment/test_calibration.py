import datetime

import numpy as np
import polars as pl
import pytest

import replenishment

COSTS = {"lead_time": 1, "holding_cost": 1, "ordering_cost": 0}
START = datetime.date(2020, 1, 1)


def lumpy(parts: int, periods: int) -> pl.DataFrame:
    """Demand whose tail no negative binomial has: rare orders of log-normal size."""
    rng = np.random.default_rng(8)
    chance = rng.beta(1.5, 6.0, (parts, 1))
    size = np.ceil(rng.lognormal(0.3, 1.1, (parts, periods)))
    units = np.where(rng.random((parts, periods)) < chance, size, 0.0)
    days = pl.date_range(
        START, interval="1w", end=START + datetime.timedelta(weeks=periods - 1), eager=True
    )
    return pl.DataFrame(
        {
            "series_id": np.repeat(np.arange(parts), periods),
            "period_start": pl.concat([days] * parts),
            "quantity": units.ravel(),
        }
    )


@pytest.mark.parametrize("promise", [0.8, 0.9, 0.97])
def test_the_promise_is_kept_on_demand_that_no_law_describes(promise: float) -> None:
    sales = lumpy(parts=1_500, periods=72)
    cutoff = START + datetime.timedelta(weeks=36)
    known = pl.col("period_start") < cutoff
    plan = replenishment.policy(sales.filter(known), fill_rate=promise, **COSTS)
    kept = replenishment.simulate(sales.filter(~known), plan, lead_time=1)
    served = kept["served"].sum() / kept["demand"].sum()
    assert served == pytest.approx(promise, abs=0.02)


def test_what_was_sold_later_moves_no_plan() -> None:
    sales = lumpy(parts=60, periods=30)
    cutoff = START + datetime.timedelta(weeks=20)
    before = sales.filter(pl.col("period_start") < cutoff)
    plan = replenishment.policy(before, fill_rate=0.9, **COSTS)
    assert plan.equals(replenishment.policy(before.reverse(), fill_rate=0.9, **COSTS))
    assert not plan.equals(replenishment.policy(sales, fill_rate=0.9, **COSTS))


def test_few_sales_leave_the_estimate_as_it_is() -> None:
    sales = lumpy(parts=4, periods=30)
    moments = replenishment.policy(sales, shortage_cost=9, **COSTS)
    filled = replenishment.policy(sales, fill_rate=0.9, **COSTS)
    ratio = filled["lead_time_variance"] / moments["lead_time_variance"]
    assert ratio.to_list() == pytest.approx([1.0] * 4, rel=0.1)


def test_shares_may_differ_from_part_to_part() -> None:
    sales = lumpy(parts=300, periods=40).with_columns(
        goal=pl.when(pl.col("series_id") < 150).then(0.8).otherwise(0.98)
    )
    plan = replenishment.policy(sales, fill_rate="goal", **COSTS)
    low, high = (plan.filter(pl.col("series_id") < 150), plan.filter(pl.col("series_id") >= 150))
    assert low["fill_rate"].min() >= 0.8 - 1e-8
    assert high["fill_rate"].min() >= 0.98 - 1e-8

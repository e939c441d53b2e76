import datetime
import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import replenishment
from clutch.errors import InvalidFrame, InvalidInput

COSTS = {"holding_cost": 0.2, "ordering_cost": 3.0}


def moments(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"series_id": ["a", "b", "c"], **columns})


TWO = moments(mean=[0.4, 2.0, 0.0], variance=[0.9, 2.0, 0.0])


def test_the_frame_has_the_promised_columns_in_the_order_of_the_parts() -> None:
    plan = replenishment.policy(TWO.reverse(), lead_time=2, fill_rate=0.9, **COSTS)
    assert plan.columns[:5] == [
        "series_id",
        "reorder_point",
        "order_quantity",
        "expected_cost",
        "fill_rate",
    ]
    assert plan["series_id"].to_list() == ["a", "b", "c"]


def test_numbers_may_be_given_for_all_by_column_or_by_frame() -> None:
    for_all = replenishment.policy(TWO, lead_time=2, fill_rate=0.9, **COSTS)
    by_column = replenishment.policy(
        TWO.with_columns(weeks=2, goal=0.9), lead_time="weeks", fill_rate="goal", **COSTS
    )
    frame = moments(lead_time=[2, 2, 2])
    by_frame = replenishment.policy(TWO, lead_time=frame, fill_rate=0.9, **COSTS)
    assert for_all.equals(by_column)
    assert for_all.equals(by_frame)


def test_forecast_quantiles_of_a_negative_binomial_give_its_policy() -> None:
    mean, variance, lead = np.array([1.5, 6.0, 30.0]), np.array([3.0, 6.6, 90.0]), 3
    levels = [0.5, 0.75, 0.9, 0.95, 0.975, 0.99]
    law = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    quantiles = {f"q{level}": law.ppf(level) for level in levels}
    ahead = {"period_start": [datetime.date(2026, 1, 1)] * 3, "step": [0, 0, 0]}
    forecast = moments(**ahead, mean=mean, **quantiles)
    known = moments(mean=mean / lead, variance=variance / lead)
    by_forecast = replenishment.policy(forecast, lead_time=lead, fill_rate=0.95, **COSTS)
    by_moments = replenishment.policy(known, lead_time=lead, fill_rate=0.95, **COSTS)
    assert by_forecast["reorder_point"].to_list() == by_moments["reorder_point"].to_list()


def test_history_is_shrunk_towards_the_parts_together(sales: pl.DataFrame) -> None:
    plan = replenishment.policy(sales, lead_time=1, fill_rate=0.9, **COSTS)
    raw = sales.group_by("series_id").agg(pl.col("quantity").mean()).sort("series_id")
    shrunk, own = plan["lead_time_demand"].to_numpy(), raw["quantity"].to_numpy()
    assert shrunk.min() > 0
    assert np.std(shrunk) < np.std(own)
    assert shrunk.mean() == pytest.approx(own.mean(), rel=0.02)


def test_an_unobserved_period_is_not_a_zero(sales: pl.DataFrame) -> None:
    nulls = sales.with_columns(
        pl.when(pl.col("series_id") == "part 03").then(None).otherwise("quantity").alias("quantity")
    )
    plan = replenishment.policy(nulls, lead_time=1, fill_rate=0.9, **COSTS)
    average = nulls["quantity"].mean()
    cold = plan.filter(pl.col("series_id") == "part 03")
    assert cold["lead_time_demand"][0] == pytest.approx(average, rel=1e-9)
    assert cold["lead_time_variance"][0] > plan["lead_time_variance"].median()


def test_sales_are_scaled_by_time_in_stock(sales: pl.DataFrame) -> None:
    halved = sales.with_columns(pl.col("quantity") / 2, in_stock_share=pl.lit(0.5))
    full = replenishment.policy(sales, lead_time=1, fill_rate=0.9, **COSTS)
    censored = replenishment.policy(halved, lead_time=1, fill_rate=0.9, **COSTS)
    assert censored["lead_time_demand"].sum() == pytest.approx(
        full["lead_time_demand"].sum(), rel=0.02
    )


@settings(max_examples=60, deadline=None)
@given(
    mean=st.floats(0.05, 20),
    ratio=st.floats(1.0, 5.0),
    lead=st.floats(0.5, 8.0),
    share=st.floats(0.5, 0.99),
    multiple=st.integers(1, 12),
    minimum=st.integers(0, 30),
)
def test_packing_is_kept_and_the_share_is_served(
    mean: float, ratio: float, lead: float, share: float, multiple: int, minimum: int
) -> None:
    demand = pl.DataFrame({"series_id": [1], "mean": mean, "variance": mean * ratio})
    plan = replenishment.policy(
        demand, lead_time=lead, fill_rate=share, multiple=multiple, minimum=minimum, **COSTS
    ).row(0, named=True)
    assert plan["order_quantity"] % multiple == 0
    assert plan["order_quantity"] >= minimum
    assert share - 1e-8 <= plan["fill_rate"] <= 1


@settings(max_examples=40, deadline=None)
@given(mean=st.floats(0.05, 20), ratio=st.floats(1.0, 5.0), shortage=st.floats(0.1, 50))
def test_cost_rises_with_lead_time_and_its_variation(
    mean: float, ratio: float, shortage: float
) -> None:
    demand = pl.DataFrame({"series_id": [1], "mean": mean, "variance": mean * ratio})
    costs = [
        replenishment.policy(
            demand, lead_time=lead, lead_time_sd=sd, shortage_cost=shortage, **COSTS
        )["expected_cost"][0]
        for lead, sd in ((1, 0), (3, 0), (3, 1), (3, 2))
    ]
    assert costs == sorted(costs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fill_rate": 1.0}, "fill_rate: expected a share above 0 and below 1"),
        ({"fill_rate": None}, "shortage_cost, fill_rate: expected exactly one of the two"),
        ({"shortage_cost": 1.0}, "shortage_cost, fill_rate: expected exactly one of the two"),
        ({"lead_time": 0}, "lead_time: expected a number above 0"),
        ({"lead_time": True}, "lead_time: expected a number above 0"),
        ({"lead_time": float("nan")}, "lead_time: expected a number above 0"),
        ({"lead_time": "weeks"}, "demand.weeks: expected a column of numbers"),
        ({"holding_cost": 0}, "holding_cost: expected a number above 0"),
        ({"ordering_cost": -1}, "ordering_cost: expected a number of 0 or more"),
        ({"multiple": 2.5}, "multiple: expected a whole number of 1 or more"),
        ({"minimum": -1}, "minimum: expected a whole number of 0 or more"),
    ],
)
def test_a_number_out_of_range_is_named(change: dict[str, Any], message: str) -> None:
    arguments = {"lead_time": 2, "fill_rate": 0.9, **COSTS, **change}
    with pytest.raises(InvalidInput) as refusal:
        replenishment.policy(TWO, **arguments)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("frame", "column"),
    [
        (TWO.drop("series_id"), "series_id"),
        (TWO.drop("mean"), "mean"),
        (TWO.drop("mean", "variance"), "*"),
        (TWO.with_columns(mean=pl.lit("many")), "mean"),
        (TWO.with_columns(mean=float("nan")), "mean"),
        (TWO.with_columns(variance=float("inf")), "variance"),
        (TWO.with_columns(mean=-1.0), "mean"),
        (pl.concat([TWO, TWO]), "series_id"),
        (TWO.with_columns(quantity=1), "period_start"),
    ],
)
def test_a_column_that_cannot_be_used_is_named(frame: pl.DataFrame, column: str) -> None:
    with pytest.raises(InvalidFrame) as refusal:
        replenishment.policy(frame, lead_time=2, fill_rate=0.9, **COSTS)
    assert refusal.value.column == column


def test_a_part_without_a_number_of_its_own_is_named() -> None:
    leads = pl.DataFrame({"series_id": ["a", "b"], "lead_time": [1, 2]})
    with pytest.raises(InvalidFrame, match=r"lead_time.lead_time: .*none for c"):
        replenishment.policy(TWO, lead_time=leads, fill_rate=0.9, **COSTS)


def test_a_demand_too_large_to_enumerate_is_refused() -> None:
    huge = pl.DataFrame({"series_id": [1], "mean": 1e9, "variance": 1e12})
    with pytest.raises(InvalidInput, match="count in a larger unit"):
        replenishment.policy(huge, lead_time=2, fill_rate=0.9, **COSTS)


def test_a_forecast_of_lead_time_sums_is_taken_as_it_comes() -> None:
    demand = pl.DataFrame(
        {
            "series_id": ["pads"],
            "period_start": [dt.date(2026, 1, 1)],
            "step": [0],
            "mean": [6.0],
            "q0.1": [2.0],
            "q0.5": [6.0],
            "q0.9": [10.0],
        }
    )
    costs = {"lead_time": 2, "holding_cost": 1.0, "ordering_cost": 10.0, "fill_rate": 0.95}
    with_date = replenishment.policy(demand, **costs)
    assert with_date.equals(replenishment.policy(demand.drop("period_start", "step"), **costs))

"""The fill that is kept on real car parts: 27 months replayed, planned afresh each month.

Each month's plan knows the months before it. Peers plan the same way: levels by the normal
distribution (z standard deviations), or by a negative binomial of the sample's mean and variance.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from scipy import stats

import replenishment
from benchmarks.options import Options, bench_data

__all__ = ["car_parts", "run"]

Planner: TypeAlias = Callable[[pl.DataFrame, float], pl.DataFrame]

_TARGETS = (0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
_FIRST_MONTHS = 12
_LEAD_TIME = 1
_POISSON = 1.0001


def car_parts() -> pl.DataFrame:
    """Return the monthly sales `series_id, period_start, quantity`; null was not observed."""
    frame = pl.read_parquet(bench_data("carparts_39_months.parquet"))
    month = (pl.col("month") + "-01").str.to_date()
    return frame.select(series_id="series", period_start=month, quantity="demand")


def run(options: Options) -> dict[str, Any]:
    """Return the kept shares at each target, and their mean gap in points, by planner."""
    sales = car_parts()
    figures: dict[str, Any] = {"targets": list(_TARGETS)}
    planners = {"clutch": _ours, "negative_binomial_moments": _moments, "normal": _normal}
    for name, planner in planners.items():
        kept = []
        for target in _TARGETS:
            options.note(f"replenishment: replay, {name} at {target}")
            kept.append(_kept(sales, planner, target))
        served, stock = np.array(kept).T
        figures[name] = {
            "served": served.round(4).tolist(),
            "mean_gap_points": float(100 * np.abs(served - _TARGETS).mean()),
            "stock_units_a_part": stock.round(3).tolist(),
        }
    return figures


def _kept(sales: pl.DataFrame, planner: Planner, target: float) -> tuple[float, float]:
    """Return the share of units served and the mean stock of a part."""
    months = sales["period_start"].unique().sort()

    def planned(month: int) -> pl.DataFrame:
        return planner(sales.filter(pl.col("period_start") < months[month]), target)

    # Orders are placed as a month closes, by a plan that knows it.
    renewed = [
        planned(month + 1).with_columns(period_start=months[month])
        for month in range(_FIRST_MONTHS, len(months) - 1)
    ]
    result = replenishment.simulate(
        sales.filter(pl.col("period_start") >= months[_FIRST_MONTHS]),
        pl.concat(renewed),
        lead_time=_LEAD_TIME,
        opening_stock=planned(_FIRST_MONTHS).select("series_id", opening_stock=_highest()),
    )
    served, demand, stock = result.select("served", "demand", "mean_stock").sum().row(0)
    return served / demand, stock / len(result)


def _highest() -> pl.Expr:
    return pl.max_horizontal(pl.col("reorder_point") + pl.col("order_quantity"), 0)


def _ours(known: pl.DataFrame, target: float) -> pl.DataFrame:
    plan = replenishment.policy(
        known, lead_time=_LEAD_TIME, holding_cost=1, ordering_cost=0, fill_rate=target
    )
    return plan.select("series_id", "reorder_point", "order_quantity")


def _sample(known: pl.DataFrame) -> pl.DataFrame:
    quantity = pl.col("quantity")
    return (
        known.group_by("series_id")
        .agg(mean=quantity.mean(), variance=quantity.var())
        .with_columns(pl.col("mean").fill_null(0.0), pl.col("variance").fill_null(0.0))
        .sort("series_id")
    )


def _moments(known: pl.DataFrame, target: float) -> pl.DataFrame:
    sample = _sample(known).with_columns(
        variance=pl.max_horizontal("variance", pl.col("mean") * _POISSON)
    )
    plan = replenishment.policy(
        sample, lead_time=_LEAD_TIME, holding_cost=1, ordering_cost=0, fill_rate=target
    )
    return plan.select("series_id", "reorder_point", "order_quantity")


def _normal(known: pl.DataFrame, target: float) -> pl.DataFrame:
    factor = float(stats.norm.ppf(target)) * _LEAD_TIME**0.5
    level = (pl.col("mean") * _LEAD_TIME + factor * pl.col("variance").sqrt()).ceil()
    return _sample(known).select(
        "series_id",
        reorder_point=level.cast(pl.Int64) - 1,
        order_quantity=pl.lit(1, pl.Int64),
    )

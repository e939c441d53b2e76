"""Demand frames: three forms in, demand a period for each part out.

- Moments: `series_id, mean, variance`, units a period; optional `mean_sd`, the standard deviation
  of what is not known about the mean.
- Forecast: `series_id, mean, q0.5, q0.9, ...`, units over the lead time (a `step` column, if there
  is one, is 0 throughout), as a forecast of lead-time sums gives them.
- History: `series_id, period_start, quantity`, units a period; a missing or null quantity was not
  observed; optional `in_stock_share`, from 0 to 1.

Pure.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked
from replenishment.forecast_quantiles import variance_of_quantiles
from replenishment.history import History, estimate
from replenishment.lead_time import PeriodDemand
from replenishment.negative_binomial import Floats

__all__ = ["Demand", "parts_of", "read_demand"]

_HISTORY = [
    Column(name="series_id", kind="key"),
    Column(name="period_start", kind="day"),
    Column(name="quantity", kind="number", nullable=True, minimum=0),
    Column(name="in_stock_share", kind="number", required=False, minimum=0, maximum=1),
]
_MOMENTS = [
    Column(name="series_id", kind="key"),
    Column(name="mean", kind="number", minimum=0),
    Column(name="variance", kind="number", minimum=0),
    Column(name="mean_sd", kind="number", required=False, minimum=0),
]


@dataclass(frozen=True)
class Demand:
    """Demand a period of the `parts`, and the history it was estimated from, if any."""

    parts: pl.Series
    period: PeriodDemand
    history: History | None = None


def parts_of(demand: pl.DataFrame) -> pl.Series:
    """Return the parts of a demand frame, sorted."""
    rows = checked(demand, [Column(name="series_id", kind="key")], name="demand")
    return rows["series_id"].unique().sort()


def read_demand(demand: pl.DataFrame, lead_time: Floats) -> Demand:
    """Return the demand that a frame of any form holds; parts are sorted by `series_id`.

    `lead_time` is in periods, an entry a part: what a forecast was summed over.

    Raises
    ------
    InvalidFrame
        The frame has none of the forms, or values that cannot be used.
    """
    levels = {name: level for name in demand.columns if (level := _level(name)) is not None}
    if "quantity" in demand.columns or ("period_start" in demand.columns and not levels):
        rows = checked(demand, _HISTORY, name="demand", key=["series_id", "period_start"])
        history = History.of(rows)
        return Demand(history.parts, estimate(history), history)
    if "variance" in demand.columns:
        rows = checked(demand, _MOMENTS, name="demand", key=["series_id"])
        mean = rows["mean"].to_numpy()
        known = "mean_sd" in rows.columns
        mean_sd = rows["mean_sd"].to_numpy() if known else np.zeros(len(mean))
        period = PeriodDemand(mean, rows["variance"].to_numpy(), mean_sd)
        return Demand(rows["series_id"], period)
    if levels:
        return _forecast(demand, levels, lead_time)
    raise InvalidFrame(
        "demand",
        "*",
        "columns period_start and quantity (history), mean and variance (a period),"
        " or mean and quantiles such as q0.9 (over the lead time)",
        found=", ".join(demand.columns) or "no columns",
    )


def _level(name: str) -> float | None:
    if not name.startswith("q"):
        return None
    try:
        level = float(name[1:])
    except ValueError:
        return None
    return level if 0 < level < 1 else None


def _forecast(demand: pl.DataFrame, levels: dict[str, float], lead_time: Floats) -> Demand:
    columns = [
        Column(name="series_id", kind="key"),
        Column(name="step", kind="integer", required=False, minimum=0, maximum=0),
        Column(name="mean", kind="number", minimum=0),
        *(Column(name=name, kind="number", minimum=0) for name in levels),
    ]
    rows = checked(demand, columns, name="demand", key=["series_id"])
    mean = rows["mean"].to_numpy()
    quantiles = rows.select(list(levels)).to_numpy()
    variance = variance_of_quantiles(mean, np.array(list(levels.values())), quantiles)
    period = PeriodDemand(mean / lead_time, variance / lead_time, np.zeros(len(mean)))
    return Demand(rows["series_id"], period)

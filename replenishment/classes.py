"""Classes of parts: by value, by regularity, and by whether they still move.

Pure.
"""

from itertools import pairwise

import polars as pl

from clutch.errors import InvalidInput
from clutch.frames import Column, checked

__all__ = ["classify"]

_HISTORY = [
    Column(name="series_id", kind="key"),
    Column(name="period_start", kind="day"),
    Column(name="quantity", kind="number", nullable=True, minimum=0),
    Column(name="unit_value", kind="number", required=False, minimum=0),
]

# Syntetos, Boylan and Croston, Journal of the Operational Research Society 56 (2005).
_INTERVAL_LIMIT = 1.32
_SQUARED_VARIATION_LIMIT = 0.49


def classify(
    history: pl.DataFrame,
    *,
    a_share: float = 0.8,
    b_share: float = 0.95,
    x_variation: float = 0.5,
    y_variation: float = 1.0,
    slow_periods: int = 6,
    dead_periods: int = 12,
) -> pl.DataFrame:
    """Return the classes of each part.

    Parameters
    ----------
    history
        `series_id, period_start, quantity`, and optionally `unit_value` (money a unit). A missing
        period or quantity was not observed.
    a_share, b_share
        Parts of most value make up class A until they hold this share of all value, then B; the
        rest are C.
    x_variation, y_variation
        Coefficient of variation of a period's units: at most the first is X, at most the second Y,
        else Z.
    slow_periods, dead_periods
        A part is slow, or dead, when nothing was sold for that many periods before the end of the
        history; else active.

    Returns
    -------
    polars.DataFrame
        A row a part, sorted: `series_id, abc, xyz, movement` (active, slow, dead), `pattern`
        (smooth, erratic, intermittent, lumpy, none; Syntetos, Boylan and Croston 2005), `value`
        (money, or units without `unit_value`), `variation, idle_periods`.

    Raises
    ------
    InvalidFrame
        The history cannot be used; InvalidInput where limits are out of order.

    Examples
    --------
    >>> import datetime
    >>> days = [datetime.date(2026, month, 1) for month in (1, 2, 3, 4)]
    >>> pads = pl.DataFrame({"series_id": "pads", "period_start": days, "quantity": [9, 8, 9, 8]})
    >>> lamp = pl.DataFrame({"series_id": "lamp", "period_start": days, "quantity": [1, 0, 0, 0]})
    >>> classes = classify(pl.concat([pads, lamp]), slow_periods=3)
    >>> classes.select("abc", "xyz", "movement", "pattern").rows()
    [('C', 'Z', 'slow', 'intermittent'), ('A', 'X', 'active', 'smooth')]
    """
    _check_order("a_share, b_share", 0.0, a_share, b_share, 1.0)
    _check_order("x_variation, y_variation", 0.0, x_variation, y_variation, float("inf"))
    _check_order("slow_periods, dead_periods", 1, slow_periods, dead_periods, float("inf"))
    rows = checked(history, _HISTORY, name="history", key=["series_id", "period_start"])
    if "unit_value" not in rows.columns:
        rows = rows.with_columns(unit_value=pl.lit(1.0))
    return (
        _measured(rows)
        .with_columns(
            abc=_banded(_share_before(), a_share, b_share, ("A", "B", "C")),
            xyz=pl.when(pl.col("variation") <= x_variation)
            .then(pl.lit("X"))
            .when(pl.col("variation") <= y_variation)
            .then(pl.lit("Y"))
            .otherwise(pl.lit("Z")),
            movement=_banded(
                pl.col("idle_periods"), slow_periods, dead_periods, ("active", "slow", "dead")
            ),
            pattern=_pattern(),
        )
        .select(
            "series_id", "abc", "xyz", "movement", "pattern", "value", "variation", "idle_periods"
        )
        .sort("series_id")
    )


def _check_order(names: str, *limits: float) -> None:
    if not all(low <= high for low, high in pairwise(limits)):
        low, high = limits[0], limits[-1]
        expected = f"numbers from {low:g} to {high:g}, the first no larger than the second"
        raise InvalidInput(names, expected, found=f"{limits[1]:g} and {limits[2]:g}")


def _measured(rows: pl.DataFrame) -> pl.DataFrame:
    """Return value, variation, order interval and idle periods of each part."""
    rows = rows.with_columns(period=pl.col("period_start").rank("dense").cast(pl.Int64))
    last = pl.lit(rows["period"].max() or 0, dtype=pl.Int64)
    quantity = pl.col("quantity")
    sold = quantity.filter(quantity > 0)
    return rows.group_by("series_id").agg(
        value=(quantity * pl.col("unit_value")).sum(),
        variation=pl.when(quantity.mean() > 0).then(quantity.std(ddof=0) / quantity.mean()),
        interval=quantity.count() / sold.len(),
        squared_variation=(sold.std(ddof=0) / sold.mean()) ** 2,
        idle_periods=last
        - pl.col("period").filter(quantity > 0).max().fill_null(pl.col("period").min() - 1),
    )


def _share_before() -> pl.Expr:
    """Return the share of all value that more valuable parts hold."""
    by_value = pl.struct(-pl.col("value"), "series_id")
    before = pl.col("value").cum_sum() - pl.col("value")
    return (
        pl.when(pl.col("value") > 0)
        .then((before / pl.col("value").sum()).over(pl.lit(1), order_by=by_value))
        .otherwise(1.0)
    )


def _banded(value: pl.Expr, second: float, third: float, names: tuple[str, str, str]) -> pl.Expr:
    return (
        pl.when(value < second)
        .then(pl.lit(names[0]))
        .when(value < third)
        .then(pl.lit(names[1]))
        .otherwise(pl.lit(names[2]))
    )


def _pattern() -> pl.Expr:
    rare = pl.col("interval") > _INTERVAL_LIMIT
    uneven = pl.col("squared_variation") > _SQUARED_VARIATION_LIMIT
    return (
        pl.when(
            pl.col("value").is_null()
            | pl.col("interval").is_infinite()
            | pl.col("interval").is_nan()
        )
        .then(pl.lit("none"))
        .when(rare & uneven)
        .then(pl.lit("lumpy"))
        .when(rare)
        .then(pl.lit("intermittent"))
        .when(uneven)
        .then(pl.lit("erratic"))
        .otherwise(pl.lit("smooth"))
    )

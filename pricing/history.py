"""A sales history made ready for the fit: checked, indexed, its prices made real. Pure."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked
from pricing.panel import Panel, smoothed

__all__ = ["LEAST_PRICE", "History", "flags_as_numbers", "prepared", "with_known_key"]

Vector = NDArray[np.float64]

LEAST_PRICE = 1e-9
_DAYS_PER_YEAR = 365.25
_LEAST_DAYS = 170
_LEAST_SHARE = 0.005  # less time in stock than this says nothing of demand

_COLUMNS = [
    Column(name="item_id", kind="key"),
    Column(name="group_id", kind="key"),
    Column(name="period_start", kind="day"),
    Column(name="units", kind="number", minimum=0, maximum=1e12),
    Column(name="price", kind="number", minimum=LEAST_PRICE),
    Column(name="unit_cost", kind="number", minimum=0, nullable=True, required=False),
    Column(name="in_stock_share", kind="number", minimum=0, maximum=1, required=False),
    Column(name="promotion", kind="number", minimum=0, required=False),
]


@dataclass(frozen=True)
class History:
    """Rows with stock, where they stand, and what the fit explains them by.

    `items` has `item_id, group_id, usual_log_price, last_price, last_unit_cost`; `groups` has
    `group_id, usual_promotion, promotion_size`; `deflators` has `period_start, log_deflator`.
    `features` has the rows that `pricing.fitting.FEATURES` names.
    """

    panel: Panel
    units: Vector
    in_stock_share: Vector
    features: Vector
    items: pl.DataFrame
    groups: pl.DataFrame
    deflators: pl.DataFrame


def prepared(history: pl.DataFrame) -> History:
    """Check and index a sales history; see `pricing.fit_elasticities` for its columns."""
    rows = _checked_rows(history)
    items = rows.group_by("item_id", maintain_order=True).agg(
        pl.col("group_id").first(),
        last_price=pl.col("price").last(),
        last_unit_cost=pl.col("unit_cost").drop_nulls().last(),
    )
    groups = items.select(pl.col("group_id").unique().sort())
    periods = rows.select(pl.col("period_start").unique().sort())
    panel = Panel.of(
        _positions(rows["item_id"], items["item_id"]),
        _positions(items["group_id"], groups["group_id"]),
        _positions(rows["period_start"], periods["period_start"]),
    )
    drift = _inflation(panel, rows["price"].log().to_numpy(), periods["period_start"])
    log_price = rows["price"].log().to_numpy() - drift[panel.period]
    ones = np.ones(len(log_price))
    usual = panel.by_item(log_price) / panel.by_item(ones)
    x = log_price - usual[panel.item]
    promotion = rows["promotion"].to_numpy()
    promoted = panel.by_group((promotion > 0).astype(float))
    usual_promotion = panel.by_group(promotion) / panel.by_group(ones)
    size = np.where(promoted > 0, panel.by_group(promotion) / np.maximum(promoted, 1), 1.0)
    bent = x * (promotion - usual_promotion[panel.group])
    return History(
        panel=panel,
        units=rows["units"].to_numpy(),
        in_stock_share=rows["in_stock_share"].to_numpy(),
        features=np.stack([x, promotion, bent, _rivals(panel, x)]),
        items=items.with_columns(usual_log_price=pl.Series(usual)),
        groups=groups.with_columns(
            usual_promotion=pl.Series(usual_promotion), promotion_size=pl.Series(size)
        ),
        deflators=periods.with_columns(log_deflator=pl.Series(drift)),
    )


def flags_as_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with true and false in `promotion` as 1 and 0."""
    if isinstance(frame, pl.DataFrame) and frame.schema.get("promotion") == pl.Boolean:
        return frame.with_columns(pl.col("promotion").cast(pl.Float64))
    return frame


def with_known_key(rows: pl.DataFrame, known: pl.Series, *, name: str) -> pl.DataFrame:
    """Return `rows` with the key that `known` holds in its type, or raise InvalidFrame.

    Raises
    ------
    InvalidFrame
        Text meets numbers, or a key of `rows` is not among `known`.
    """
    key = known.name
    if rows[key].dtype != known.dtype:
        if not (rows[key].dtype.is_integer() and known.dtype.is_integer()):
            expected = f"the history's type, {known.dtype}"
            raise InvalidFrame(name, key, expected, found=str(rows[key].dtype))
        rows = rows.with_columns(pl.col(key).cast(known.dtype))
    missing = ~rows[key].is_in(known.implode())
    if missing.any():
        found = str(rows[key].filter(missing)[0])
        where = missing.arg_true().head(5).to_list()
        raise InvalidFrame(name, key, "one that the history has", found=found, rows=where)
    return rows


def _checked_rows(history: pl.DataFrame) -> pl.DataFrame:
    rows = checked(
        flags_as_numbers(history), _COLUMNS, name="history", key=("item_id", "period_start")
    )
    for name, usual in (("in_stock_share", 1.0), ("promotion", 0.0), ("unit_cost", None)):
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(usual, dtype=pl.Float64).alias(name))
    rows = rows.filter(pl.col("in_stock_share") >= _LEAST_SHARE)
    if rows.is_empty():
        raise InvalidFrame("history", "units", "at least one row with stock", found="none")
    counted = rows.group_by("item_id").agg(pl.col("group_id").n_unique())
    twice = counted.filter(pl.col("group_id") > 1)["item_id"].sort()
    if len(twice):
        raise InvalidFrame("history", "group_id", "one group an item", found=f"more for {twice[0]}")
    return rows


def _positions(values: pl.Series, ordered: pl.Series) -> NDArray[np.int64]:
    index = pl.DataFrame({"value": ordered, "position": np.arange(len(ordered))})
    found = pl.DataFrame({"value": values}).join(
        index, on="value", how="left", maintain_order="left"
    )
    return found["position"].to_numpy().astype(np.int64)


def _inflation(panel: Panel, log_price: Vector, periods: pl.Series) -> Vector:
    """Log of the slow common rise of prices by period.

    Moves faster than two years are smoothed away, so that a season stays a real price; a common
    fall is real too, since nobody's money gains worth. Less than half a year tells no inflation.
    """
    if (periods[-1] - periods[0]).days < _LEAST_DAYS:
        return np.zeros(panel.periods)
    ones = np.ones(len(log_price))
    in_item, in_period = panel.by_item(ones), panel.by_period(ones)
    effect = np.zeros(panel.periods)
    for _ in range(5):
        rest = log_price - effect[panel.period]
        rest = rest - (panel.by_item(rest) / in_item)[panel.item]
        effect = effect + panel.by_period(rest) / in_period
    days = periods.diff().drop_nulls().dt.total_days().to_numpy()
    per_year = _DAYS_PER_YEAR / (float(np.median(days)) if len(days) else 7.0)
    slow = smoothed(effect, in_period, periods_per_cycle=2 * per_year)
    return np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(slow), 0.0))])


def _rivals(panel: Panel, x: Vector) -> Vector:
    """Mean log price of the other groups in the row's period, against their usual one."""
    own = panel.by_cell(x) / panel.by_cell(np.ones(len(x)))
    total = np.bincount(panel.cell_period, own, panel.periods)
    others = (total[panel.cell_period] - own) / max(panel.groups - 1, 1)
    return np.asarray(others[panel.cell])

"""Replays past demand under a policy: what would have been served, held, ordered and lost.

Within a period: orders that are due arrive, demand is served, the position is reviewed, an order is
placed. An order placed in period t arrives as period t + lead_time opens.
Pure.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import polars as pl

from clutch.errors import InvalidFrame, InvalidInput
from clutch.frames import Column, checked
from replenishment.history import History
from replenishment.negative_binomial import Floats, Integers
from replenishment.per_part import POSITIVE, ZERO_OR_MORE, PerPart, per_part
from replenishment.shelf import Shelf

__all__ = ["simulate"]

_HISTORY = [
    Column(name="series_id", kind="key"),
    Column(name="period_start", kind="day"),
    Column(name="quantity", kind="number", nullable=True, minimum=0),
]
_POLICY = [
    Column(name="series_id", kind="key"),
    Column(name="period_start", kind="day", required=False),
    Column(name="reorder_point", kind="integer"),
    Column(name="order_quantity", kind="integer", required=False, minimum=1),
    Column(name="order_up_to", kind="integer", required=False),
]


def simulate(
    history: pl.DataFrame,
    policy: pl.DataFrame,
    *,
    lead_time: PerPart,
    lead_time_sd: PerPart = 0.0,
    opening_stock: PerPart | None = None,
    unmet: Literal["waits", "lost"] = "waits",
    seed: int = 1,
) -> pl.DataFrame:
    """Return what a policy would have achieved on past demand.

    Parameters
    ----------
    history
        `series_id, period_start, quantity`: units asked for. A missing period or quantity asks for
        nothing. Every part has a policy.
    policy
        `series_id, reorder_point` and `order_quantity` (batches until the position is above the
        reorder point) or `order_up_to` (up to that position). With `period_start`, a row holds from
        that period until the part's next row: a plan that is renewed.
    lead_time, lead_time_sd
        Mean and standard deviation, periods; a part of a period counts as a whole one. Lead times
        that vary are drawn from a gamma distribution.
    opening_stock
        Units on the shelf at first; the highest position of the policy unless given.
    unmet
        Whether demand that finds no stock `waits` for the next arrival or is `lost`.
    seed
        Of the lead times.

    Returns
    -------
    polars.DataFrame
        A row a part, sorted: `series_id, demand, served, lost_sales` (units not served at once),
        `fill_rate` (null without demand), `mean_stock` (units at the close of a period), `orders`,
        `ordered, closing_stock` (units).

    Raises
    ------
    InvalidFrame
        A frame cannot be used, or a part has no policy; InvalidInput for a number out of range.

    Examples
    --------
    >>> import datetime
    >>> days = [datetime.date(2026, month, 1) for month in (1, 2, 3, 4)]
    >>> sales = pl.DataFrame({"series_id": "pads", "period_start": days, "quantity": [2, 3, 0, 4]})
    >>> plan = pl.DataFrame({"series_id": ["pads"], "reorder_point": [1], "order_quantity": [3]})
    >>> simulate(sales, plan, lead_time=1).drop("series_id").row(0)
    (9.0, 6.0, 3.0, 0.6666666666666666, 1.0, 2, 9.0, 0.0)
    >>> simulate(sales.clear(), plan, lead_time=1).rows()
    []
    """
    if unmet not in ("waits", "lost"):
        raise InvalidInput("unmet", "waits or lost", found=str(unmet))
    rows = checked(history, _HISTORY, name="history", key=["series_id", "period_start"])
    asked = History.of(rows)
    plan = _Plan.of(policy, asked)
    number = partial(per_part, demand=history, parts=asked.parts)
    lead = number(lead_time, "lead_time", POSITIVE)
    lead_sd = number(lead_time_sd, "lead_time_sd", ZERO_OR_MORE)
    opening = np.maximum(plan.target[:, 0], 0.0)
    if opening_stock is not None:
        opening = number(opening_stock, "opening_stock", ZERO_OR_MORE)
    rng = np.random.default_rng(seed)
    periods = asked.quantity.shape[1]
    shelf = Shelf.stocked(opening, periods, waits=unmet == "waits")
    totals = _Totals.empty(len(asked.parts))
    for period in range(periods):
        shelf.receive(period)
        served = shelf.serve(asked.quantity[:, period])
        ordered = plan.order(period, shelf.position())
        shelf.order(period, ordered, _lead_times(lead, lead_sd, rng))
        totals.add(served, shelf.on_hand(), ordered)
    return totals.frame(asked, shelf.on_hand())


def _lead_times(mean: Floats, sd: Floats, rng: np.random.Generator) -> Integers:
    varying = sd > 0
    drawn = mean.copy()
    shape = (mean[varying] / sd[varying]) ** 2
    drawn[varying] = np.rint(rng.gamma(shape, mean[varying] / shape))
    return np.maximum(np.ceil(drawn - 1e-9), 1).astype(np.int64)


@dataclass(frozen=True)
class _Plan:
    """The policy in force, parts x periods (one column where it never changes).

    Orders are batches, or up to a position where `batch` is None.
    """

    point: Floats
    target: Floats
    batch: Floats | None

    @classmethod
    def of(cls, policy: pl.DataFrame, asked: History) -> "_Plan":
        """Return the rows of a policy frame, laid out over the parts and periods of a history."""
        rows = checked(policy, _POLICY, name="policy", key=_policy_key(policy))
        parts, days = pl.DataFrame({"series_id": asked.parts}), asked.days
        if rows["series_id"].dtype != asked.parts.dtype and len(parts):
            found = str(rows["series_id"].dtype)
            raise InvalidFrame(
                "policy", "series_id", f"{asked.parts.dtype} as in history", found=found
            )
        if "period_start" in rows.columns:
            cells = parts.join(pl.DataFrame({"period_start": days}), how="cross")
            laid = cells.sort("period_start").join_asof(
                rows.sort("period_start"), on="period_start", by="series_id", check_sortedness=False
            )
            laid = laid.sort("series_id", "period_start")
        else:
            laid = parts.join(rows, on="series_id", how="left", maintain_order="left")
        without = laid.filter(pl.col("reorder_point").is_null())
        if len(without):
            found = f"none for {without['series_id'][0]}"
            raise InvalidFrame(
                "policy", "series_id", "a row for every part and period", found=found
            )
        point = _matrix(laid["reorder_point"], len(parts))
        if "order_up_to" in rows.columns:
            return cls(point, _matrix(laid["order_up_to"], len(parts)), None)
        batch = _matrix(laid["order_quantity"], len(parts))
        return cls(point, point + batch, batch)

    def order(self, period: int, position: Floats) -> Floats:
        """Return the units that each part orders at this position."""
        column = min(period, self.point.shape[1] - 1)
        missing = self.point[:, column] - position
        units = self.target[:, column] - position
        if self.batch is not None:
            batch = self.batch[:, column]
            units = (np.floor(missing / batch) + 1.0) * batch
        return np.where(missing >= 0, np.maximum(units, 0.0), 0.0)


def _policy_key(policy: pl.DataFrame) -> list[str]:
    orders = {"order_quantity", "order_up_to"} & set(policy.columns)
    if len(orders) != 1:
        expected = "either order_quantity or order_up_to"
        raise InvalidFrame("policy", "*", expected, found=" and ".join(orders) or "neither")
    return ["series_id", "period_start"] if "period_start" in policy.columns else ["series_id"]


def _matrix(column: pl.Series, parts: int) -> Floats:
    values = column.cast(pl.Float64).to_numpy()
    return values.reshape(parts, -1) if parts else np.zeros((0, 1))


@dataclass
class _Totals:
    """Sums over the periods so far, an entry a part."""

    served: Floats
    stock: Floats
    orders: Integers
    ordered: Floats

    @classmethod
    def empty(cls, parts: int) -> "_Totals":
        return cls(np.zeros(parts), np.zeros(parts), np.zeros(parts, np.int64), np.zeros(parts))

    def add(self, served: Floats, stock: Floats, ordered: Floats) -> None:
        self.served += served
        self.stock += stock
        self.orders += ordered > 0
        self.ordered += ordered

    def frame(self, asked: History, closing: Floats) -> pl.DataFrame:
        demand = asked.quantity.sum(axis=1)
        parts, periods = asked.quantity.shape
        share = np.divide(self.served, demand, out=np.full(parts, np.nan), where=demand > 0)
        return pl.DataFrame(
            {
                "series_id": asked.parts,
                "demand": demand,
                "served": self.served,
                "lost_sales": demand - self.served,
                "fill_rate": pl.Series(share, dtype=pl.Float64).fill_nan(None),
                "mean_stock": self.stock / max(periods, 1),
                "orders": self.orders,
                "ordered": self.ordered,
                "closing_stock": closing,
            }
        )

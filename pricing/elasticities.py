"""How demand answers to price: one fit over all items of a shop or of a market.

In: a frame of units sold and prices by item and period. Out: elasticities with intervals, and units
expected at a price. Prices may be in any unit, the same in every call; they are compared as real
prices, after the common slow rise of all prices (inflation) is taken off. Pure.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidInput
from clutch.frames import Column, checked
from pricing.fitting import Fit, fit
from pricing.history import LEAST_PRICE, History, flags_as_numbers, prepared, with_known_key
from pricing.levels import current_levels
from pricing.slopes import FLATTEST, slope_mean, slope_quantile

__all__ = ["ElasticityModel", "fit_elasticities"]

Vector = NDArray[np.float64]

_MOST_LOG = 600.0  # keeps absurd prices finite

_WHAT_IF = [
    Column(name="item_id", kind="key"),
    Column(name="period_start", kind="day", required=False),
    Column(name="price", kind="number", minimum=LEAST_PRICE),
    Column(name="promotion", kind="number", minimum=0, required=False),
]


@dataclass(frozen=True)
class ElasticityModel:
    """A fitted demand model; made by `fit_elasticities`.

    `items` has a row an item: its group, level of demand, usual real price, slope with the standard
    deviation of what is not known of it, elasticity, last price and cost. `groups` has a row a
    group: effects of promotions and of other groups' prices, and the variance of demand's shocks.
    `deflators` has a row a period. `demand_leads` tells that prices were found to follow demand, so
    that only moves of an item against its group were believed.
    """

    items: pl.DataFrame
    groups: pl.DataFrame
    deflators: pl.DataFrame
    demand_leads: bool

    def table(self, *, coverage: float = 0.9) -> pl.DataFrame:
        """Return `item_id, elasticity, lower, upper`, all below 0: percent of units per percent.

        `lower` and `upper` hold the true elasticity with probability `coverage`.

        Examples
        --------
        >>> model = fit_elasticities(_example_history())
        >>> model.table().select("item_id", pl.col("elasticity").round(1)).rows()
        [('discs', -2.1), ('pads', -2.1)]
        """
        if not 0 < coverage < 1:
            raise InvalidInput("coverage", "a share between 0 and 1", found=str(coverage))
        mean, deviation = self.items["slope"].to_numpy(), self.items["slope_deviation"].to_numpy()
        tail = (1 - coverage) / 2
        return self.items.select(
            "item_id",
            "elasticity",
            lower=pl.Series(slope_quantile(mean, deviation, tail)),
            upper=pl.Series(slope_quantile(mean, deviation, 1 - tail)),
        )

    def predict_units(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the units expected in a period at the prices in `frame`, when always in stock.

        Parameters
        ----------
        frame
            `item_id, price` and optionally `period_start` (the last of the history when left out)
            and `promotion` (0 when left out). Rows of one period are read as one price list: prices
            of other groups in it count as what rivals ask, groups not in it as usual.

        Returns
        -------
        polars.DataFrame
            One row for each of `frame`, in its order: `item_id, period_start, price`, then `units`
            (a typical period: the median rate, whose error in logs is smallest), `mean_units` (the
            average over periods, somewhat higher: use it for money), `units_with_promotion` and
            `units_without_promotion` (typical, at the same price, a promotion of the usual size).

        Raises
        ------
        InvalidFrame
            A column is missing or wrong, or an item is not in the history.

        Examples
        --------
        >>> model = fit_elasticities(_example_history())
        >>> asked = pl.DataFrame({"item_id": ["pads", "pads"], "price": [100.0, 120.0]})
        >>> model.predict_units(asked)["units"].round(1).to_list()
        [9.6, 6.6]
        >>> model.predict_units(asked.clear()).height
        0
        """
        rows = self._placed(frame)
        log_rate = _log_rate(rows, rows["promotion"])
        shock = rows["shock_variance"].to_numpy()
        return rows.select(
            "item_id",
            "period_start",
            "price",
            units=pl.Series(np.exp(log_rate)),
            mean_units=pl.Series(np.exp(log_rate + shock / 2)),
            units_with_promotion=pl.Series(np.exp(_log_rate(rows, rows["promotion_size"]))),
            units_without_promotion=pl.Series(np.exp(_log_rate(rows, rows["promotion"] * 0))),
        )

    def _placed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of `frame` in their order, with what the model knows of their item and period."""
        rows = checked(flags_as_numbers(frame), _WHAT_IF, name="frame")
        rows = with_known_key(rows, self.items["item_id"], name="frame")
        if "period_start" not in rows.columns:
            rows = rows.with_columns(period_start=pl.lit(self.deflators["period_start"][-1]))
        if "promotion" not in rows.columns:
            rows = rows.with_columns(promotion=pl.lit(0.0))
        rows = rows.join(self.items, on="item_id", how="left", maintain_order="left")
        rows = rows.join(self.groups, on="group_id", how="left", maintain_order="left")
        deflator = np.interp(
            rows["period_start"].cast(pl.Int32).to_numpy(),
            self.deflators["period_start"].cast(pl.Int32).to_numpy(),
            self.deflators["log_deflator"].to_numpy(),
        )
        rows = rows.with_columns(
            real_log_price=pl.col("price").log() - pl.Series(deflator) - pl.col("usual_log_price")
        )
        return rows.with_columns(rivals_log_price=_rivals(rows, self.groups.height))


def fit_elasticities(history: pl.DataFrame) -> ElasticityModel:
    """Fit the price elasticities of all items in a sales history.

    Parameters
    ----------
    history
        One row an item and period in which the item was on sale (zero sales are rows; periods not
        observed are none): `item_id, group_id, period_start` (a date), `units` (0 or more), `price`
        (above 0, any unit), and optionally `unit_cost` (in the price's unit, kept for suggestions),
        `in_stock_share` (of the period, 0 to 1: sales are scaled by it, periods without stock say
        nothing) and `promotion` (0 or false: none; larger: stronger).

    Raises
    ------
    InvalidFrame
        A column is missing or has wrong values, an item has two rows in a period or two groups, or
        no row has stock.

    Examples
    --------
    >>> fit_elasticities(_example_history()).table().columns
    ['item_id', 'elasticity', 'lower', 'upper']
    """
    ready = prepared(history)
    found = fit(ready.panel, ready.units, ready.in_stock_share, ready.features)
    surprise = found.response - found.fitted
    recent, _ = current_levels(ready.panel, surprise, 1 / (1 / found.weight + found.cell_variance))
    deviation = np.sqrt(found.slope_variance)
    return ElasticityModel(
        items=ready.items.with_columns(
            level=pl.Series(found.level + recent),
            slope=pl.Series(found.slope),
            slope_deviation=pl.Series(deviation),
            elasticity=pl.Series(slope_mean(found.slope, deviation)),
        ),
        groups=_groups(ready, found),
        deflators=ready.deflators,
        demand_leads=found.demand_leads,
    )


def _groups(ready: History, found: Fit) -> pl.DataFrame:
    names = ("promotion_effect", "slope_in_promotion", "rivals_effect")
    return ready.groups.with_columns(
        *(pl.Series(name, found.coefficients[:, 1 + k]) for k, name in enumerate(names)),
        shock_variance=pl.Series(found.dispersion + found.cell_variance),
    )


def _log_rate(rows: pl.DataFrame, promotion: pl.Series) -> Vector:
    """Log of the typical rate of each row under `promotion`, falling in its price."""
    known = {name: rows[name].to_numpy() for name in rows.columns if rows[name].dtype.is_float()}
    promoted = promotion.to_numpy()
    bend = known["slope_in_promotion"] * (promoted - known["usual_promotion"])
    slope = np.minimum(known["elasticity"] + bend, FLATTEST)
    rivals = np.minimum(known["rivals_effect"], -slope)  # all prices up alike: nothing sells more
    log_rate = (
        known["level"]
        + slope * known["real_log_price"]
        + known["promotion_effect"] * promoted
        + rivals * known["rivals_log_price"]
    )
    return np.asarray(np.clip(log_rate, -_MOST_LOG, _MOST_LOG))


def _rivals(rows: pl.DataFrame, groups: int) -> pl.Series:
    """Mean log price of the other groups in the row's period, against usual; absent ones: usual."""
    means = rows.group_by("period_start", "group_id").agg(own=pl.col("real_log_price").mean())
    total = means.group_by("period_start").agg(total=pl.col("own").sum())
    means = means.join(total, on="period_start")
    joined = rows.join(means, on=["period_start", "group_id"], how="left", maintain_order="left")
    return (joined["total"] - joined["own"]) / max(groups - 1, 1)


def _example_history() -> pl.DataFrame:
    prices = [100.0, 100.0, 110.0, 120.0, 120.0, 110.0]
    days = pl.date_range(pl.date(2026, 1, 5), pl.date(2026, 2, 9), "1w", eager=True)
    return pl.DataFrame(
        {
            "item_id": ["pads"] * 6 + ["discs"] * 6,
            "group_id": ["brakes"] * 12,
            "period_start": pl.concat([days, days]),
            "units": [9, 10, 8, 6, 7, 8, 4, 5, 4, 3, 3, 4],
            "price": prices + [3 * price for price in prices],
        }
    )

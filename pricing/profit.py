"""What another price does to profit, over all that is not known of the price slope.

    profit(p) = (p - cost) units (p / now)^slope

for slopes normal and below zero. Pure. Source: Phillips (2021), "Pricing and Revenue Optimization",
2nd ed., chapter 3 (constant elasticity, eq. 3.8 for the optimal margin, -1 / elasticity).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.slopes import slope_quantile, slope_share_above

__all__ = ["Demand", "profit_quantile", "uplift", "uplift_probability"]

Vector = NDArray[np.float64]

_NODES = (np.arange(21) + 0.5) / 21  # equally likely slopes


class Demand(NamedTuple):
    """One value an item: present price, cost, units a period at that price, and its slope."""

    price: Vector
    unit_cost: Vector
    units: Vector
    slope: Vector
    slope_deviation: Vector

    def rows(self, which: slice) -> "Demand":
        """Return the items that `which` names."""
        return Demand(*(values[which] for values in self))


def uplift(demand: Demand, price: Vector) -> Vector:
    """Return the expected gain of profit a period at `price`, shape (items, prices).

    Examples
    --------
    Known slope -2 and cost 50: the best price is 100, whence any move loses.

    >>> known = Demand(*(np.array([value]) for value in (80.0, 50.0, 10.0, -2.0, 1e-6)))
    >>> uplift(known, np.array([[80.0, 100.0, 120.0]])).round(2).tolist()
    [[0.0, 20.0, 11.11]]
    """
    slopes = slope_quantile(demand.slope[:, None], demand.slope_deviation[:, None], _NODES)
    ratio = np.log(price / demand.price[:, None])
    growth = np.exp(slopes[:, :, None] * ratio[:, None, :]).mean(1)
    gain = (price - demand.unit_cost[:, None]) * growth
    return np.asarray(demand.units[:, None] * (gain - (demand.price - demand.unit_cost)[:, None]))


def uplift_probability(demand: Demand, price: Vector) -> Vector:
    """Return the probability that `price` brings more profit than the present one.

    Exact: more profit means a slope on one side of log((now - cost) / (p - cost)) / log(p / now).

    Examples
    --------
    >>> unsure = Demand(*(np.array([value]) for value in (80.0, 50.0, 10.0, -2.0, 0.5)))
    >>> uplift_probability(unsure, np.array([[70.0, 80.0, 90.0]])).round(2).tolist()
    [[0.02, 0.0, 0.81]]
    """
    now = (demand.price - demand.unit_cost)[:, None]
    then = price - demand.unit_cost[:, None]
    ratio = np.log(price / demand.price[:, None])
    usable = (now > 0) & (then > 0) & (ratio != 0)
    bound = np.log(np.where(usable, now, 1.0) / np.where(usable, then, 1.0))
    bound = bound / np.where(usable, ratio, 1.0)
    above = slope_share_above(demand.slope[:, None], demand.slope_deviation[:, None], bound)
    by_slope = np.where(ratio > 0, above, 1 - above)
    # without a margin now, dearer is better for certain, and cheaper is worse
    return np.asarray(np.where(usable, by_slope, (now <= 0) & (ratio > 0)))


def profit_quantile(demand: Demand, price: Vector, share: float) -> Vector:
    """Return the quantile of expected profit a period at each price, shape (items, prices).

    Examples
    --------
    >>> known = Demand(*(np.array([value]) for value in (80.0, 50.0, 10.0, -2.0, 1e-6)))
    >>> profit_quantile(known, np.array([[80.0, 100.0]]), 0.9).round(1).tolist()
    [[300.0, 320.0]]
    """
    ratio = np.log(price / demand.price[:, None])
    then = price - demand.unit_cost[:, None]
    # profit rises with the slope where dearer, and falls where cheaper; sold at a loss, reversed
    tail = np.where((ratio >= 0) == (then >= 0), share, 1 - share)
    slopes = slope_quantile(demand.slope[:, None], demand.slope_deviation[:, None], tail)
    return np.asarray(then * demand.units[:, None] * np.exp(slopes * ratio))

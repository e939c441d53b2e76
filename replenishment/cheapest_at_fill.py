"""The (r, nQ) policy of least ordering and holding cost that serves a share of demand.

The share served and the stock held at each level are averaged over r+1 .. r+Q, as the costs of
`replenishment.cheapest` are. Every batch that could win is looked at. The least reorder point that
serves the share falls as the batch grows, by no more than the batch grew, so each search starts
where the last one ended.
Pure.
"""

from dataclasses import dataclass

import numpy as np

from replenishment.economics import Economics, Found, blocks
from replenishment.lead_time import LeadTimeDemand
from replenishment.negative_binomial import Floats, Integers

__all__ = [
    "cheapest_at_fill",
    "fill_rates",
    "least_points",
    "left_over",
    "level_that_serves",
    "stock_on_hand",
]

# The share asked for is met when it is missed by less than rounding.
_ROUNDING = 1e-9


def cheapest_at_fill(demand: LeadTimeDemand, economics: Economics, share: Floats) -> Found:
    """Return the cheapest policy that serves `share` (above 0, below 1) of each part's units.

    Examples
    --------
    >>> from replenishment.lead_time import PeriodDemand
    >>> monthly = PeriodDemand(np.array([1.0]), np.array([2.0]), np.array([0.0]))
    >>> demand = LeadTimeDemand.of(monthly, np.array([2.0]), np.array([0.0]))
    >>> one = np.array([1])
    >>> economics = Economics(np.array([1.0]), np.array([4.0]), one, one)
    >>> found = cheapest_at_fill(demand, economics, np.array([0.95]))
    >>> found.reorder_point.tolist(), found.order_quantity.tolist()
    ([4], [5])
    """
    found = _never_asked_for(economics)
    moving = np.flatnonzero(demand.served > 0)
    top = level_that_serves(demand.take(moving), share[moving])
    largest = _largest_batch(demand.take(moving), economics.take(moving), share[moving], top)
    for block in blocks(top + largest):
        rows = moving[block]
        last = int((top + largest)[block].max())
        search = _Search.of(demand.take(rows), economics.take(rows), share[rows], last)
        found.put(rows, search.best(top[block]))
    return found


def least_points(demand: LeadTimeDemand, batch: Integers, share: Floats) -> Integers:
    """Return the least reorder point that serves `share` with each part's batch as it is."""
    points = np.full(len(share), -1, np.int64)
    moving = np.flatnonzero(demand.served > 0)
    top = level_that_serves(demand.take(moving), share[moving])
    one = np.ones(len(batch))
    packed = Economics(one, one, batch, batch)
    for block in blocks(top + batch[moving]):
        rows = moving[block]
        last = int((top + batch[moving])[block].max())
        search = _Search.of(demand.take(rows), packed.take(rows), share[rows], last)
        at = top[block] - 1
        points[rows] = search.least_point(np.arange(len(rows)), batch[rows], at - batch[rows], at)
    return points


def fill_rates(demand: LeadTimeDemand, found: Found) -> Floats:
    """Return the expected share of units that each policy serves from the shelf."""
    rates = np.ones(len(found.order_quantity))
    for rows in blocks(found.order_quantity):
        first = found.reorder_point[rows] + 1
        quantity = found.order_quantity[rows]
        count = int(quantity.max())
        inside = np.arange(count) < quantity[:, None]
        filled = demand.take(rows).filled(first, count)
        rates[rows] = (filled * inside).sum(axis=1) / quantity
    return rates


def stock_on_hand(demand: LeadTimeDemand, found: Found) -> Floats:
    """Return the expected units on the shelf at the close of a period under each policy."""
    stock = np.zeros(len(found.order_quantity))
    for rows in blocks(found.order_quantity):
        first, quantity = found.reorder_point[rows] + 1, found.order_quantity[rows]
        count = int(quantity.max())
        inside = np.arange(count) < quantity[:, None]
        left = left_over(demand.take(rows), first, count)
        stock[rows] = (left * inside).sum(axis=1) / quantity
    return stock


def left_over(demand: LeadTimeDemand, first: Integers, count: int) -> Floats:
    """Return the expected units left at the close at `count` levels from `first`."""
    levels = first[:, None] + np.arange(count)
    close = demand.until_close
    left = levels - close.mean[:, None] + close.losses(first, count)
    return np.where(levels > 0, np.maximum(left, 0.0), 0.0)


@dataclass(frozen=True)
class _Search:
    """Running sums over the levels from 1, and the policies found so far.

    `served` and `left` hold the sum of the first so many levels' shares served and stock.
    """

    economics: Economics
    demand: LeadTimeDemand
    share: Floats
    served: Floats
    left: Floats

    @classmethod
    def of(
        cls, demand: LeadTimeDemand, economics: Economics, share: Floats, last: int
    ) -> "_Search":
        first = np.ones(len(share), np.int64)
        start = np.zeros((len(share), 1))
        served = np.cumsum(demand.filled(first, last), axis=1)
        left = np.cumsum(left_over(demand, first, last), axis=1)
        return cls(
            economics,
            demand,
            share,
            np.concatenate([start, served], axis=1),
            np.concatenate([start, left], axis=1),
        )

    def best(self, top: Integers) -> Found:
        """Return the cheapest policies; no level below `top` serves the share."""
        found = Found.empty(len(top))
        live = np.arange(len(top))
        batch = self.economics.smallest_batch
        point = self.least_point(live, batch, top - 1 - batch, top - 1)
        while True:
            cost = self._cost(live, batch, point)
            better = cost < found.expected_cost[live]
            found.put(live[better], Found(point[better], batch[better], cost[better]))
            step = self.economics.multiple[live]
            known = found.expected_cost[live]
            bound = _largest_batch_at(
                self.demand.take(live), self.economics.take(live), self.share[live], known
            )
            kept = batch + step <= bound
            if not kept.any():
                return found
            live, step = live[kept], step[kept]
            batch, point = batch[kept] + step, point[kept]
            point = self.least_point(live, batch, point - 1 - step, point)

    def least_point(
        self, rows: Integers, batch: Integers, low: Integers, high: Integers
    ) -> Integers:
        """Return the least reorder point that serves the share: above `low`, at most `high`."""
        while (high - low > 1).any():
            middle = (low + high) // 2
            served = self._sum(self.served, rows, batch, middle)
            enough = served >= (self.share[rows] - _ROUNDING) * batch
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return high

    def _cost(self, rows: Integers, batch: Integers, point: Integers) -> Floats:
        setup = self.economics.ordering_cost[rows] * self.demand.per_period[rows]
        left = self._sum(self.left, rows, batch, point)
        return (setup + self.economics.holding_cost[rows] * left) / batch

    @staticmethod
    def _sum(sums: Floats, rows: Integers, batch: Integers, point: Integers) -> Floats:
        """Sum over the levels point+1 .. point+batch; those below 1 add nothing."""
        upper: Floats = sums[rows, np.maximum(point + batch, 0)]
        return upper - sums[rows, np.maximum(point, 0)]


def _never_asked_for(economics: Economics) -> Found:
    """Order nothing while the position is not negative."""
    batch = economics.smallest_batch
    held = economics.holding_cost * (batch - 1) / 2
    return Found(np.full(len(batch), -1, np.int64), batch, held)


def level_that_serves(demand: LeadTimeDemand, share: Floats) -> Integers:
    """Return the least stock level that serves the share all by itself."""
    high = np.ceil(demand.until_close.mean).astype(np.int64) + 1
    short = demand.unfilled(high) > 1.0 - share + _ROUNDING
    while short.any():
        high = np.where(short, high * 2, high)
        short = demand.unfilled(high) > 1.0 - share + _ROUNDING
    low = np.zeros_like(high)
    while (high - low > 1).any():
        middle = (low + high) // 2
        short = demand.unfilled(middle) > 1.0 - share + _ROUNDING
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high


def _largest_batch(
    demand: LeadTimeDemand, economics: Economics, share: Floats, top: Integers
) -> Integers:
    """Return a batch that no better one exceeds, from r = top - 1 and the economic batch."""
    setup = economics.ordering_cost * demand.per_period
    batch = economics.batch_near(np.sqrt(2 * setup / economics.holding_cost))
    known = setup / batch + economics.holding_cost * (top + batch)
    return _largest_batch_at(demand, economics, share, known)


def _largest_batch_at(
    demand: LeadTimeDemand, economics: Economics, share: Floats, known: Floats
) -> Integers:
    """Return the largest batch that can cost as little as `known`.

    Levels below 1 serve nothing, so at least share x Q of the levels lie above; the stock they
    hold is no less than (y - mean)^+ each, together h (share Q - mean)^2 / (2 Q) a period.
    """
    mean, held = demand.until_close.mean, known / economics.holding_cost
    half = share * mean + held
    bound = (half + np.sqrt(np.maximum(half**2 - (share * mean) ** 2, 0.0))) / share**2
    return np.maximum(np.floor(bound).astype(np.int64), economics.smallest_batch)

"""The (r, nQ) policy of least cost, by enumeration of every batch and stock level.

When the inventory position is at or below the reorder point r, order the fewest batches of Q that
bring it above r. The position after ordering is then uniform on r+1 .. r+Q, and the average cost of
a period is (Zheng and Chen, Naval Research Logistics 39, 1992; Federgruen and Zheng, Operations
Research 40, 1992; Zipkin 2000, section 6.5)

    C(r, Q) = (K m + sum of g(y) over y = r+1 .. r+Q) / Q,   g(y) = h E[(y-D)^+] + p E[(D-y)^+]

with m units demanded a period and D the lead-time demand. Q is a multiple of the packing and not
below the minimum. Because g is convex, the best r for a Q keeps the Q cheapest levels: one sort a
part gives the best cost of every Q.
Pure.
"""

import numpy as np

from replenishment.economics import Economics, Found, blocks
from replenishment.negative_binomial import Floats, Integers, NegativeBinomial

__all__ = ["cheapest"]


def cheapest(
    demand: NegativeBinomial, per_period: Floats, economics: Economics, shortage_cost: Floats
) -> Found:
    """Return the cheapest policy of each part.

    Parameters
    ----------
    demand
        Lead-time demand, units.
    per_period
        Mean demand, units a period.
    economics
        Holding and ordering cost, packing.
    shortage_cost
        Money a unit short and period.

    Examples
    --------
    Snyder and Shen, Fundamentals of Supply Chain Theory (2019), example 5.8:

    >>> demand = NegativeBinomial(np.array([3.0]), np.array([3.0]))
    >>> one = np.array([1])
    >>> economics = Economics(np.array([20.0]), np.array([100.0]), one, one)
    >>> found = cheapest(demand, np.array([1.5]), economics, np.array([150.0]))
    >>> found.reorder_point.tolist(), found.order_quantity.tolist()
    ([3], [5])
    >>> found.expected_cost.round(4).tolist()
    [107.9236]
    """
    found = Found.empty(len(per_period))
    first, last = _levels(demand, per_period, economics, shortage_cost)
    for rows in blocks(last - first + 1):
        count = int((last - first)[rows].max()) + 1
        part = economics.take(rows)
        levels_cost = _level_costs(
            demand.take(rows), first[rows], count, part.holding_cost, shortage_cost[rows]
        )
        found.put(rows, _best(levels_cost, first[rows], part, per_period[rows]))
    return found


def _level_costs(
    demand: NegativeBinomial, first: Integers, count: int, holding: Floats, shortage: Floats
) -> Floats:
    above = first[:, None] + np.arange(count) - demand.mean[:, None]
    short = demand.losses(first, count)
    return holding[:, None] * above + (holding + shortage)[:, None] * short


def _best(costs: Floats, first: Integers, economics: Economics, per_period: Floats) -> Found:
    order = np.argsort(costs, axis=1, kind="stable")
    batches = np.arange(1, costs.shape[1] + 1)
    ordering = (economics.ordering_cost * per_period)[:, None]
    average = (ordering + np.cumsum(np.take_along_axis(costs, order, 1), axis=1)) / batches
    allowed = (batches % economics.multiple[:, None] == 0) & (
        batches >= economics.smallest_batch[:, None]
    )
    chosen = np.where(allowed, average, np.inf).argmin(axis=1)
    lowest = np.minimum.accumulate(order, axis=1)[np.arange(len(chosen)), chosen]
    return Found(first + lowest - 1, chosen + 1, average[np.arange(len(chosen)), chosen])


def _levels(
    demand: NegativeBinomial, per_period: Floats, economics: Economics, p: Floats
) -> tuple[Integers, Integers]:
    """Return the first and last stock level that the best policy can hold.

    g(y) >= max(h (y-mean), p (mean-y)), and no level of the best policy costs more than a policy
    already known, but for one batch where packing forces a larger one. That known policy is the
    economic order quantity with backorders on top of Scarf's bound sd sqrt(h p) (Scarf 1958).
    """
    h, setup = economics.holding_cost, economics.ordering_cost * per_period
    batch = economics.batch_near(np.sqrt(2 * setup * (h + p) / (h * p)))
    spread = np.sqrt(np.maximum(demand.variance, demand.mean))
    known = setup / batch + spread * np.sqrt(h * p) + h * p / (h + p) * batch / 2 + h
    margin = economics.smallest_batch + economics.multiple
    first = np.floor(demand.mean - known / p) - margin
    last = np.ceil(demand.mean + known / h) + margin
    return first.astype(np.int64), last.astype(np.int64)

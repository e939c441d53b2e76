"""One service level, or one budget, for all parts together.

Where a share of all units is to be served, or no more than some money tied up, parts need not be
served alike: stock goes where it serves most units for its money. At a common price of a unit not
served, each part's best reorder point is found by itself; the price moves until the sum is right
(Everett, Operations Research 11, 1963; Sherbrooke, Optimal Inventory Modeling of Systems, 2004,
chapter 2). Between the two last prices parts change one at a time, the best first.
Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from clutch.errors import InvalidInput
from replenishment.cheapest_at_fill import left_over, level_that_serves
from replenishment.demand import parts_of, read_demand
from replenishment.economics import Economics, Found, blocks
from replenishment.lead_time import LeadTimeDemand
from replenishment.negative_binomial import Floats, Integers
from replenishment.per_part import POSITIVE, PerPart, per_part
from replenishment.policies import plan_frame, supply_of

__all__ = ["joint_policy"]

# Reorder points are looked at up to this share served by one part.
_HIGHEST_SHARE = 0.9999
_HALVINGS = 60


def joint_policy(
    demand: pl.DataFrame,
    *,
    lead_time: PerPart,
    unit_cost: PerPart,
    holding_cost: PerPart,
    ordering_cost: PerPart,
    fill_rate: float | None = None,
    budget: float | None = None,
    multiple: PerPart = 1,
    minimum: PerPart = 1,
    lead_time_sd: PerPart = 0.0,
) -> pl.DataFrame:
    """Return reorder points that serve all parts together best for the money in stock.

    Parameters
    ----------
    demand, lead_time, lead_time_sd, holding_cost, ordering_cost, multiple, minimum
        As for `replenishment.policy`; the order quantity is the economic one, packed.
    unit_cost
        Money a unit, above 0.
    fill_rate, budget
        Exactly one: the share of the units of all parts together to serve from the shelf (above 0,
        below 1), at the least money in stock; or the money that stock may tie up on average, with
        the most units served. The budget is never exceeded.

    Returns
    -------
    polars.DataFrame
        As `replenishment.policy` returns it, with `capital` (money in stock at the close of a
        period, expected).

    Raises
    ------
    InvalidInput
        A number is out of range; InvalidFrame for a
        frame that cannot be used.

    Examples
    --------
    >>> demand = pl.DataFrame({"series_id": ["bolt", "gearbox"], "mean": 1.0, "variance": 2.0,
    ...                        "price": [1.0, 500.0]})
    >>> plan = joint_policy(demand, lead_time=2, unit_cost="price", holding_cost="price",
    ...                     ordering_cost=0, fill_rate=0.9)
    >>> plan["fill_rate"].round(2).to_list()
    [1.0, 0.81]
    """
    parts = parts_of(demand)
    number = partial(per_part, demand=demand, parts=parts)
    supply = supply_of(
        number,
        lead_time=lead_time,
        lead_time_sd=lead_time_sd,
        holding_cost=holding_cost,
        ordering_cost=ordering_cost,
        multiple=multiple,
        minimum=minimum,
    )
    economics = supply.economics
    cost = number(unit_cost, "unit_cost", POSITIVE)
    over_lead_time = supply.over(read_demand(demand, supply.lead_time).period)
    choices = _Choices.of(over_lead_time, economics, cost)
    steps = _chosen(choices, over_lead_time, fill_rate, budget)
    held = economics.holding_cost * choices.at(choices.capital, steps) / cost
    setup = economics.ordering_cost * over_lead_time.per_period / choices.batch
    found = Found(choices.lowest + steps, choices.batch, held + setup)
    plan = plan_frame(parts, over_lead_time, economics, found)
    return plan.with_columns(capital=pl.col("expected_stock") * pl.Series(cost))


def _chosen(
    choices: "_Choices", demand: LeadTimeDemand, fill_rate: float | None, budget: float | None
) -> Integers:
    if (fill_rate is None) == (budget is None):
        found = "neither" if budget is None else "both"
        raise InvalidInput("fill_rate, budget", "exactly one of the two", found=found)
    if fill_rate is not None:
        if not 0 < fill_rate < 1:
            raise InvalidInput("fill_rate", "a share above 0 and below 1", found=str(fill_rate))
        return choices.serving(fill_rate * demand.per_period.sum())
    if budget is None or not 0 <= budget < np.inf:
        raise InvalidInput("budget", "an amount of money of 0 or more", found=str(budget))
    return choices.within(budget)


@dataclass(frozen=True)
class _Choices:
    """What every reorder point of every part ties up and serves.

    `capital` (money) and `served` (units a period) run over the reorder points of the first part
    from its `lowest`, then the second's; `offset` says where each part begins.
    """

    lowest: Integers
    batch: Integers
    offset: Integers
    capital: Floats
    served: Floats

    @classmethod
    def of(cls, demand: LeadTimeDemand, economics: Economics, unit_cost: Floats) -> "_Choices":
        setup = economics.ordering_cost * demand.per_period
        batch = economics.batch_near(np.sqrt(2 * setup / economics.holding_cost))
        top = level_that_serves(demand, np.full(len(batch), _HIGHEST_SHARE))
        count = top + batch + 1
        offset = np.cumsum(count) - count
        capital, served = np.zeros(count.sum()), np.zeros(count.sum())
        for rows in blocks(count):
            wide = int(count[rows].max())
            place = np.arange(wide)
            held, filled = _window_means(demand.take(rows), batch[rows], wide)
            inside = place < count[rows, None]
            cells = (offset[rows, None] + place)[inside]
            capital[cells] = (held * unit_cost[rows, None])[inside]
            served[cells] = (filled * demand.per_period[rows, None])[inside]
        return cls(-batch, batch, offset, capital, served)

    def at(self, values: Floats, steps: Integers) -> Floats:
        """Return each part's value, so many steps above its lowest reorder point."""
        chosen: Floats = values[self.offset + steps]
        return chosen

    def best(self, price: float) -> Integers:
        """Return each part's best steps when a unit not served costs `price` more."""
        if not len(self.offset):
            return np.zeros(0, np.int64)
        loss = self.capital - price * self.served
        least = np.minimum.reduceat(loss, self.offset)
        count = np.diff(self.offset, append=len(loss))
        hits = np.flatnonzero(loss == np.repeat(least, count))
        part = np.searchsorted(self.offset, hits, side="right") - 1
        first = np.unique(part, return_index=True)[1]
        steps: Integers = hits[first] - self.offset
        return steps

    def serving(self, units: float) -> Integers:
        """Return the steps that serve so many units a period at the least capital."""
        low, high = self._around(lambda steps: self.at(self.served, steps).sum() < units)
        order, gain, _ = self._exchanges(low, high)
        missing = units - self.at(self.served, low).sum()
        enough = int(np.searchsorted(np.cumsum(gain[order]), missing)) + 1
        changed = order[:enough] if missing > 0 else order[:0]
        return _changed(low, high, changed)

    def within(self, budget: float) -> Integers:
        """Return the steps that serve most with no more capital than the budget."""
        low, high = self._around(lambda steps: self.at(self.capital, steps).sum() <= budget)
        order, _, price = self._exchanges(low, high)
        left = budget - self.at(self.capital, low).sum()
        changed = []
        for part in order.tolist():
            if price[part] <= left:
                left -= price[part]
                changed.append(part)
        return _changed(low, high, np.array(changed, np.int64))

    def _around(self, is_low: Callable[[Integers], bool]) -> tuple[Integers, Integers]:
        """Return the best steps at two prices next to each other: still low, and no longer."""
        low, high = np.log(1e-12), np.log(1e15)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if is_low(self.best(np.exp(middle))) else (low, middle)
        return self.best(np.exp(low)), self.best(np.exp(high))

    def _exchanges(self, low: Integers, high: Integers) -> tuple[Integers, Floats, Floats]:
        """Return the parts that differ, most units for the money first, with gain and price."""
        gain = self.at(self.served, high) - self.at(self.served, low)
        price = self.at(self.capital, high) - self.at(self.capital, low)
        differing = np.flatnonzero(high != low)
        worth = gain[differing] / np.maximum(price[differing], np.finfo(float).tiny)
        return differing[np.argsort(-worth, kind="stable")], gain, price


def _changed(low: Integers, high: Integers, parts: Integers) -> Integers:
    steps = low.copy()
    steps[parts] = high[parts]
    return steps


def _window_means(demand: LeadTimeDemand, batch: Integers, count: int) -> tuple[Floats, Floats]:
    """Return stock and share served at reorder points -batch, -batch + 1, ..., parts x points."""
    first = np.ones(len(batch), np.int64)
    start = np.zeros((len(batch), 1))
    top = np.arange(count)
    bottom = np.maximum(top - batch[:, None], 0)
    means = []
    for values in (left_over(demand, first, count), demand.filled(first, count)):
        sums = np.concatenate([start, np.cumsum(values, axis=1)], axis=1)
        window = sums[:, :count] - np.take_along_axis(sums, bottom, axis=1)
        means.append(window / batch[:, None])
    return means[0], means[1]

"""The (s, S) policy of least cost where stock is reviewed every few periods.

At each review, a position at or below s is brought up to S. With m(j) the expected number of
reviews at which the position stands j below S before the next order, the average cost a review is
(Veinott and Wagner 1965; Zheng and Federgruen, Operations Research 39, 1991, eq. 3)

    c(s, S) = (K + sum of m(j) G(S-j) over j = 0 .. S-s-1) / (sum of m(j)),

where G(y) is the cost of the periods that an order placed now is the last to serve. Every pair that
could win is looked at.
Pure.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from clutch.errors import InvalidInput
from replenishment.demand import parts_of, read_demand
from replenishment.lead_time import PeriodDemand
from replenishment.negative_binomial import Floats, NegativeBinomial
from replenishment.per_part import POSITIVE, SHARE, ZERO_OR_MORE, PerPart, per_part

__all__ = ["review_policy"]

_LEVELS_AT_MOST = 20_000
_SETTLED = 1e-9


def review_policy(
    demand: pl.DataFrame,
    *,
    lead_time: PerPart,
    review_periods: int,
    holding_cost: PerPart,
    ordering_cost: PerPart,
    shortage_cost: PerPart | None = None,
    fill_rate: PerPart | None = None,
    lead_time_sd: PerPart = 0.0,
) -> pl.DataFrame:
    """Return the exact (s, S) policy of each part.

    Parameters
    ----------
    demand, lead_time, lead_time_sd, holding_cost, shortage_cost, fill_rate
        As for `replenishment.policy`.
    review_periods
        Periods from one review to the next, 1 or more.
    ordering_cost
        Money an order, whatever its size.

    Returns
    -------
    polars.DataFrame
        A row a part, sorted: `series_id, reorder_point` (s), `order_up_to` (S), `expected_cost`
        (money a period), `fill_rate` (expected), `lead_time_demand, lead_time_variance` (units,
        over the lead time and the review that follows).

    Raises
    ------
    InvalidInput
        A number is out of range, or not exactly one of shortage_cost and fill_rate is given;
        InvalidFrame for a frame that cannot be used.

    Examples
    --------
    Zheng and Federgruen (1991), table 1: Poisson demand of mean 10, no delay beyond the period.

    >>> demand = pl.DataFrame({"series_id": ["a"], "mean": 10.0, "variance": 10.0})
    >>> plan = review_policy(demand, lead_time=1, review_periods=1, holding_cost=1,
    ...                      ordering_cost=64, shortage_cost=9)
    >>> plan.select("reorder_point", "order_up_to", pl.col("expected_cost").round(2)).row(0)
    (6, 40, 35.02)
    """
    if (
        isinstance(review_periods, bool)
        or not isinstance(review_periods, int)
        or review_periods < 1
    ):
        raise InvalidInput(
            "review_periods", "a whole number of 1 or more", found=str(review_periods)
        )
    if (shortage_cost is None) == (fill_rate is None):
        found = "neither" if fill_rate is None else "both"
        raise InvalidInput("shortage_cost, fill_rate", "exactly one of the two", found=found)
    parts = parts_of(demand)
    number = partial(per_part, demand=demand, parts=parts)
    lead = number(lead_time, "lead_time", POSITIVE)
    lead_sd = number(lead_time_sd, "lead_time_sd", ZERO_OR_MORE)
    holding = number(holding_cost, "holding_cost", POSITIVE)
    ordering = number(ordering_cost, "ordering_cost", ZERO_OR_MORE)
    shortage = np.zeros(len(parts))
    share = np.zeros(len(parts))
    if shortage_cost is not None:
        shortage = number(shortage_cost, "shortage_cost", POSITIVE)
    if fill_rate is not None:
        share = number(fill_rate, "fill_rate", SHARE)
    period = read_demand(demand, lead).period
    rows = []
    for part in range(len(parts)):
        cycle = _Cycle.of(period, part, lead, lead_sd, review_periods)
        rows.append(cycle.best(holding[part], ordering[part], shortage[part], share[part]))
    columns = ["reorder_point", "order_up_to", "expected_cost", "fill_rate"]
    columns += ["lead_time_demand", "lead_time_variance"]
    types = dict(zip(columns, [pl.Int64] * 2 + [pl.Float64] * 4, strict=True))
    return pl.DataFrame(rows, schema=types, orient="row").insert_column(0, parts)


@dataclass(frozen=True)
class _Cycle:
    """One part's demand: between reviews, and until each period's close that an order serves."""

    between: NegativeBinomial
    until_close: NegativeBinomial
    until_open: NegativeBinomial
    reviews: int

    @classmethod
    def of(
        cls, period: PeriodDemand, part: int, lead: Floats, lead_sd: Floats, reviews: int
    ) -> "_Cycle":
        """Return the demands of one part; one entry a period of the cycle."""
        moments = (period.mean, period.variance, period.mean_sd)
        one = PeriodDemand(*(np.repeat(values[part], reviews) for values in moments))
        closes = lead[part] + np.arange(reviews)
        sd = np.repeat(lead_sd[part], reviews)
        opens = closes - np.minimum(lead[part], 1.0)
        between = one.over(np.full(reviews, float(reviews)), np.zeros(reviews))
        return cls(
            NegativeBinomial(between.mean[:1], between.variance[:1]),
            one.over(closes, sd),
            one.over(opens, sd),
            reviews,
        )

    def best(self, h: float, setup: float, p: float, share: float) -> tuple[float, ...]:
        """Return s, S, cost a period, fill rate, and mean and variance of the longest cover."""
        last = (self.until_close.mean[-1], self.until_close.variance[-1])
        if self.between.mean[0] == 0:
            return (-1, 0, 0.0, 1.0, *last)
        first, count = self._priced(h, setup, p) if p > 0 else self._at_share(h, setup, share)
        if count > _LEVELS_AT_MOST:
            expected = f"at most {_LEVELS_AT_MOST:,} stock levels to compare for a part"
            raise InvalidInput("demand", expected, found=f"{count:,}")
        held, short, unfilled = self._levels(first, count)
        costs = h * held + p * short
        best, found = np.inf, (0, 0, 0.0)
        cost, missed = np.zeros(count), np.zeros(count)
        visits = self._visits(count)
        total = np.cumsum(visits)
        for drop in range(1, count + 1):
            # Entries before drop - 1 would need levels below the first.
            cost[drop - 1 :] += visits[drop - 1] * costs[: count - drop + 1]
            missed[drop - 1 :] += visits[drop - 1] * unfilled[: count - drop + 1]
            stock = cost[drop - 1 :] / total[drop - 1]
            fill = 1.0 - missed[drop - 1 :] / total[drop - 1]
            allowed = np.where(fill >= share - _SETTLED, stock, np.inf)
            top = int(allowed.argmin())
            average = allowed[top] + setup / self.reviews / total[drop - 1]
            if average < best:
                level = first + drop - 1 + top
                best, found = average, (level - drop, level, fill[top])
            if allowed[top] > best:
                break
        return (found[0], found[1], best, min(max(found[2], 0.0), 1.0), *last)

    def _levels(self, first: int, count: int) -> tuple[Floats, Floats, Floats]:
        """Return stock, units short and share not served at each level, averaged over a cycle."""
        start = np.full(self.reviews, first)
        levels = first + np.arange(count)
        close = self.until_close.losses(start, count)
        served = (self.until_close.mean - self.until_open.mean)[:, None]
        unfilled = np.where(
            levels > 0, (close - self.until_open.losses(start, count)) / served, 1.0
        )
        short = close.mean(axis=0)
        held = levels - self.until_close.mean.mean() + short
        return held, short, unfilled.mean(axis=0)

    def _visits(self, count: int) -> Floats:
        """Return the expected reviews at each drop below S before the next order."""
        asked = -np.diff(np.concatenate([[1.0], self._tails(count)]))
        visits = np.zeros(count)
        visits[0] = 1.0 / (1.0 - asked[0])
        for drop in range(1, count):
            visits[drop] = asked[1 : drop + 1] @ visits[drop - 1 :: -1] * visits[0]
        return visits

    def _tails(self, count: int) -> Floats:
        losses = self.between.losses(np.zeros(1, np.int64), count + 1)[0]
        tails: Floats = -np.diff(losses)
        return tails

    def _priced(self, h: float, setup: float, p: float) -> tuple[int, int]:
        """Return the first level and how many can be in the best policy (Zheng and Federgruen).

        Their costs exceed no known policy's, here S alone at Scarf's bound.
        """
        mean = self.until_close.mean.mean()
        variance = (self.until_close.variance.mean() + self.until_close.mean.var()) or mean
        known = setup / self.reviews + np.sqrt(max(variance, mean) * h * p) + h
        first = int(np.floor(mean - known / p)) - 1
        return first, int(np.ceil(mean + known / h)) + 2 - first

    def _at_share(self, h: float, setup: float, share: float) -> tuple[int, int]:
        """Return levels from below nothing to well above what serves the share each period."""
        top = int(np.ceil(self.until_close.mean.max())) + 1
        while self._levels(top, 1)[2][0] > 1.0 - share:
            top *= 2
        batch = np.sqrt(2 * setup * self.between.mean[0] / self.reviews / h)
        widest = int(np.ceil(4 * (batch + top))) + 10
        return -widest, top + 2 * widest

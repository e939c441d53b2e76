"""Demand whose spread keeps the promise: the share served in a replay of the past is the one asked.

Sales swing more than any fitted law says, and whole units serve a little more than asked; which
wins depends on the share. The last periods of the history are replayed, planning afresh from what
was known at the time, and the variance beyond Poisson is scaled until the share of all units
served is the one promised. With few units sold the scale stays near 1.
Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from replenishment.cheapest_at_fill import cheapest_at_fill, least_points
from replenishment.economics import Economics
from replenishment.history import History, best_half_life, estimate
from replenishment.lead_time import LeadTimeDemand, PeriodDemand
from replenishment.negative_binomial import Floats, Integers
from replenishment.shelf import Shelf

__all__ = ["Supply", "calibrated"]

_PERIODS_AT_MOST = 12
_PERIODS_AT_LEAST = 3
_PERIODS_A_PLAN = 2
_PARTS_AT_MOST = 3_000
_UNITS_OF_DOUBT = 500.0
_STEP = np.log(2.0)
_STEPS = 4


@dataclass(frozen=True)
class Supply:
    """What every part is ordered under: lead time in periods, costs and packing."""

    lead_time: Floats
    lead_time_sd: Floats
    economics: Economics

    def over(self, period: PeriodDemand) -> LeadTimeDemand:
        """Return the demand over the lead time."""
        return LeadTimeDemand.of(period, self.lead_time, self.lead_time_sd)

    def take(self, rows: Integers) -> "Supply":
        """Return the entries of some parts."""
        return Supply(self.lead_time[rows], self.lead_time_sd[rows], self.economics.take(rows))


def calibrated(history: History, supply: Supply, share: Floats) -> PeriodDemand:
    """Return the demand a period, its spread scaled so that past plans would have kept `share`."""
    half_life = best_half_life(history)
    period = estimate(history, half_life)
    replay = _Replay.of(history, supply, share, half_life)
    if replay is None:
        return period
    trust = replay.known * replay.units / (replay.units + _UNITS_OF_DOUBT)
    return period.spread(float(np.exp(trust * _balanced(replay.surplus))))


def _balanced(surplus: Callable[[float], float]) -> float:
    """Return the log scale where the surplus, rising with it, is 0; the nearest end if nowhere."""
    low, value = 0.0, surplus(1.0)
    direction = -1.0 if value > 0 else 1.0
    for _ in range(_STEPS):
        high = low + direction * _STEP
        beyond = surplus(float(np.exp(high)))
        if (beyond > 0) != (value > 0):
            return float(low + (high - low) * value / (value - beyond))
        low, value = high, beyond
    return low


@dataclass(frozen=True)
class _Replay:
    """The last periods of the history, and the estimates that each plan was to be made from.

    `known` is how much of the history those plans knew on average, 0 to 1.
    """

    asked: Floats
    known: float
    warm_up: int
    estimates: list[PeriodDemand]
    supply: Supply
    share: Floats
    batch: Integers

    @classmethod
    def of(
        cls, history: History, supply: Supply, share: Floats, half_life: float
    ) -> "_Replay | None":
        """Return the replay; None where the history is too short or nothing was sold."""
        parts, periods = history.quantity.shape
        length = min(_PERIODS_AT_MOST, periods // 2)
        warm_up = int(np.ceil(np.median(supply.lead_time))) if parts else 0
        if length - warm_up < _PERIODS_AT_LEAST:
            return None
        start = periods - length
        rows = np.unique(np.linspace(0, parts - 1, min(parts, _PARTS_AT_MOST)).astype(np.int64))
        past = history.take(rows)
        estimates = [
            estimate(past.until(origin), half_life)
            for origin in range(start, periods, _PERIODS_A_PLAN)
        ]
        asked = past.quantity[:, start:]
        if asked[:, warm_up:].sum() == 0 or estimates[0].mean.sum() == 0:
            return None
        supply, share = supply.take(rows), share[rows]
        found = cheapest_at_fill(supply.over(estimates[0]), supply.economics, share)
        known = 1.0 - length / 2 / periods
        return cls(asked, known, warm_up, estimates, supply, share, found.order_quantity)

    @property
    def units(self) -> float:
        """Units asked for after the warm-up."""
        return float(self.asked[:, self.warm_up :].sum())

    def surplus(self, scale: float) -> float:
        """Return the share served above the one promised when the spread is scaled."""
        lead_time = np.maximum(np.ceil(self.supply.lead_time), 1).astype(np.int64)
        batch, periods = self.batch, self.asked.shape[1]
        point = self._points(0, scale)
        shelf = Shelf.stocked(np.maximum(point + batch, 0), periods)
        served = 0.0
        for period in range(periods):
            shelf.receive(period)
            units = shelf.serve(self.asked[:, period])
            served += units.sum() if period >= self.warm_up else 0.0
            if (period + 1) % _PERIODS_A_PLAN == 0 and period + 1 < periods:
                point = self._points((period + 1) // _PERIODS_A_PLAN, scale)
            missing = point - shelf.position()
            batches = np.where(missing >= 0, np.floor(missing / batch) + 1, 0)
            shelf.order(period, batches * batch, lead_time)
        promised = (self.share[:, None] * self.asked[:, self.warm_up :]).sum()
        return float((served - promised) / self.units)

    def _points(self, plan: int, scale: float) -> Integers:
        demand = self.supply.over(self.estimates[plan].spread(scale))
        return least_points(demand, self.batch, self.share)

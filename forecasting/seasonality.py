"""How much of a period's demand is due to its place in the year or week, to holidays and Ramadan.

Each effect is a factor on demand. It is estimated from ratios of units to what the level around
them would give, and shrunk: the pooled effect by how well it repeats from cycle to cycle
(James and Stein 1961, positive part), each series' own departure from it by the variance between
series that repeats across cycles (best linear prediction; Buehlmann and Gisler 2005, chapter 3).
An effect that does not repeat is 1. In all sums of this room the factor counts as exposure.
Pure.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from forecasting.panel import Panel
from forecasting.periods import CYCLE, Frequency, event_shares, period_start, positions

__all__ = ["Seasonality", "seasonality_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LENGTHS = {"month": 12, "weekday": 7}
_LOWEST, _HIGHEST = 0.02, 20.0
_EVENT_PRIOR_PERIODS = 3.0
_EVENT_ROUNDS = 8
_FEWEST_CYCLES = 3


@dataclass(frozen=True, kw_only=True)
class Seasonality:
    """What a panel teaches of seasons, to be applied to it or to any other.

    `pooled[season]` is a factor by position; `variance[season]` is that of series' own departures
    from it, `noise` the variance of units over their mean. `events[name]` is the factor of a period
    that is all event.
    """

    pooled: dict[str, Floats]
    variance: dict[str, float]
    noise: float
    events: dict[str, float]

    @property
    def is_flat(self) -> bool:
        """Whether no factor departs from 1 by more than one part in fifty."""
        departures = [float(np.abs(index - 1).max()) for index in self.pooled.values()]
        departures += [abs(effect - 1) for effect in self.events.values()]
        return max(departures, default=0.0) < 0.02 and not any(self.variance.values())

    def indices(self, panel: Panel) -> dict[str, Floats]:
        """Return a factor by series (or one row for all) and position for each season."""
        result: dict[str, Floats] = {}
        days = _days(panel, panel.first, panel.end)
        exposure = panel.exposure * _event_factors(self.events, days, panel.freq)
        for season, position in _positions(panel, days).items():
            if season not in self.pooled:
                continue
            index = self.pooled[season][None, :]
            if self.variance[season] > 0:
                units, base = _by_position(panel, exposure, season, position)
                index = index * self._departures(units, base * index, self.variance[season])
            result[season] = index
            exposure = exposure * index[:, position]
        return result

    def factors(self, panel: Panel, indices: dict[str, Floats], start: int, stop: int) -> Floats:
        """Return a factor for each series of `panel` (or one row for all) and each period.

        `start` and `stop` are running numbers of periods, `indices` those of this panel.
        """
        result = np.ones((1, stop - start))
        if self.is_flat:
            return result
        days = _days(panel, start, stop)
        for season, position in positions(days, panel.freq).items():
            if season in indices:
                result = result * indices[season][:, position]
        result = result * _event_factors(self.events, days, panel.freq)
        return np.asarray(np.clip(result, _LOWEST, _HIGHEST))

    def _departures(self, units: Floats, base: Floats, variance: float) -> Floats:
        """Return a factor by series and position around the pooled one."""
        total = base.sum(axis=1)
        departure = (units - base).sum(axis=1)
        weight = variance / (variance * total + self.noise)
        return np.asarray(np.maximum(1 + weight * departure, 0.0))


def seasonality_of(panel: Panel) -> Seasonality:
    """Return the seasonal factors that the history in `panel` supports.

    A season needs three cycles, an event a year of days or weeks; without them it is left out.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> import polars as pl
    >>> from forecasting.panel import panel_of
    >>> days = [date(2024, 1, 1) + timedelta(days=n) for n in range(56)]
    >>> sales = pl.DataFrame(
    ...     {
    ...         "series_id": "a",
    ...         "period_start": days,
    ...         "quantity": [0 if day.weekday() == 4 else 70 for day in days],
    ...     }
    ... )
    >>> seasonality_of(panel_of(sales, "D")).pooled["weekday"].round(1).tolist()
    [1.2, 1.2, 1.2, 1.2, 0.0, 1.2, 1.2]
    >>> seasonality_of(panel_of(sales.clear(), "D")).is_flat
    True
    """
    length = panel.quantity.shape[1]
    days = _days(panel, panel.first, panel.end)
    exposure = panel.exposure
    pooled: dict[str, Floats] = {}
    variance: dict[str, float] = {}
    events: dict[str, float] = {}
    noise = 1.0
    for season, position in _positions(panel, days).items():
        if season == "month" and panel.freq != "M" and length >= CYCLE[panel.freq]:
            events = _event_effects(panel, exposure, days)
            exposure = exposure * _event_factors(events, days, panel.freq)
        if length < _FEWEST_CYCLES * _cycle(panel, season):
            continue
        units, base = _by_position(panel, exposure, season, position)
        pooled[season] = _pooled_index(units.sum(axis=0), base.sum(axis=0))
        residual, expected = units - base * pooled[season], base * pooled[season]
        noise = _noise(residual, expected)
        variance[season] = _repeating_variance(residual, expected)
        exposure = exposure * pooled[season][position]
    return Seasonality(pooled=pooled, variance=variance, noise=noise, events=events)


def _days(panel: Panel, start: int, stop: int) -> list[date]:
    return [period_start(n, panel.freq, weekday=panel.weekday) for n in range(start, stop)]


def _positions(panel: Panel, days: list[date]) -> dict[str, Integers]:
    """Return the seasons in the order they are estimated, the shortest first."""
    return dict(sorted(positions(days, panel.freq).items(), reverse=True))


def _cycle(panel: Panel, season: str) -> int:
    return CYCLE[panel.freq] if season == "month" else _LENGTHS[season]


def _by_position(
    panel: Panel, exposure: Floats, season: str, position: Integers
) -> tuple[Floats, Floats]:
    """Return units, and those the level around them gives, by series, cycle and position.

    Only periods with half a cycle on both sides count: at the ends a trend would pass for a season.
    """
    in_cycle, length = _cycle(panel, season), len(position)
    inside = np.zeros(length)
    inside[in_cycle // 2 : length - in_cycle // 2] = 1
    units = panel.quantity * inside
    expected = _level(panel.quantity, exposure, in_cycle) * exposure * inside
    cycle = (np.arange(length) - length) // in_cycle
    cycle = cycle - cycle.min(initial=0)
    shape = (int(cycle.max(initial=0)) + 1, _LENGTHS[season])
    one_hot = np.zeros((length, shape[0] * shape[1]))
    one_hot[np.arange(length), cycle * shape[1] + position] = 1
    return (units @ one_hot).reshape(-1, *shape), (expected @ one_hot).reshape(-1, *shape)


def _level(quantity: Floats, exposure: Floats, window: int) -> Floats:
    """Return units per exposure in a centred window, which a cycle long is free of the season.

    Near the ends the window stays whole and moves inside.
    """
    length = quantity.shape[1]
    start = np.clip(np.arange(length) - window // 2, 0, max(length - window, 0))
    stop = np.minimum(start + window, length)

    def windowed(values: Floats) -> Floats:
        sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        return np.asarray(sums[:, stop] - sums[:, start])

    seen = windowed(exposure)
    return np.divide(windowed(quantity), seen, out=np.zeros_like(seen), where=seen > 0)


def _pooled_index(units: Floats, base: Floats) -> Floats:
    """Shrink the mean log ratio of each position by its variance between cycles."""
    seen = base > 0
    ratio = np.log(np.divide(units + 0.5, base + 0.5), out=np.zeros_like(base), where=seen)
    count = seen.sum(axis=0)
    mean = np.divide(ratio.sum(axis=0), count, out=np.zeros(len(count)), where=count > 0)
    mean = mean - mean[count > 0].mean() if (count > 0).any() else mean
    within = np.where(seen, (ratio - mean) ** 2, 0.0).sum() / max(float((count - 1).sum()), 1.0)
    error = within / max(float(count.mean()), 1.0)
    between = float((mean**2).mean())
    kept = max(0.0, 1 - error / between) if between > 0 else 0.0
    factor = np.exp(kept * mean)
    weights = base.sum(axis=0)
    return np.asarray(factor * weights.sum() / max(float(factor @ weights), 1e-12))


def _noise(residual: Floats, expected: Floats) -> float:
    """Return the variance of units over their mean that does not repeat from cycle to cycle."""
    seen = expected > 0
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    around = np.where(seen, residual - residual.sum(axis=1, keepdims=True) / count, 0.0)
    free = float((expected * (1 - 1 / count)).sum())
    return max(1.0, float((around**2).sum()) / max(free, 1e-12))


def _repeating_variance(residual: Floats, expected: Floats) -> float:
    """Return the variance of series' own factors: the covariance of residuals between cycles.

    Noise does not repeat from cycle to cycle and so drops out. A variance that is not three times
    its standard error over series, or rests on two cycles only, is taken as 0.
    """
    if len(residual) < 2 or residual.shape[1] < 3:
        return 0.0
    products = (residual.sum(axis=1) ** 2 - (residual**2).sum(axis=1)).sum(axis=1)
    scale = (expected.sum(axis=1) ** 2 - (expected**2).sum(axis=1)).sum(axis=1)
    total = max(float(scale.sum()), 1e-12)
    variance = float(products.sum()) / total
    error = float(np.sqrt(((products - variance * scale) ** 2).sum())) / total
    return variance if variance > 3 * error else 0.0


def _event_effects(panel: Panel, exposure: Floats, days: list[date]) -> dict[str, float]:
    """Return each event's ratio of units to the level of the quarter around, shrunk towards 1.

    The level around an event holds the event too, so that its share is taken out and the ratio
    found again until both agree.
    """
    shares = event_shares(days, panel.freq)
    effects = dict.fromkeys(shares, 1.0)
    for _ in range(_EVENT_ROUNDS):
        usual = exposure * _event_factors(effects, days, panel.freq)
        expected = _level(panel.quantity, usual, CYCLE[panel.freq] // 4) * usual
        prior = _EVENT_PRIOR_PERIODS * float(expected.sum()) / len(days)
        for event, share in shares.items():
            alone = expected / (1 + share * (effects[event] - 1))
            units, base = float((panel.quantity @ share).sum()), float((alone @ share).sum())
            effects[event] = (units + prior) / (base + prior) if base + prior > 0 else 1.0
    return effects


def _event_factors(events: dict[str, float], days: list[date], freq: Frequency) -> Floats:
    result = np.ones(len(days))
    shares = event_shares(days, freq) if events else {}
    for event, effect in events.items():
        result = result * (1 + shares[event] * (effect - 1))
    return result

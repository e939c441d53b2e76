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
from forecasting.periods import CYCLE, event_shares, period_start, positions

__all__ = ["Seasonality", "seasonality_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LENGTHS = {"month": 12, "weekday": 7}
_LOWEST, _HIGHEST = 0.02, 20.0
_EVENT_PRIOR_PERIODS = 3.0


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
        exposure = panel.exposure
        days = _days(panel, panel.first, panel.end)
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
        days = _days(panel, start, stop)
        result = np.ones((1, stop - start))
        for season, position in positions(days, panel.freq).items():
            if season in indices:
                result = result * indices[season][:, position]
        shares = event_shares(days, panel.freq) if self.events else {}
        for event, effect in self.events.items():
            result = result * (1 + shares[event] * (effect - 1))
        return np.asarray(np.clip(result, _LOWEST, _HIGHEST))

    def _departures(self, units: Floats, base: Floats, variance: float) -> Floats:
        """Return a factor by series and position around the pooled one."""
        total = base.sum(axis=1)
        departure = (units - base).sum(axis=1)
        weight = variance / (variance * total + self.noise)
        return np.asarray(np.maximum(1 + weight * departure, 0.0))


def seasonality_of(panel: Panel) -> Seasonality:
    """Return the seasonal factors that the history in `panel` supports.

    A season needs two full cycles, an event a year of days or weeks; without them it is left out.

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
    [1.1, 1.2, 1.2, 1.2, 0.0, 1.2, 1.2]
    >>> seasonality_of(panel_of(sales.clear(), "D")).is_flat
    True
    """
    length = panel.quantity.shape[1]
    days = _days(panel, panel.first, panel.end)
    exposure = panel.exposure
    pooled: dict[str, Floats] = {}
    variance: dict[str, float] = {}
    noise = 1.0
    for season, position in _positions(panel, days).items():
        if length < 2 * _cycle(panel, season):
            continue
        units, base = _by_position(panel, exposure, season, position)
        pooled[season] = _pooled_index(units.sum(axis=0), base.sum(axis=0))
        residual, expected = units - base * pooled[season], base * pooled[season]
        noise = max(1.0, float((residual**2).sum() / max(float(expected.sum()), 1e-12)))
        variance[season] = _repeating_variance(residual, expected)
        exposure = exposure * pooled[season][position]
    events: dict[str, float] = {}
    if panel.freq != "M" and length >= CYCLE[panel.freq]:
        expected = _level(panel.quantity, exposure, CYCLE[panel.freq] // 6) * exposure
        for event, share in event_shares(days, panel.freq).items():
            events[event] = _event_effect(panel.quantity, expected, share)
            expected = expected * (1 + share * (events[event] - 1))
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
    """Return units, and those the level around them gives, by series, cycle and position."""
    in_cycle, length = _cycle(panel, season), len(position)
    expected = _level(panel.quantity, exposure, in_cycle) * exposure
    cycle = (np.arange(length) - length) // in_cycle
    cycle = cycle - cycle.min(initial=0)
    shape = (int(cycle.max(initial=0)) + 1, _LENGTHS[season])
    one_hot = np.zeros((length, shape[0] * shape[1]))
    one_hot[np.arange(length), cycle * shape[1] + position] = 1
    return (panel.quantity @ one_hot).reshape(-1, *shape), (expected @ one_hot).reshape(-1, *shape)


def _level(quantity: Floats, exposure: Floats, window: int) -> Floats:
    """Units per exposure in a centred window, which a cycle long is free of the season."""
    half = window // 2

    def windowed(values: Floats) -> Floats:
        sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        at = np.arange(values.shape[1])
        high = np.minimum(at + half + window % 2, values.shape[1])
        return sums[:, high] - sums[:, np.maximum(at - half, 0)]

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


def _event_effect(quantity: Floats, expected: Floats, share: Floats) -> float:
    """Return the pooled ratio of units to expectation on event days, shrunk towards 1."""
    if int((share > 0).sum()) < 2:
        return 1.0
    units, base = float((quantity @ share).sum()), float((expected @ share).sum())
    prior = _EVENT_PRIOR_PERIODS * float(expected.sum()) / max(len(share), 1)
    return (units + prior) / (base + prior) if base + prior > 0 else 1.0

"""Demand a period estimated from past sales, each part strengthened by the others.

Sales of a part in a period have mean m and variance phi m about it, and m varies over parts as a
gamma distribution does: the posterior of m is a gamma again (Gamma-Poisson empirical Bayes;
Carlin and Louis, Bayes and Empirical Bayes Methods, 2000, section 3.3, with the dispersion phi of
lumpy orders as in quasi-likelihood). A part that sold nothing yet keeps a small chance of selling,
and a part never seen sells as the parts do on average. Demand drifts, so older sales count less
(power discounting: Smith, Journal of the Royal Statistical Society B 41, 1979; West and Harrison,
Bayesian Forecasting and Dynamic Models, 1997, section 6.3).
Pure.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from clutch.errors import InvalidFrame
from replenishment.lead_time import PeriodDemand
from replenishment.negative_binomial import Floats, Integers

__all__ = ["History", "best_half_life", "estimate"]

# What is believed before any sale: worth so many parts, and so many part-periods.
_PRIOR_PARTS = 4.0
_PRIOR_PERIODS = 12.0
_PRIOR_DISPERSION = 2.0

# How the half-life is chosen: periods foretold at a time, how often, when it is clearly likelier.
_HALF_LIVES = (2.0, 4.0, 6.0, 9.0, 13.0, 26.0, 52.0, 104.0, 208.0)
_FORETOLD = 3
_ORIGINS = 4
_CLEARLY = 3.0


@dataclass(frozen=True)
class History:
    """Sales by part and period.

    `quantity` is parts x periods, 0 where not observed; `exposure` the share of the period the part
    was observed and in stock, 0 to 1. `days` are the starts of the periods, none left out.
    """

    parts: pl.Series
    days: pl.Series
    quantity: Floats
    exposure: Floats

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "History":
        """Return the history that rows `series_id, period_start, quantity` hold.

        Raises
        ------
        InvalidFrame
            The periods do not start at even distances of days or months.
        """
        parts = rows["series_id"].unique().sort()
        days = _periods(rows["period_start"].unique().sort())
        quantity = np.zeros((len(parts), len(days)))
        exposure = np.zeros_like(quantity)
        cell = (_place(rows["series_id"], parts), _place(rows["period_start"], days))
        observed = rows["quantity"].is_not_null().to_numpy().astype(float)
        if "in_stock_share" in rows.columns:
            observed = observed * rows["in_stock_share"].to_numpy()
        quantity[cell] = rows["quantity"].fill_null(0.0).to_numpy()
        exposure[cell] = np.maximum(observed, 0.0)
        return cls(parts, days, quantity, exposure)

    def take(self, rows: Integers) -> "History":
        """Return the history of some parts."""
        return History(self.parts.gather(rows), self.days, self.quantity[rows], self.exposure[rows])

    def until(self, period: int) -> "History":
        """Return what was known before the period at this position."""
        return History(
            self.parts, self.days[:period], self.quantity[:, :period], self.exposure[:, :period]
        )


def _periods(days: pl.Series) -> pl.Series:
    """Return every period from the first to the last; the usual distance is that of all."""
    if len(days) < 2:
        return days
    monthly = days.dt.day().n_unique() == 1
    count = days.dt.year() * 12 + days.dt.month() if monthly else days.to_physical()
    gaps = count.cast(pl.Int64).diff().drop_nulls()
    usual = int(gaps.mode().min())  # type: ignore[arg-type]
    uneven = (gaps % usual != 0).arg_true()
    if len(uneven):
        unit = "months" if monthly else "days"
        raise InvalidFrame(
            "history",
            "period_start",
            f"periods {usual} {unit} apart, as most are",
            found=f"{days[uneven[0] + 1]} {gaps[uneven[0]]} {unit} after {days[uneven[0]]}",
        )
    first, last, step = days[0], days[-1], f"{usual}mo" if monthly else f"{usual}d"
    return pl.date_range(first, last, step, eager=True)


def _place(values: pl.Series, sorted_unique: pl.Series) -> Integers:
    return sorted_unique.search_sorted(values).to_numpy().astype(np.int64)


def estimate(history: History, half_life: float | None = None) -> PeriodDemand:
    """Return the demand a period of each part, as it stands at the end of the history.

    `half_life` is the age in periods at which a sale counts half; unless given, it is the one that
    would have foretold the last periods best.

    Examples
    --------
    >>> import datetime
    >>> rows = pl.DataFrame({
    ...     "series_id": ["a", "a", "b", "b"],
    ...     "period_start": [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)] * 2,
    ...     "quantity": [4.0, 8.0, 0.0, 0.0],
    ... })
    >>> estimate(History.of(rows)).mean.round(2).tolist()
    [5.38, 0.62]
    """
    if half_life is None:
        half_life = best_half_life(history)
    weights = 0.5 ** (np.arange(history.quantity.shape[1])[::-1] / half_life)
    exposure = history.exposure @ weights
    sold = history.quantity @ weights
    if exposure.sum() == 0 or sold.sum() == 0:
        return PeriodDemand(np.zeros(len(sold)), np.zeros(len(sold)), np.zeros(len(sold)))
    average = sold.sum() / exposure.sum()
    squared = history.exposure @ weights**2
    dispersion = _dispersion(history, weights, sold, exposure, squared)
    shape = _shape(sold, exposure, squared, average, dispersion)
    rate = shape / average + exposure / dispersion
    mean = (shape + sold / dispersion) / rate
    return PeriodDemand(mean, mean * dispersion, np.sqrt(mean / rate))


def best_half_life(history: History) -> float:
    """Return the half-life, in periods, under which the past foretold what followed best.

    Each half-life is judged by the likelihood of the units sold in the next few periods, at several
    times in the later half of the history; infinite unless another is clearly better.
    """
    periods = history.quantity.shape[1]
    window = min(_FORETOLD, periods // 4)
    if window == 0 or history.quantity.sum() == 0:
        return np.inf
    origins = np.unique(np.linspace(periods // 2, periods - window, _ORIGINS).astype(int))
    best, most = np.inf, _likelihood(history, np.inf, origins, window) + _CLEARLY
    for half_life in _HALF_LIVES:
        likelihood = _likelihood(history, half_life, origins, window)
        if half_life < periods and likelihood > most:
            best, most = half_life, likelihood
    return best


def _likelihood(history: History, half_life: float, origins: Integers, window: int) -> float:
    """Return the log-likelihood of the `window` periods after each origin."""
    total = 0.0
    for origin in origins:
        ahead = slice(origin, origin + window)
        exposure = history.exposure[:, ahead].sum(axis=1)
        seen = np.flatnonzero(exposure > 0)
        period = estimate(history.until(origin), half_life)
        law = period.over(exposure, np.zeros(len(exposure))).take(seen)
        units = np.rint(history.quantity[seen, ahead].sum(axis=1)).astype(np.int64)
        total += float(np.log(np.maximum(law.probability(units), 1e-12)).sum())
    return total


def _dispersion(
    history: History, weights: Floats, sold: Floats, exposure: Floats, squared: Floats
) -> float:
    """Variance over mean of a period's sales about the part's own mean, pooled over the parts."""
    mean = sold / np.maximum(exposure, 1e-12)
    seen = history.exposure > 0
    away = (history.quantity - mean[:, None] * history.exposure) ** 2 * seen
    squares = float((away @ weights).sum())
    freedom = float((mean * (exposure - squared / np.maximum(exposure, 1e-12))).sum())
    believed = _PRIOR_PERIODS * sold.sum() / exposure.sum()
    return float(max(1.0, (squares + _PRIOR_DISPERSION * believed) / (freedom + believed)))


def _shape(
    sold: Floats, exposure: Floats, squared: Floats, average: float, dispersion: float
) -> float:
    """Shape of the gamma distribution of means over the parts, by moments."""
    seen = exposure > 0
    sold, exposure, squared = sold[seen], exposure[seen], squared[seen]
    total = exposure.sum()
    squares = (exposure * (sold / exposure - average) ** 2).sum()
    noise = dispersion * average * (squared / exposure * (1.0 - exposure / total)).sum()
    spread = total - (exposure**2).sum() / total
    between = max((squares - noise) / spread, 0.0) if spread > 0 else average**2
    parts = seen.sum()
    shrunk = (parts * between + _PRIOR_PARTS * average**2) / (parts + _PRIOR_PARTS)
    return float(average**2 / shrunk)

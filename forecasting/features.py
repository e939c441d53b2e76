"""What the past says about a series: 52 numbers for each, from periods before the origin alone.

Rates are units over exposure (time in stock, seasonal factors), so that missing periods, stock-outs
and seasons bend none of them. A feature that the past cannot give is NaN, which the trees take as
they find it.
Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecasting.periods import Frequency

__all__ = ["features"]

Floats = NDArray[np.float64]

_WINDOWS: dict[Frequency, tuple[int, ...]] = {
    "D": (1, 3, 7, 28, 91, 364),
    "W": (1, 2, 4, 8, 26, 52),
    "M": (1, 2, 3, 6, 12, 24),
}
_DISCOUNTS: dict[Frequency, tuple[float, ...]] = {
    "D": (0.002, 0.01, 0.03, 0.1, 0.25),
    "W": (0.005, 0.02, 0.06, 0.15, 0.3),
    "M": (0.02, 0.05, 0.1, 0.2, 0.35),
}


def features(
    quantity: Floats,
    exposure: Floats,
    *,
    level: Floats,
    price: Floats | None,
    groups: Sequence[Floats],
    freq: Frequency,
) -> NDArray[np.float32]:
    """Return one row of features for each series.

    Parameters
    ----------
    quantity, exposure
        Series by period, the last column being the period before the origin.
    level
        The pooled rate of each series: what the others are measured against.
    price
        Series by period, NaN where unknown; None where no price is known at all.
    groups
        For each attribute, the rate of the series' group over that of all.

    Examples
    --------
    >>> past = np.array([[0.0, 2.0, 0.0]])
    >>> row = features(past, np.ones((1, 3)), level=np.ones(1), price=None, groups=[], freq="M")
    >>> row.shape
    (1, 52)
    >>> empty = features(past[:0], past[:0], level=np.ones(0), price=None, groups=[], freq="M")
    >>> empty.shape
    (0, 52)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [
            np.log(level),
            *_rates(quantity, exposure, level, freq),
            *_sizes(quantity, exposure),
            *_gaps(quantity, exposure),
            *_recent(quantity, exposure, level, freq),
            *_prices(price, len(quantity), freq),
            *groups,
        ]
    return np.column_stack(columns).astype(np.float32)


def _rates(quantity: Floats, exposure: Floats, level: Floats, freq: Frequency) -> list[Floats]:
    """Return discounted and windowed units, and shares of periods with a sale."""
    sold = (quantity > 0).astype(np.float64)
    ages = np.arange(quantity.shape[1] - 1, -1, -1)
    discounted = [
        ((quantity @ weights) + level) / ((exposure @ weights) + 1)
        for weights in ((1 - discount) ** ages for discount in _DISCOUNTS[freq])
    ]
    active = [
        (sold @ weights) / (exposure @ weights)
        for weights in ((1 - discount) ** ages for discount in _DISCOUNTS[freq][1:4:2])
    ]
    windows = _WINDOWS[freq]
    windowed = [
        quantity[:, -window:].sum(axis=1) / exposure[:, -window:].sum(axis=1) for window in windows
    ]
    shares = [
        sold[:, -window:].sum(axis=1) / exposure[:, -window:].sum(axis=1) for window in windows[3:]
    ]
    against = [windowed[index] / level for index in (0, 2, 3)] + [discounted[3] / level]
    trend = windowed[3] / windowed[4]
    return [*discounted, *active, *windowed, *shares, *against, trend]


def _sizes(quantity: Floats, exposure: Floats) -> list[Floats]:
    """Return how large demands are and how much they vary."""
    sold = quantity > 0
    count = sold.sum(axis=1).astype(np.float64)
    seen = exposure.sum(axis=1)
    units = quantity.sum(axis=1)
    squares = (quantity**2).sum(axis=1)
    size = units / count
    variance = squares / seen - (units / seen) ** 2
    return [
        count,
        seen,
        units / seen,
        size,
        squares / count / size**2,
        quantity.max(axis=1, initial=0.0),
        np.where(sold, quantity, np.inf).min(axis=1, initial=np.inf),
        variance,
        variance / (units / seen),
        (quantity == 1).sum(axis=1) / count,
        (sold & (quantity % 2 == 0)).sum(axis=1) / count,
    ]


def _gaps(quantity: Floats, exposure: Floats) -> list[Floats]:
    """Return when demand came last, and how that compares to its usual gaps."""
    series, length = quantity.shape
    sold = quantity > 0
    at = np.arange(length)
    last = np.where(sold, at, -1).max(axis=1, initial=-1)
    previous = np.where(sold & (at < last[:, None]), at, -1).max(axis=1, initial=-1)
    first = np.where(sold, at, length).min(axis=1, initial=length)
    count = sold.sum(axis=1)
    padded = np.concatenate([quantity, np.full((series, 1), np.nan)], axis=1)
    since = np.where(last >= 0, length - 1.0 - last, np.nan)
    seen = exposure > 0
    return [
        since,
        np.where(previous >= 0, length - 1.0 - previous, np.nan),
        np.where(first < length, length - 1.0 - first, np.nan),
        (length - 1.0 - first) / count,
        since / (last - first + 1) * count,
        padded[np.arange(series), last],
        padded[np.arange(series), previous],
        length - 1.0 - np.where(seen, at, -1).max(axis=1, initial=-1),
        (quantity @ at) / quantity.sum(axis=1) - length / 2,
    ]


def _recent(quantity: Floats, exposure: Floats, level: Floats, freq: Frequency) -> list[Floats]:
    """Return the last periods one by one, sums over a short window, the largest of a year."""
    width = _WINDOWS[freq][2]
    cycle = _WINDOWS[freq][4]
    recent = np.full((len(quantity), 3), np.nan)
    kept = min(3, quantity.shape[1])
    seen = exposure[:, -kept:] if kept else exposure
    recent[:, 3 - kept :] = np.where(seen > 0, quantity[:, -kept:] / seen, np.nan)[:, :kept]
    totals = np.cumsum(np.pad(quantity, ((0, 0), (1, 0))), axis=1)
    sums = totals[:, width:] - totals[:, :-width] if totals.shape[1] > width else totals[:, -1:]
    spread = sums.std(axis=1)
    return [
        *recent.T,
        quantity[:, -cycle:].max(axis=1, initial=0.0),
        sums.max(axis=1),
        spread,
        (sums == 0).mean(axis=1),
        spread / (level * width),
    ]


def _prices(price: Floats | None, series: int, freq: Frequency) -> list[Floats]:
    """Return the latest known price against the mean of all before and of the last few."""
    if price is None or not price.shape[1]:
        return [np.full(series, np.nan)] * 2
    known = np.isfinite(price)
    filled = np.where(known, price, 0.0)
    mean = filled.sum(axis=1) / known.sum(axis=1)
    window = _WINDOWS[freq][3]
    recent = filled[:, -window:].sum(axis=1) / known[:, -window:].sum(axis=1)
    last = np.where(known, np.arange(price.shape[1]), -1).max(axis=1)
    latest = np.where(last >= 0, filled[np.arange(series), np.maximum(last, 0)], np.nan)
    return [np.log(latest / mean), np.log(latest / recent)]

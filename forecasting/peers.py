"""Classical forecasts of intermittent demand, to be beaten: what a backtest sets beside the model.

Each takes one series of observed past units, oldest first and at least one, the number of steps to
forecast and the periods in a cycle, and returns the mean of each step.
Pure.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["PEERS", "croston_sba", "imapa", "naive", "seasonal_naive", "tsb", "zero"]

Floats = NDArray[np.float64]

_GRID = np.linspace(0.1, 0.3, 9)
_TSB_PROBABILITY, _TSB_SIZE = 0.1, 0.1


def zero(past: Floats, steps: int, cycle: int) -> Floats:
    """Forecast nothing, which wins the mean absolute error of most spare parts."""
    return np.zeros(steps)


def naive(past: Floats, steps: int, cycle: int) -> Floats:
    """Forecast the last value.

    Examples
    --------
    >>> naive(np.array([1.0, 4.0]), 2, 12).tolist()
    [4.0, 4.0]
    """
    return np.full(steps, past[-1])


def seasonal_naive(past: Floats, steps: int, cycle: int) -> Floats:
    """Forecast what was sold a cycle ago; with less than a cycle of past, its mean.

    Examples
    --------
    >>> seasonal_naive(np.array([9.0, 1.0, 3.0]), 3, 2).tolist()
    [1.0, 3.0, 1.0]
    """
    if len(past) < cycle:
        return np.full(steps, past.mean())
    return np.resize(past[-cycle:], steps)


def croston_sba(past: Floats, steps: int, cycle: int) -> Floats:
    """Forecast by Croston's method with the correction of Syntetos and Boylan (2005).

    Sizes and gaps are smoothed by 0.1, and their ratio is multiplied by 0.95.

    Examples
    --------
    >>> croston_sba(np.array([0.0, 2.0, 0.0, 2.0]), 1, 12).round(3).tolist()
    [0.95]
    """
    sizes = past[past > 0]
    if not len(sizes):
        return np.zeros(steps)
    gaps = np.diff(np.flatnonzero(past > 0), prepend=-1).astype(np.float64)
    return np.full(steps, 0.95 * _smoothed(sizes, 0.1) / _smoothed(gaps, 0.1))


def tsb(past: Floats, steps: int, cycle: int) -> Floats:
    """Forecast by Teunter, Syntetos and Babai (2011), which decays when sales stop.

    The chance of a sale and its size are both smoothed by 0.1.

    Examples
    --------
    >>> tsb(np.array([2.0, 0.0, 0.0]), 1, 12).round(3).tolist()
    [1.62]
    """
    sizes = past[past > 0]
    if not len(sizes):
        return np.zeros(steps)
    chance = _smoothed((past > 0).astype(np.float64), 0.1)
    return np.full(steps, chance * _smoothed(sizes, 0.1))


def imapa(past: Floats, steps: int, cycle: int) -> Floats:
    """Forecast by the mean over aggregation levels (Petropoulos and Kourentzes 2015).

    Levels run from one period to the mean gap between sales; each is smoothed with the constant
    that fitted it best.

    Examples
    --------
    >>> imapa(np.array([1.0, 1.0, 1.0, 1.0]), 1, 12).round(3).tolist()
    [1.0]
    """
    at = np.flatnonzero(past > 0)
    if not len(at):
        return np.zeros(steps)
    widest = max(1, round(float(np.diff(at, prepend=-1).mean())))
    rates = []
    for width in range(1, widest + 1):
        whole = past[len(past) % width :].reshape(-1, width).sum(axis=1)
        rates.append(_best_smoothed(whole) / width)
    return np.full(steps, float(np.mean(rates)))


PEERS: dict[str, Callable[[Floats, int, int], Floats]] = {
    "zero": zero,
    "naive": naive,
    "seasonal naive": seasonal_naive,
    "SBA": croston_sba,
    "TSB": tsb,
    "IMAPA": imapa,
}


def _smoothed(values: Floats, alpha: float) -> float:
    level = float(values[0])
    for value in values[1:].tolist():
        level += alpha * (value - level)
    return level


def _best_smoothed(values: Floats) -> float:
    """Return the last level under the constant of the grid with the least squared error."""
    levels = np.full(len(_GRID), values[0])
    errors = np.zeros(len(_GRID))
    for value in values[1:].tolist():
        miss = value - levels
        errors += miss**2
        levels = levels + _GRID * miss
    return float(levels[np.argmin(errors)])

"""Quantiles of demand: of a negative binomial, and of chances of 0, 1, 2 ... units.

The quantile at tau is the smallest quantity q with P(demand <= q) >= tau, so all are monotone in
tau and never negative.
Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import nbdtrik
from scipy.stats import nbinom

__all__ = ["class_quantiles", "negative_binomial_quantiles", "tilted"]

Floats = NDArray[np.float64]

# the formulas need a variance above the mean; this one is a Poisson's for every practical purpose
_LEAST_EXCESS = 1e-4
_ROUNDING = 1e-9
_MOST_STEPS, _CLOSE_ENOUGH, _WIDEST = 40, 1e-3, 40.0


def negative_binomial_quantiles(
    mean: Floats, variance: Floats, quantiles: Sequence[float], *, whole: bool = True
) -> Floats:
    """Return one row for each mean and one column for each quantile.

    Where the quantities are not `whole` the distribution function is interpolated between counts.

    Examples
    --------
    >>> mean, variance = np.array([1.0, 0.0]), np.array([2.0, 0.0])
    >>> negative_binomial_quantiles(mean, variance, [0.5, 0.75, 0.9]).tolist()
    [[0.0, 1.0, 3.0], [0.0, 0.0, 0.0]]
    >>> negative_binomial_quantiles(mean[:0], mean[:0], [0.5]).shape
    (0, 1)
    """
    safe = np.maximum(mean, 1e-12)[:, None]
    excess = np.maximum(variance[:, None] / safe - 1, _LEAST_EXCESS)
    size, chance = safe / excess, 1 / (1 + excess)
    levels = np.asarray(quantiles, dtype=np.float64)[None, :]
    if whole:
        result = nbinom.ppf(levels, size, chance)
    else:
        result = np.maximum(np.nan_to_num(nbdtrik(levels, size, chance), nan=0.0), 0.0)
    return np.where(mean[:, None] > 0, result, 0.0)


def class_quantiles(chances: Floats, points: Floats, quantiles: Sequence[float]) -> Floats:
    """Return quantiles of demand that falls into classes of one or more quantities.

    Parameters
    ----------
    chances
        Row by class: the probability of each class, in rising order of its quantities.
    points
        Class by point: quantities of the class, rising, each as likely as the others.

    Examples
    --------
    >>> points = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 5.0]])
    >>> class_quantiles(np.array([[0.5, 0.3, 0.2]]), points, [0.5, 0.6, 0.9, 0.95])
    array([[0., 1., 2., 5.]])
    """
    # classes by row: sums over few classes are quicker down than across
    cumulative = np.cumsum(chances.T, axis=0)
    rows, last = np.arange(len(chances)), points.shape[1] - 1
    result = np.empty((len(chances), len(quantiles)))
    for column, level in enumerate(quantiles):
        cell = (cumulative[:-1] < level - _ROUNDING).sum(axis=0, dtype=np.int8)
        chance = np.maximum(chances[rows, cell], _ROUNDING)
        inside = 1 - (cumulative[cell, rows] - level) / chance
        place = np.ceil(inside * (last + 1) - 1e-6).astype(np.int64) - 1
        result[:, column] = points[cell, np.clip(place, 0, last)]
    return result


def tilted(chances: Floats, values: Floats, ratio: Floats) -> Floats:
    """Return the chances nearest to `chances` whose mean is `ratio` times theirs.

    The exponential tilt p exp(theta v), which moves the mean at the least Kullback-Leibler
    divergence (Csiszar 1975); theta by Newton's method on the log of the mean, kept in a bracket.

    Parameters
    ----------
    chances, values
        Row by class, and the mean quantity of each class.
    ratio
        One for each row.

    Examples
    --------
    >>> even = np.array([[0.5, 0.5]])
    >>> tilted(even, np.array([0.0, 1.0]), np.array([0.5])).round(3).tolist()
    [[0.75, 0.25]]
    """
    target = np.clip(ratio * (chances @ values), 1e-9, 0.95 * values[-1])
    across, down = chances.T, values[:, None]
    theta = np.log(np.maximum(ratio, 1e-9)) / 2
    low, high = np.full(len(ratio), -_WIDEST), np.full(len(ratio), _WIDEST)
    for _ in range(_MOST_STEPS):
        weights = across * np.exp(theta * down - (theta * values[-1]).clip(0))
        weights /= weights.sum(axis=0)
        mean = np.maximum(values @ weights, 1e-300)
        miss = np.log(target / mean)
        if np.abs(miss).max(initial=0.0) < _CLOSE_ENOUGH:
            break
        low, high = np.where(miss > 0, theta, low), np.where(miss > 0, high, theta)
        variance = np.maximum(values**2 @ weights - mean**2, 1e-300)
        step = theta + miss * mean / variance
        theta = np.where((step > low) & (step < high), step, (low + high) / 2)
    return np.ascontiguousarray(weights.T)

"""Quantiles of demand: of a negative binomial, and of probabilities of 0, 1, 2 ... units.

The quantile at tau is the smallest quantity q with P(demand <= q) >= tau, so all are monotone in
tau and never negative.
Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import nbdtrik
from scipy.stats import nbinom

__all__ = ["class_mean", "class_quantiles", "negative_binomial_quantiles"]

Floats = NDArray[np.float64]

# the formulas need a variance above the mean; this one is a Poisson's for every practical purpose
_LEAST_EXCESS = 1e-4
_ROUNDING = 1e-9


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


def class_quantiles(chances: Floats, tail: Floats, quantiles: Sequence[float]) -> Floats:
    """Return quantiles of demand whose last class is "that many or more", spread as `tail`.

    Parameters
    ----------
    chances
        Row by class: the probability of 0, 1, ... K - 2 and of K - 1 or more units.
    tail
        Quantities of K - 1 or more, ascending, each as likely as the others.

    Examples
    --------
    >>> class_quantiles(np.array([[0.5, 0.3, 0.2]]), np.array([2.0, 5.0]), [0.5, 0.6, 0.9, 0.95])
    array([[0., 1., 2., 5.]])
    """
    cumulative = np.cumsum(chances, axis=1)
    last = chances.shape[1] - 1
    result = np.empty((len(chances), len(quantiles)))
    for column, level in enumerate(quantiles):
        count = (cumulative[:, :last] < level - _ROUNDING).sum(axis=1)
        beyond = (level - cumulative[:, last - 1]) / np.maximum(chances[:, last], _ROUNDING)
        place = np.ceil(beyond * len(tail) - 1e-6).astype(np.int64) - 1
        result[:, column] = np.where(
            count == last, tail[np.clip(place, 0, len(tail) - 1)], count.astype(np.float64)
        )
    return result


def class_mean(chances: Floats, tail: Floats) -> Floats:
    """Return the mean of the demand that `class_quantiles` describes.

    Examples
    --------
    >>> class_mean(np.array([[0.5, 0.3, 0.2]]), np.array([2.0, 5.0])).tolist()
    [1.0]
    """
    values = np.append(np.arange(chances.shape[1] - 1, dtype=np.float64), tail.mean())
    return np.asarray(chances @ values)

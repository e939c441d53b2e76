"""The negative binomial that a forecast's mean and quantiles describe.

Pure.
"""

import numpy as np

from replenishment.negative_binomial import Floats, NegativeBinomial

__all__ = ["variance_of_quantiles"]

# Variance as a multiple of the mean, 1 (Poisson) to 100.
_RATIOS = np.concatenate([[1.0], 1.0 + np.geomspace(0.03, 99.0, 47)])


def variance_of_quantiles(mean: Floats, levels: Floats, quantiles: Floats) -> Floats:
    """Return the variance whose negative binomial has the given quantiles most nearly.

    A level p between P(D < q) and P(D <= q) fits exactly; else the distance is measured in standard
    errors, sqrt(p (1-p)), and squares are summed over the levels. Of ratios that fit alike the
    geometric middle is taken.

    Parameters
    ----------
    mean
        Units, one entry a part.
    levels
        Probabilities, above 0 and below 1.
    quantiles
        Units, parts x levels.

    Examples
    --------
    >>> levels, quantiles = np.array([0.5, 0.9, 0.99]), np.array([[2.0, 7.0, 14.0]])
    >>> variance_of_quantiles(np.array([3.0]), levels, quantiles).round(1).tolist()
    [10.4]
    >>> variance_of_quantiles(np.zeros(1), levels, np.zeros((1, 3))).tolist()
    [0.0]
    """
    misfit = np.stack([_misfit(mean, ratio, levels, quantiles) for ratio in _RATIOS])
    alike = misfit <= misfit.min(axis=0) + 1e-6
    middle: Floats = (np.log(_RATIOS)[:, None] * alike).sum(axis=0) / alike.sum(axis=0)
    return np.asarray(mean * np.exp(middle))


def _misfit(mean: Floats, ratio: float, levels: Floats, quantiles: Floats) -> Floats:
    total = np.zeros(len(mean))
    demand = NegativeBinomial(mean, mean * ratio)
    for level, quantile in zip(levels, quantiles.T, strict=True):
        at_most = 1.0 - demand.tail(np.floor(quantile).astype(np.int64))
        below = 1.0 - demand.tail(np.ceil(quantile).astype(np.int64) - 1)
        miss = np.maximum(level - at_most, 0.0) + np.maximum(below - level, 0.0)
        total += miss**2 / (level * (1.0 - level))
    return total

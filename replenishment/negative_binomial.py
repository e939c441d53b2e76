"""Negative binomial demand, many parts at once: probability, tail and loss over a run of stocks.

A part's demand over some time is given by its mean and variance in units; where the variance is no
larger than the mean the distribution is Poisson. Rows are parts, columns are stock levels in units.
Source: Zipkin, Foundations of Inventory Management (2000), appendix C.2.3.
Pure.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, gammaln

__all__ = ["Floats", "Integers", "NegativeBinomial"]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

# Below this share of variance above the mean the two distributions cannot be told apart.
_POISSON_EXCESS = 1e-6
_STIRLING_SIZE = 1e3


@dataclass(frozen=True)
class NegativeBinomial:
    """Demands of several parts: `mean` and `variance`, both in units, one entry a part.

    Examples
    --------
    >>> demand = NegativeBinomial(np.array([2.0, 2.0]), np.array([2.0, 4.0]))
    >>> demand.tail(np.array([2, 2])).round(4).tolist()
    [0.3233, 0.3125]
    >>> demand.losses(np.array([0, 0]), 3).round(4).tolist()
    [[2.0, 1.1353, 0.5413], [2.0, 1.25, 0.75]]
    """

    mean: Floats
    variance: Floats

    def _excess(self) -> Floats:
        mean = np.maximum(self.mean, np.finfo(float).tiny)
        excess = np.maximum(self.variance / mean - 1.0, 0.0)
        return np.where(excess < _POISSON_EXCESS, 0.0, excess)

    def take(self, rows: Integers) -> "NegativeBinomial":
        """Return the demands of some parts."""
        return NegativeBinomial(self.mean[rows], self.variance[rows])

    def probability(self, units: Integers) -> Floats:
        """P(demand = units), one number of units a part; 0 below zero."""
        k = np.maximum(units, 0).astype(float)
        excess = self._excess()
        positive = np.maximum(excess, _POISSON_EXCESS)
        mean = np.maximum(self.mean, np.finfo(float).tiny)
        size = mean / positive
        log_negative_binomial = (
            _log_rising(size, k)
            - gammaln(k + 1.0)
            - size * np.log1p(positive)
            + k * np.log((size + k) * positive / (1.0 + positive))
        )
        log_poisson = k * np.log(mean) - mean - gammaln(k + 1.0)
        log_probability = np.where(excess > 0, log_negative_binomial, log_poisson)
        return np.where(units < 0, 0.0, np.exp(log_probability))

    def tail(self, units: Integers) -> Floats:
        """P(demand > units), one number of units a part; 1 below zero."""
        k = np.maximum(units, 0).astype(float)
        excess = self._excess()
        positive = np.maximum(excess, _POISSON_EXCESS)
        mean = np.maximum(self.mean, np.finfo(float).tiny)
        tail = np.where(
            excess > 0,
            betainc(k + 1.0, mean / positive, positive / (1.0 + positive)),
            gammainc(k + 1.0, mean),
        )
        return np.where(units < 0, 1.0, tail)

    def loss(self, units: Integers) -> Floats:
        """E[(demand - units)^+], units short when `units` are in stock (Zipkin, C.2.3)."""
        k = np.maximum(units, 0)
        excess = self._excess()
        above = (self.mean - k) * self.tail(k)
        boundary = (k * excess + self.mean) * self.probability(k)
        return np.where(units < 0, self.mean - units, np.maximum(above + boundary, 0.0))

    def losses(self, first: Integers, count: int) -> Floats:
        """`loss` at `count` stock levels in a row from `first`, parts x levels.

        The probabilities follow from the first by the ratio of neighbours, so no special function
        is evaluated more than once a part.
        """
        start = np.maximum(first, 0)
        levels = start[:, None] + np.arange(count)
        excess = self._excess()[:, None]
        ratio = (levels * excess + self.mean[:, None]) / ((levels + 1.0) * (1.0 + excess))
        with np.errstate(divide="ignore"):
            log_ratio = np.log(ratio[:, :-1])
            log_first = np.log(self.probability(start))
        log_probability = np.cumsum(np.column_stack([log_first, log_ratio]), axis=1)
        cumulative = np.cumsum(np.exp(log_probability), axis=1)
        tails = np.maximum(self.tail(start - 1)[:, None] - cumulative, 0.0)
        fall = np.column_stack([np.zeros(len(start)), np.cumsum(tails[:, :-1], axis=1)])
        return _shifted(np.maximum(self.loss(start)[:, None] - fall, 0.0), self.mean, first)


def _log_rising(size: Floats, k: Floats) -> Floats:
    """Log of gamma(size + k) / (gamma(size) (size + k)^k).

    A large size takes Stirling's series, because the two logarithms of gamma would cancel.
    """
    stirling = (size - 0.5) * np.log1p(k / size) - k + (1.0 / (size + k) - 1.0 / size) / 12.0
    direct = gammaln(size + k) - gammaln(size) - k * np.log(size + k)
    return np.where(size > _STIRLING_SIZE, stirling, direct)


def _shifted(losses: Floats, mean: Floats, first: Integers) -> Floats:
    """Losses that start at max(first, 0), moved to start at `first`: mean - level below zero."""
    if (first >= 0).all():
        return losses
    levels = first[:, None] + np.arange(losses.shape[1])
    moved = np.take_along_axis(losses, np.maximum(levels - np.maximum(first, 0)[:, None], 0), 1)
    return np.where(levels < 0, mean[:, None] - levels, moved)

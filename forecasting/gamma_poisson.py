"""The pooled Gamma-Poisson: a demand rate for each series, shrunk to its group's and to all parts'.

Orders arrive as a Poisson process in lots of mean size phi, so that units have variance phi times
their mean; rates follow a Gamma distribution fitted to all series by moments (Efron and Morris
1973); older periods count less. Posterior and predictive are closed forms (Gelman et al.,
Bayesian Data Analysis, 3rd edition, section 2.6): with shape alpha and exposure beta the demand of
E periods has mean mu = phi E alpha / beta and variance phi mu + mu^2 / alpha.
Pure.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from forecasting.periods import Frequency

__all__ = ["DISCOUNT", "RatePrior", "Rates", "group_rates", "rate_prior", "rates"]

Floats = NDArray[np.float64]
Attributes = dict[str, pl.Series]
GroupFactors = dict[str, dict[str | int, float]]

#: Share of weight that a period loses each period.
DISCOUNT: dict[Frequency, float] = {"D": 0.004, "W": 0.02, "M": 0.05}
_GROUP_PRIOR_SERIES = 5.0
_DISPERSION_PRIOR_PERIODS = 12.0
_SMALLEST_RATE = 1e-6


@dataclass(frozen=True, kw_only=True)
class RatePrior:
    """What is known of a series before its first sale.

    `mean` units a period; `variance` of the rate between series as a share of `mean` squared;
    `dispersion` phi, the variance of a period's units over their mean. `group_factors[attribute]`
    holds each group's rate over that of all.
    """

    mean: float
    variance: float
    dispersion: float
    group_factors: GroupFactors


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Posterior of each series: `mean` units a period, `shape` alpha, `dispersion` phi."""

    mean: Floats
    shape: Floats
    dispersion: Floats

    def predictive(self, exposure: Floats) -> tuple[Floats, Floats]:
        """Return mean and variance of the units in `exposure` periods."""
        mean = self.mean * exposure
        return mean, self.dispersion * mean + mean**2 / self.shape


def rate_prior(
    quantity: Floats, exposure: Floats, attributes: Attributes, discount: float
) -> RatePrior:
    """Return the prior that all series together support.

    Examples
    --------
    >>> quantity = np.array([[0.0, 1.0, 0.0, 1.0], [4.0, 5.0, 3.0, 4.0]])
    >>> prior = rate_prior(quantity, np.ones((2, 4)), {}, discount=0.0)
    >>> prior.mean, round(prior.dispersion, 2)
    (2.25, 1.0)
    >>> rate_prior(quantity[:0], quantity[:0], {}, discount=0.0).mean
    1e-06
    """
    units, seen = _discounted(quantity, exposure, discount)
    mean = max(units.sum() / max(seen.sum(), 1e-12), _SMALLEST_RATE)
    dispersion = _dispersions(quantity, exposure)[1]
    own = np.divide(units, seen, out=np.full_like(units, mean), where=seen > 0)
    noise = float((dispersion * own * (seen > 0)).sum())
    spread = float((seen * (own - mean) ** 2).sum()) - noise
    variance = max(spread / max(seen.sum(), 1e-12), 1e-3 * mean**2)
    groups = {name: _group_factors(own, seen > 0, codes) for name, codes in attributes.items()}
    return RatePrior(
        mean=float(mean), variance=variance / mean**2, dispersion=dispersion, group_factors=groups
    )


def rates(
    prior: RatePrior,
    quantity: Floats,
    exposure: Floats,
    attributes: Attributes,
    discount: float,
) -> Rates:
    """Return the posterior rate of each series; one that was never seen has its group's prior.

    Examples
    --------
    >>> prior = RatePrior(mean=1.0, variance=1.0, dispersion=1.0, group_factors={})
    >>> quantity, exposure = np.array([[2.0, 4.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    >>> posterior = rates(prior, quantity, exposure, {}, discount=0.0)
    >>> posterior.mean.round(3).tolist(), posterior.shape.tolist()
    ([2.333, 1.0], [7.0, 1.0])
    """
    units, seen = _discounted(quantity, exposure, discount)
    centre = np.full(len(units), prior.mean)
    for factors in group_rates(prior, attributes):
        centre = centre * factors
    dispersion = _dispersions(quantity, exposure, pooled=prior.dispersion)[0]
    shape = 1 / prior.variance + units / dispersion
    rate = dispersion / (prior.variance * centre) + seen
    return Rates(mean=dispersion * shape / rate, shape=shape, dispersion=dispersion)


def group_rates(prior: RatePrior, attributes: Attributes) -> list[Floats]:
    """Return, for each attribute, the rate of each series' group over that of all; 1 if unknown."""
    return [
        np.array([prior.group_factors.get(name, {}).get(value, 1.0) for value in values])
        for name, values in attributes.items()
    ]


def _discounted(quantity: Floats, exposure: Floats, discount: float) -> tuple[Floats, Floats]:
    weights = (1 - discount) ** np.arange(quantity.shape[1] - 1, -1, -1)
    return quantity @ weights, exposure @ weights


def _dispersions(
    quantity: Floats, exposure: Floats, pooled: float | None = None
) -> tuple[Floats, float]:
    """Return variance over mean by series, shrunk to the pooled value, and that value.

    The variance is half the mean squared difference of successive periods (von Neumann 1941), which
    a drifting level hardly moves. A value is never below 1, the Poisson process's.
    """
    both = (exposure[:, 1:] > 0) & (exposure[:, :-1] > 0)
    squares = np.where(both, np.diff(quantity, axis=1) ** 2, 0.0).sum(axis=1) / 2
    means = np.where(both, (quantity[:, 1:] + quantity[:, :-1]) / 2, 0.0).sum(axis=1)
    count = both.sum(axis=1)
    if pooled is None:
        active = means > 0
        ratio = squares[active] / means[active]
        pooled = max(float(np.average(ratio, weights=count[active])), 1.0) if active.any() else 1.0
    own = np.divide(squares, means, out=np.full_like(means, pooled), where=means > 0)
    prior = _DISPERSION_PRIOR_PERIODS
    return np.maximum((prior * pooled + count * own) / (prior + count), 1.0), pooled


def _group_factors(
    own: Floats, seen: NDArray[np.bool_], group: pl.Series
) -> dict[str | int, float]:
    """Return each group's mean rate over that of all series, shrunk to 1 by its count."""
    known = pl.DataFrame({"group": group, "own": own}).filter(
        pl.Series(seen), pl.col("group").is_not_null()
    )
    overall = max(float(own[seen].mean()), _SMALLEST_RATE) if seen.any() else 1.0
    prior = _GROUP_PRIOR_SERIES
    factor = (pl.col("own").sum() / overall + prior) / (pl.len() + prior)
    return dict(known.group_by("group").agg(factor).iter_rows())

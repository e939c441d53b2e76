"""How long a shop takes to prepare an order, and when the parts then arrive.

A preparation time is log-normal: log x ~ N(m_shop, s²) within a shop, m_shop ~ N(m, t²) over the
fleet. What a shop's mean over n orders tells of m_shop is weighed against the fleet by the normal
posterior (Gelman et al. 2013, Bayesian Data Analysis, equations 2.11-2.12), so a shop with one slow
order is not judged by it. Seconds throughout. Pure.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["PRIOR_FLEET", "PreparationFleet", "fit_preparation", "promise"]

Floats = NDArray[np.float64]

_Z90 = 1.2815515655446004  # standard normal quantile of 0.9
_WIDEST_LOG_SD = 1.5  # beyond it, moments of a log-normal are ruled by its far tail
_SHORTEST_SECONDS = 1.0
_NEGLIGIBLE = 1e-12  # relative variance, or square seconds: less than this is rounding
_PRIOR_WEIGHT = 20.0  # orders, or shops, that the documented prior counts for


@dataclass(frozen=True)
class PreparationFleet:
    """`log_mean` m of the fleet, `between_sd` t between shops, `within_sd` s within one shop."""

    log_mean: float
    between_sd: float
    within_sd: float

    def quantiles(self, mean_seconds: Floats, counts: Floats) -> tuple[Floats, Floats]:
        """Return p50 and p90 of the next preparation of each shop, in seconds.

        Parameters
        ----------
        mean_seconds, counts
            Arithmetic mean and number of a shop's past preparations, shape (n,). Where the count
            is 0 the mean is ignored and may be NaN.

        Notes
        -----
        By the delta method the log of a mean of n log-normal values has expectation
        m_shop + s²/2 - v/2 and variance v = (exp(s²) - 1) / n.

        Examples
        --------
        >>> fleet = PreparationFleet(log_mean=np.log(900.0), between_sd=0.5, within_sd=0.5)
        >>> p50, p90 = fleet.quantiles(np.array([np.nan, 2700.0, 2700.0]), np.array([0, 1, 400]))
        >>> p50.round()
        array([ 900., 1517., 2377.])
        >>> p90.round()
        array([2227., 3353., 4516.])
        """
        counts = np.asarray(counts, dtype=np.float64)
        seen = counts > 0
        mean = np.where(seen, np.maximum(mean_seconds, _SHORTEST_SECONDS), _SHORTEST_SECONDS)
        variance = np.expm1(self.within_sd**2) / np.where(seen, counts, 1.0)
        observed = np.log(mean) - self.within_sd**2 / 2 + variance / 2
        weight = np.where(seen, self.between_sd**2 / (self.between_sd**2 + variance), 0.0)
        centre = self.log_mean + weight * (observed - self.log_mean)
        spread = np.sqrt(self.within_sd**2 + (1 - weight) * self.between_sd**2)
        return np.exp(centre), np.exp(centre + _Z90 * spread)


# Before any order was seen: half are ready within 15 minutes, nine of ten within 37.
PRIOR_FLEET = PreparationFleet(log_mean=float(np.log(900.0)), between_sd=0.5, within_sd=0.5)


def fit_preparation(orders: pl.DataFrame) -> PreparationFleet:
    """Return the fleet's parameters from past orders, shrunk to the documented prior.

    Parameters
    ----------
    orders
        Columns `shop_id` and `preparation_seconds` (0 or more); rows with a null are left out.

    Notes
    -----
    Method of moments for the one-way random effects model (Searle, Casella & McCulloch 1992,
    section 3.6); each variance is averaged with its prior, which counts for 20 observations.

    Examples
    --------
    >>> nobody = pl.DataFrame({"shop_id": [], "preparation_seconds": []})
    >>> fit_preparation(nobody) == PRIOR_FLEET
    True
    """
    seconds = pl.col("preparation_seconds").cast(pl.Float64)
    log_seconds = seconds.clip(_SHORTEST_SECONDS).log()
    shops = (
        orders.drop_nulls(["shop_id", "preparation_seconds"])
        .group_by("shop_id")
        .agg(
            count=pl.len().cast(pl.Float64),
            mean=log_seconds.mean(),
            squares=((log_seconds - log_seconds.mean()) ** 2).sum(),
        )
        .sort("shop_id")
    )
    if shops.is_empty():
        return PRIOR_FLEET
    count, mean, squares = (shops[name].to_numpy() for name in ("count", "mean", "squares"))
    within = _averaged(squares.sum(), count.sum() - len(count), PRIOR_FLEET.within_sd)
    weight = 1 / (PRIOR_FLEET.between_sd**2 + within / count)
    centre = float(np.sum(weight * mean) / np.sum(weight))
    excess = np.sum((mean - centre) ** 2 - within / count)
    between = _averaged(max(excess, 0.0), len(count) - 1, PRIOR_FLEET.between_sd)
    trust = len(count) / (len(count) + _PRIOR_WEIGHT)
    log_mean = PRIOR_FLEET.log_mean + trust * (centre - PRIOR_FLEET.log_mean)
    return PreparationFleet(log_mean, float(np.sqrt(between)), float(np.sqrt(within)))


def _averaged(squares: float, freedom: float, prior_sd: float) -> float:
    return float((squares + _PRIOR_WEIGHT * prior_sd**2) / (freedom + _PRIOR_WEIGHT))


def promise(
    preparation: tuple[Floats, Floats], travel: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return p50 and p90 of preparation plus travel, each given by its own p50 and p90.

    All in seconds, shape (n,). Each part is taken as log-normal and independent of the other; their
    sum as the shifted log-normal of the same mean, variance and skewness (Johnson, Kotz &
    Balakrishnan 1994, Continuous Univariate Distributions 1, chapter 14, section 3), which is exact
    where one part is certain.

    Examples
    --------
    >>> p50, p90 = promise((np.array([900.0, 0.0]), np.array([1800.0, 0.0])),
    ...                    (np.array([600.0, 600.0]), np.array([900.0, 900.0])))
    >>> p50.round(), p90.round()
    (array([1534.,  600.]), array([2487.,  900.]))
    """
    mean, variance, third = _cumulants(*preparation) + _cumulants(*travel)
    certain = variance <= _NEGLIGIBLE * (1 + mean**2)
    sd = np.sqrt(np.where(certain, 1.0, variance))
    skewness = np.where(certain, 0.0, third / sd**3)
    excess = _excess(skewness)
    scale = sd / np.sqrt(np.where(certain, 1.0, excess * (1 + excess)))
    shift = mean - scale * np.sqrt(1 + excess)
    p50 = np.where(certain, mean, shift + scale)
    late = scale * np.expm1(_Z90 * np.sqrt(np.log1p(excess)))
    return p50, p50 + np.where(certain, 0.0, late)


def _cumulants(p50: Floats, p90: Floats) -> Floats:
    """Return mean, variance and third cumulant of a log-normal, shape (3, n)."""
    ratio = np.maximum(p90, _SHORTEST_SECONDS) / np.maximum(p50, _SHORTEST_SECONDS)
    log_sd = np.clip(np.log(np.maximum(ratio, 1.0)) / _Z90, 0.0, _WIDEST_LOG_SD)
    excess = np.expm1(log_sd**2)
    mean = p50 * np.exp(log_sd**2 / 2)
    variance = excess * mean**2
    return np.stack([mean, variance, (excess + 3) * excess * variance * mean])


def _excess(skewness: Floats) -> Floats:
    """Return exp(s²) - 1 of the log-normal with this skewness: (e + 3)·√e, solved for e."""
    half = 1 + skewness**2 / 2
    root = np.cbrt(half + skewness * np.sqrt(1 + skewness**2 / 4))
    return np.asarray(root + 1 / root - 2)

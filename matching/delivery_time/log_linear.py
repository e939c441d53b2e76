"""The base of every travel time: log seconds, linear in log distance, with factors by hour of week.

    log seconds = a + b·l + c·(l - log 2)₋ + d·(l - log 6)₊ + e·cos 4θ + f·sin 4θ
                  + level[h] + slope[h]·(l - log 2.5)

where l = log(km + 0.05), θ is the bearing (4θ: a street grid is the same after a quarter turn) and
h the hour of the week. The tables `level` and `slope` hold 168 values each, interpolated between
full hours; a Gaussian process over the week smooths them (Rasmussen & Williams 2006, chapter 2 and
equation 4.31). The coefficients are the posterior mean about the documented prior, so few trips
move it little and none leave it as it is. Outliers are held by Huber weights (Huber 1981, 7.8).
Pure.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from matching.delivery_time.features import HOURS_PER_WEEK, Clock, Journey

__all__ = [
    "PRIOR",
    "SPREAD_PRIOR",
    "LogLinear",
    "Terms",
    "fit_log_linear",
    "fit_spread",
    "spread_of",
]

Floats = NDArray[np.float64]

# Greater Cairo before any delivery was seen: 1 km as the crow flies takes 6 minutes door to door,
# 10 km half an hour.
_PRIOR_SECONDS_AT_1_KM = 360.0
_PRIOR_EXPONENT = 0.70
# Factors on travel time at full hours 0..23: quiet nights, rush at 8-9 and 15-19.
_WORKING_DAY = [
    *(0.85, 0.78, 0.73, 0.70, 0.70, 0.74, 0.82, 1.00, 1.18, 1.20, 1.12, 1.08),
    *(1.10, 1.14, 1.22, 1.32, 1.38, 1.40, 1.36, 1.26, 1.15, 1.06, 0.98, 0.92),
]
_FRIDAY = [
    *(0.90, 0.82, 0.76, 0.72, 0.70, 0.68, 0.66, 0.68, 0.72, 0.76, 0.80, 0.86),
    *(0.92, 0.90, 0.92, 0.96, 1.02, 1.08, 1.12, 1.12, 1.10, 1.06, 1.02, 0.96),
]
_SATURDAY = [(work + rest) / 2 for work, rest in zip(_WORKING_DAY, _FRIDAY, strict=True)]

# Prior standard deviations: of the six coefficients, of the hours, and of the noise (log seconds).
_COEFFICIENT_SD = np.array([0.3, 0.15, 0.3, 0.3, 0.1, 0.1])
_HOUR_SD, _WEEK_SD, _SLOPE_SD = 0.25, 0.12, 0.08
_NOISE_SD = 0.35
# log |z| of a standard normal z: mean -(γ + log 2)/2 and standard deviation π/√8.
_LOG_ABSOLUTE_NORMAL_MEAN = -(np.euler_gamma + np.log(2)) / 2
_LOG_ABSOLUTE_NORMAL_SD = np.pi / np.sqrt(8)
_LOG_SPREAD_LIMITS = math.log(0.05), math.log(1.5)
_SLIGHT_SHARE = 1e-3  # waves of less variance than this share of the largest say nothing
_KNOT_HOURS = np.arange(HOURS_PER_WEEK)


_NEAR, _FAR, _MIDDLE = math.log(2.0), math.log(6.0), math.log(2.5)
_ENDS = math.log(0.3), math.log(30.0)


@dataclass(frozen=True, eq=False)
class Terms:
    """What the formula says about trips, apart from its coefficients; shapes (n,) or (1,)."""

    plain: tuple[Floats | float, ...]
    lean: Floats
    clock: Clock

    @classmethod
    def of(cls, journey: Journey, clock: Clock) -> "Terms":
        """Return the terms of trips."""
        near = np.minimum(journey.log_km - _NEAR, 0.0)
        far = np.maximum(journey.log_km - _FAR, 0.0)
        turn = 4 * journey.bearing
        # held at the ends of the city, so that rush hour does not compound over continents
        held = np.minimum(np.maximum(journey.log_km, _ENDS[0]), _ENDS[1])
        plain = (1.0, journey.log_km, near, far, np.cos(turn), np.sin(turn))
        return cls(plain, held - _MIDDLE, clock)


@dataclass(frozen=True, eq=False)
class LogLinear:
    """`coefficients` (6,) of intercept, distance and bearing; `level` and `slope` (168,)."""

    coefficients: Floats
    level: Floats
    slope: Floats

    def at(self, terms: Terms) -> Floats:
        """Return the log that is expected of trips: of their seconds, or of their spread."""
        result = (
            terms.clock.interpolated(self.level) + terms.clock.interpolated(self.slope) * terms.lean
        )
        for coefficient, term in zip(self.coefficients.tolist(), terms.plain, strict=True):
            result = result + coefficient * term
        return result


def _prior() -> LogLinear:
    days = (*[_WORKING_DAY] * 4, _FRIDAY, _SATURDAY, _WORKING_DAY)
    level = np.log(np.concatenate(days))
    intercept = np.log(_PRIOR_SECONDS_AT_1_KM)
    coefficients = np.array([intercept, _PRIOR_EXPONENT, 0.0, 0.0, 0.0, 0.0])
    return LogLinear(coefficients, level, np.zeros(HOURS_PER_WEEK))


PRIOR = _prior()
SPREAD_PRIOR = LogLinear(
    np.array([np.log(_NOISE_SD), 0.0, 0.0, 0.0, 0.0, 0.0]),
    np.zeros(HOURS_PER_WEEK),
    np.zeros(HOURS_PER_WEEK),
)


def fit_spread(terms: Terms, errors: Floats) -> LogLinear:
    """Return the log-linear model of how large the errors (log seconds, shape (n,)) are."""
    log_size = np.log(np.maximum(np.abs(errors), 0.01)) - _LOG_ABSOLUTE_NORMAL_MEAN
    return _posterior(terms, log_size, SPREAD_PRIOR, _LOG_ABSOLUTE_NORMAL_SD)


def spread_of(spread: LogLinear, terms: Terms) -> Floats:
    """Return the standard deviation of log seconds that `spread` expects, kept to 0.05..1.5."""
    least, most = _LOG_SPREAD_LIMITS
    deviation: Floats = np.exp(np.minimum(np.maximum(spread.at(terms), least), most))
    return deviation


def fit_log_linear(terms: Terms, log_seconds: Floats) -> LogLinear:
    """Return the posterior mean of the base, given trips of shape (n,) and the prior above.

    Examples
    --------
    >>> none = np.zeros(0)
    >>> nowhere = Terms.of(Journey(none, none, none, none), Clock(none, none))
    >>> fitted = fit_log_linear(nowhere, none)
    >>> bool(np.allclose(fitted.level, PRIOR.level))
    True
    """
    return _posterior(terms, log_seconds, PRIOR, _NOISE_SD)


def _posterior(terms: Terms, observed: Floats, prior: LogLinear, noise_sd: float) -> LogLinear:
    by_hour = _week_factor(_HOUR_SD, _WEEK_SD)
    by_slope = _week_factor(_SLOPE_SD, _SLOPE_SD)
    design = _design(terms, by_hour, by_slope)
    surprise = observed - prior.at(terms)
    weights = _posterior_mean(design, surprise, noise_sd)
    plain, of_level, of_slope = np.split(weights, [6, 6 + by_hour.shape[1]])
    return LogLinear(
        prior.coefficients + _COEFFICIENT_SD * plain,
        prior.level + by_hour @ of_level,
        prior.slope + by_slope @ of_slope,
    )


def _design(terms: Terms, by_hour: Floats, by_slope: Floats) -> Floats:
    plain = np.column_stack(np.broadcast_arrays(*terms.plain)) * _COEFFICIENT_SD
    return np.column_stack(
        [
            plain,
            terms.clock.interpolated(by_hour),
            terms.clock.interpolated(by_slope) * terms.lean[:, None],
        ]
    )


@cache
def _week_factor(hour_sd: float, week_sd: float) -> Floats:
    """Return F, shape (168, r), with F·Fᵀ the prior covariance of a table of the week."""
    apart = np.abs(_KNOT_HOURS[:, None] - _KNOT_HOURS[None, :])
    day = np.exp(-2 * (np.sin(np.pi * apart / 24) / 0.6) ** 2)
    week = np.exp(-2 * (np.sin(np.pi * apart / HOURS_PER_WEEK) / 0.12) ** 2)
    variances, waves = np.linalg.eigh(hour_sd**2 * day + week_sd**2 * week)
    kept = variances > _SLIGHT_SHARE * variances[-1]
    return np.asarray(waves[:, kept] * np.sqrt(variances[kept]), np.float64)


def _posterior_mean(design: Floats, surprise: Floats, noise_sd: float) -> Floats:
    penalty = noise_sd**2 * np.eye(design.shape[1])
    trust = np.ones_like(surprise)
    weights: Floats = np.zeros(design.shape[1])
    for _ in range(3):
        weighted = design * trust[:, None]
        precision = weighted.T @ design + penalty
        weights = np.asarray(np.linalg.solve(precision, weighted.T @ surprise), np.float64)
        error = np.abs(surprise - design @ weights)
        trust = np.minimum(1.0, 1.5 * noise_sd / np.maximum(error, 1e-9))
    return weights

"""Sales rates from counts: the Poisson log-normal model, made linear around a fitted mean.

Units sold in a period are Poisson with mean `exposure * exp(eta + shock)`, the shock normal with
variance `dispersion`. Plenty of sales make this a regression of log units; few sales make it a
Poisson regression: one model serves sparse parts and fast movers, and zero needs no added constant.
Pure.

Source: Breslow & Clayton (1993), "Approximate inference in generalized linear mixed models", JASA
88, 9-25 (penalised quasi-likelihood); the offset `mode_shift` is ours, checked by quadrature in the
tests.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Linearised", "linearised", "mode_shift", "shock_mode"]

Vector = NDArray[np.float64]

_FAR = 4.0  # in log units: beyond any shock of a settled fit


class Linearised(NamedTuple):
    """Working responses for one step of weighted least squares; all arrays have one value a row."""

    response: Vector  # of the log of the rate, at full exposure
    weight: Vector  # inverse variance of the response
    shock: Vector  # most probable shock of the row
    shock_variance: Vector  # of that shock, given the row's units


def mode_shift(mean: Vector, dispersion: Vector) -> Vector:
    """Return how far the most probable shocks push the fitted log rate above the true one.

    The average over counts of `shock_mode` is zero at `eta + mode_shift`, not at `eta`: half the
    dispersion for rare sales (where only the mean is seen), nothing for plenty (where logs are).

    Examples
    --------
    >>> mode_shift(np.array([0.01, 10.0, 1e6]), np.array([0.3, 0.3, 0.3])).round(3).tolist()
    [0.15, 0.038, 0.0]
    """
    return np.asarray(dispersion / 2 / (1 + dispersion * mean))


def shock_mode(units: Vector, mean: Vector, dispersion: Vector, *, steps: int = 4) -> Vector:
    """Return the most probable shock `u`: the root of `u / dispersion = units - mean * exp(u)`.

    With Lambert's W it is `dispersion * units - W(dispersion * mean * exp(dispersion * units))`;
    W by Newton's method on its logarithm, `w + log w = log z`, which never leaves w > 0.

    Source: Corless et al. (1996), "On the Lambert W function", Adv. Comput. Math. 5, 329-359.

    Examples
    --------
    >>> shock_mode(np.array([0.0, 2.0, 50.0]), np.full(3, 2.0), np.full(3, 0.5)).round(3).tolist()
    [-0.567, 0.0, 3.087]
    """
    log_z = np.log(dispersion * mean) + dispersion * units
    near = np.exp(np.minimum(log_z, 1.0))
    w = np.where(log_z > 1, log_z - np.log(np.maximum(log_z, 1.0)), near / (1 + near))
    for _ in range(steps):
        w = w / (1 + w) * (1 + log_z - np.log(w))
    return np.asarray(dispersion * units - w)


def linearised(units: Vector, log_rate: Vector, exposure: Vector, dispersion: Vector) -> Linearised:
    """Return the working responses and weights of `units` around the fitted `log_rate`.

    Parameters
    ----------
    units
        Sold in the period, 0 or more.
    log_rate
        Fitted log of units a period when always in stock.
    exposure
        Share of the period in stock, above 0.
    dispersion
        Variance of the row's shock.

    Examples
    --------
    >>> one = np.ones(1)
    >>> working = linearised(one * 400, one * np.log(400), one, one * 0.1)
    >>> working.response.round(2).tolist(), working.weight.round(2).tolist()
    ([5.99], [9.76])
    """
    mean = exposure * np.exp(np.clip(log_rate, -30, 30))
    mean = mean * np.exp(mode_shift(mean, dispersion))
    shock = shock_mode(units, mean, dispersion)
    # far below its row, a fitted mean must climb by the row's own information, or it would leap
    near = mean * np.where(shock > _FAR, np.exp(np.maximum(shock, 0.0)), 1.0)
    weight = near / (1 + dispersion * near)
    return Linearised(
        response=log_rate + shock / (dispersion * weight),
        weight=weight,
        shock=shock,
        shock_variance=1 / (1 / dispersion + mean * np.exp(shock)),
    )

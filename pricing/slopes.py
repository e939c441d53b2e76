"""Price slopes that are normal, but known to be below zero: dearer never sells more. Pure.

Source: Johnson, Kotz & Balakrishnan (1994), "Continuous Univariate Distributions" vol. 1, section
13.10.1 (truncated normal).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

__all__ = ["FLATTEST", "slope_mean", "slope_quantile", "slope_share_above"]

Vector = NDArray[np.float64]

FLATTEST = -0.02  # no answer to price is taken to be flatter than this


def slope_mean(mean: Vector, deviation: Vector) -> Vector:
    """Mean of slopes around `mean`, given that they are below zero.

    Examples
    --------
    >>> slope_mean(np.array([-2.0, 0.0]), np.array([0.5, 1.0])).round(3).tolist()
    [-2.0, -0.811]
    """
    bound = (FLATTEST - mean) / deviation
    bound = np.maximum(bound, -1e6)  # beyond, the tail has no digits left and the mean is FLATTEST
    hazard = np.exp(-0.5 * bound**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(bound))
    return np.asarray(np.minimum(mean - deviation * hazard, FLATTEST))


def slope_quantile(mean: Vector, deviation: Vector, share: float | Vector) -> Vector:
    """Quantile of slopes around `mean`, given that they are below zero.

    Examples
    --------
    >>> slope_quantile(np.array([-2.0, 0.0]), np.array([0.5, 1.0]), 0.5).round(3).tolist()
    [-2.0, -0.687]
    """
    below = ndtr((FLATTEST - mean) / deviation)
    inside = mean + deviation * ndtri(np.maximum(below * share, 1e-300))
    return np.asarray(np.minimum(inside, FLATTEST))


def slope_share_above(mean: Vector, deviation: Vector, bound: Vector) -> Vector:
    """Probability that a slope is above `bound`, given that it is below zero.

    Examples
    --------
    >>> slope_share_above(np.array([-2.0]), np.array([0.5]), np.array([-1.5])).round(3).tolist()
    [0.159]
    """
    ceiling = (FLATTEST - mean) / deviation
    logs = log_ndtr(np.minimum((bound - mean) / deviation, ceiling)) - log_ndtr(ceiling)
    return np.asarray(-np.expm1(logs))

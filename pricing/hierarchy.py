"""Borrowing strength: estimates of groups and of items drawn toward each other as far as data asks.

Pure. Source: Efron & Morris (1975), "Data analysis using Stein's estimator", JASA 70, 311-319;
spreads by Paule & Mandel (1982), "Consensus values and weighting factors", J. Res. NBS 87, 377-385;
variances clustered by period: Liang & Zeger (1986), Biometrika 73, 13-22.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.panel import Panel

__all__ = ["Estimates", "Pooled", "group_regression", "likely_spread", "pooled", "spread"]

Vector = NDArray[np.float64]

_RIDGE = 1e-3  # prior precision that keeps a group without price changes solvable, and uncertain


class Estimates(NamedTuple):
    """Coefficients of each group, shape (groups, p), and their covariances (groups, p, p)."""

    mean: Vector
    covariance: Vector


class Pooled(NamedTuple):
    """Estimates after pooling, with the centre and the spread (variance) they were drawn to."""

    mean: Vector
    covariance: Vector
    centre: Vector
    centre_variance: Vector
    variance: Vector


def group_regression(
    panel: Panel, features: Vector, response: Vector, weight: Vector, prior: Vector
) -> Estimates:
    """Return each group's weighted least squares, with covariances clustered by period.

    Parameters
    ----------
    panel
        Where the rows stand; its cells are the clusters.
    features
        Shape (p, rows), already free of item means (and of cell means where wanted).
    response, weight
        One value a row.
    prior
        Shape (p,): what a group without any information is taken to be.
    """
    p, groups, cells = len(features), panel.groups, panel.cell_group
    left = np.empty((groups, p, p))
    right = np.empty((groups, p))
    for row in range(p):
        weighted = weight * features[row]
        right[:, row] = panel.by_group(weighted * response)
        for column in range(row + 1):
            left[:, row, column] = left[:, column, row] = panel.by_group(
                weighted * features[column]
            )
    inverse = np.linalg.inv(left + _RIDGE * np.eye(p))
    mean = np.einsum("gij,gj->gi", inverse, right + _RIDGE * prior)
    residual = response - np.einsum("pr,rp->r", features, mean[panel.group])
    scores = np.stack([panel.by_cell(weight * row * residual) for row in features])
    meat = np.empty((groups, p, p))
    for row in range(p):
        for column in range(p):
            meat[:, row, column] = np.bincount(cells, scores[row] * scores[column], groups)
    counted = np.bincount(cells, minlength=groups)
    small_sample = counted / np.maximum(counted - p, 1)
    meat = meat * small_sample[:, None, None] + _RIDGE * np.eye(p)
    return Estimates(mean, inverse @ meat @ inverse)


def spread(estimate: Vector, variance: Vector, centre: Vector | float, *, steps: int = 20) -> float:
    """Return the variance of the true values behind `estimate`, whose errors have `variance`.

    Paule and Mandel's equation, sum((estimate - centre)^2 / (spread + variance)) = n, by Newton's
    method from zero, which cannot overshoot; zero when the errors alone explain the scatter.

    Examples
    --------
    >>> round(spread(np.array([-3.0, 3.0, -3.0, 3.0]), np.ones(4), 0.0), 6)
    8.0
    >>> spread(np.array([0.1, -0.1]), np.ones(2), 0.0)
    0.0
    """
    squares = (estimate - centre) ** 2
    value = 0.0
    for _ in range(steps):
        precision = 1 / (value + variance)
        excess = float((precision * squares).sum()) - len(estimate)
        slope = float((precision**2 * squares).sum())
        if slope <= 0 or (value == 0 and excess <= 0):
            return 0.0
        value = max(0.0, value + excess / slope)
    return value


def likely_spread(estimate: Vector, variance: Vector, *, steps: int = 40) -> float:
    """Return the most likely variance of true values around 0 behind `estimate`.

    Maximum likelihood by EM, as Efron & Morris have it for normal errors of known `variance`; less
    noisy than `spread` where many estimates differ in their errors.

    Examples
    --------
    >>> round(likely_spread(np.array([-3.0, 3.0, -3.0, 3.0]), np.ones(4)), 3)
    8.0
    """
    value = max(spread(estimate, variance, 0.0), 0.01)
    for _ in range(steps):
        trust = value / (value + variance)
        value = float((trust**2 * estimate**2 + trust * variance).mean())
    return value


def pooled(
    estimates: Estimates, *, centre: Vector, centre_variance: Vector, usual: Vector
) -> Pooled:
    """Draw the groups' estimates toward their common centre, coefficient by coefficient in spread.

    Parameters
    ----------
    estimates
        One set of coefficients a group.
    centre, centre_variance
        What the common centre is before any data, and how unsure that is.
    usual
        The spread (variance) to expect; it weighs as much as two groups.
    """
    mean, covariance = estimates
    groups, p = mean.shape
    own: Vector = np.diagonal(covariance, axis1=1, axis2=2)
    middle: Vector = centre
    variance: Vector = usual.copy()
    for _ in range(5):
        precision = 1 / (own + variance)
        total: Vector = precision.sum(0) + 1 / centre_variance
        middle = np.asarray(((precision * mean).sum(0) + centre / centre_variance) / total)
        found = np.array([spread(mean[:, k], own[:, k], middle[k]) for k in range(p)])
        variance = np.asarray((groups * found + 2 * usual) / (groups + 2), np.float64)
    alone = np.linalg.inv(covariance)
    after = np.linalg.inv(alone + np.diag(1 / variance))
    drawn = np.einsum("gij,gj->gi", alone, mean) + middle / variance
    result = np.einsum("gij,gj->gi", after, drawn)
    leak = after / variance  # how far each coefficient leans on the centre
    after = after + leak @ np.diag(1 / total) @ np.swapaxes(leak, 1, 2)
    return Pooled(result, after, middle, 1 / total, variance)

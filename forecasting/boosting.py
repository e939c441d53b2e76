"""Two gradient boosters on the same rows: chances of classes of counts, and the mean.

The mean is learned as a ratio to the pooled rate under a Tweedie deviance (Joergensen 1987), whose
weights make it the same whatever the unit of the quantities. Both are LightGBM (Ke et al. 2017)
with one thread and a fixed seed.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from forecasting.training import Rows

__all__ = ["CountBooster", "MeanBooster", "fit_counts", "fit_mean", "share_of_counts"]

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

_COMMON: dict[str, Any] = {
    "num_leaves": 12,
    "extra_trees": True,
    "min_data_in_leaf": 100,
    "min_sum_hessian_in_leaf": 5.0,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "max_bin": 63,
    "num_threads": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
# one sum a series can afford more and smaller steps than many periods
_PACE = {
    "sum": {"learning_rate": 0.1, "num_iterations": 45},
    "path": {"learning_rate": 0.3, "num_iterations": 15},
}
_MEAN_PACE = {"learning_rate": 0.2, "num_iterations": 40}
_TWEEDIE_POWER = 1.3
_FEWEST_IN_CLASS = 40
_COUNTS_BELOW, _MEAN_ABOVE = 5.0, 9.0
_POINTS_IN_CLASS = 60
_USUAL_FACTORS = (0.5, 2.0)


@dataclass(frozen=True, kw_only=True)
class CountBooster:
    """Chances of classes of counts; `points` (class by point) are the counts in each."""

    booster: lightgbm.Booster
    points: Floats

    @property
    def values(self) -> Floats:
        """The mean count of each class."""
        return np.asarray(self.points.mean(axis=1))

    def chances(self, inputs: Matrix) -> Floats:
        """Return a row of probabilities for each row of `inputs`."""
        if not len(inputs):
            return np.zeros((0, len(self.points)))
        return np.asarray(self.booster.predict(inputs, num_threads=1), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class MeanBooster:
    """The mean as a ratio to the pooled rate, and the variance that goes with a mean.

    The variance is `linear` phi mean + `square` mean^2, phi being the series' own dispersion.
    """

    booster: lightgbm.Booster
    linear: float
    square: float

    def ratio(self, inputs: Matrix) -> Floats:
        """Return the mean of each row over what the pooled rate expects."""
        if not len(inputs):
            return np.zeros(0)
        return np.asarray(self.booster.predict(inputs, num_threads=1), dtype=np.float64)

    def variance(self, mean: Floats) -> Floats:
        """Return the variance of units whose mean is `mean`."""
        return self.linear * mean + self.square * mean**2


def share_of_counts(expected: Floats) -> Floats:
    """Return how far each row is left to the count booster: 1 for few units, 0 for many.

    Examples
    --------
    >>> share_of_counts(np.array([0.1, 7.0, 50.0])).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.clip((_MEAN_ABOVE - expected) / (_MEAN_ABOVE - _COUNTS_BELOW), 0.0, 1.0)


def fit_counts(
    rows: Rows, *, classes: Sequence[int], pace: Literal["sum", "path"]
) -> CountBooster | None:
    """Fit the chances on the rows with few units in a usual season; None where few are left.

    `classes` are the least counts of each class, from 0. One with too few rows to learn from joins
    the class below it.
    """
    usual = (rows.factor > _USUAL_FACTORS[0]) & (rows.factor < _USUAL_FACTORS[1])
    few = (share_of_counts(rows.expected) > 0) & usual
    units = rows.units[few]
    starts = [0]
    for start, stop in pairwise([*classes[1:], np.inf]):
        inside = int(((units >= start) & (units < stop)).sum())
        if inside >= _FEWEST_IN_CLASS:
            starts.append(int(start))
    if len(starts) < 3:
        return None
    label = np.searchsorted(starts, units, side="right") - 1
    data = lightgbm.Dataset(rows.inputs[few], label=label, weight=rows.weight[few])
    settings = _COMMON | _PACE[pace] | {"objective": "multiclass", "num_class": len(starts)}
    middle = (np.arange(_POINTS_IN_CLASS) + 0.5) / _POINTS_IN_CLASS
    points = [
        np.quantile(units[label == one], middle, method="inverted_cdf")
        for one in range(len(starts))
    ]
    booster = lightgbm.train(settings, data)
    return CountBooster(booster=booster, points=np.stack(points))


def fit_mean(rows: Rows) -> MeanBooster:
    """Fit the mean, and the variance about it by moments."""
    weight = rows.weight * rows.expected ** (2 - _TWEEDIE_POWER)
    data = lightgbm.Dataset(
        rows.inputs, label=rows.units / rows.expected, weight=weight / weight.mean()
    )
    tweedie = {"objective": "tweedie", "tweedie_variance_power": _TWEEDIE_POWER}
    settings = _COMMON | _MEAN_PACE | tweedie
    booster = lightgbm.train(settings, data)
    mean = np.asarray(booster.predict(rows.inputs, num_threads=1)) * rows.expected
    scale = np.sqrt(rows.weight) / np.maximum(mean, 0.1) ** 1.5
    design = np.column_stack([mean, mean**2]) * scale[:, None]
    (linear, square), _ = nnls(design, (rows.units - mean) ** 2 * scale)
    return MeanBooster(booster=booster, linear=float(linear), square=float(square))

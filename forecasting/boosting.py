"""Two gradient boosters on the same rows: chances of 0, 1, 2 ... units, and the mean.

The mean is learned as a ratio to the pooled rate under a Tweedie deviance (Joergensen 1987), whose
weights make it the same whatever the unit of the quantities. Both are LightGBM (Ke et al. 2017)
with one thread and a fixed seed.
Pure.
"""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from forecasting.training import Rows

__all__ = ["CountBooster", "MeanBooster", "fit_counts", "fit_mean", "share_of_counts"]

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

_COMMON: dict[str, Any] = {
    "num_leaves": 8,
    "learning_rate": 0.1,
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
_COUNT_ROUNDS, _MEAN_ROUNDS = 40, 80
_TWEEDIE_POWER = 1.3
_FEWEST_IN_CLASS = 60
_COUNTS_BELOW, _MEAN_ABOVE = 5.0, 9.0
_TAIL_POINTS = 200


@dataclass(frozen=True, kw_only=True)
class CountBooster:
    """Chances of 0 ... K - 2 and of K - 1 or more units; `tail` is how the last are spread."""

    booster: lightgbm.Booster
    tail: Floats

    def chances(self, inputs: Matrix) -> Floats:
        """Return a row of K probabilities for each row of `inputs`."""
        if not len(inputs):
            return np.zeros((0, self.booster.num_model_per_iteration()))
        return np.asarray(self.booster.predict(inputs, num_threads=1), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class MeanBooster:
    """The mean as a ratio to the pooled rate, and the variance that goes with a mean.

    The variance is `linear` phi mean + `square` mean^2, phi being the series' own dispersion.
    """

    booster: lightgbm.Booster
    linear: float
    square: float

    def mean(self, inputs: Matrix, expected: Floats) -> Floats:
        """Return mean units for each row, `expected` being those by the pooled rate."""
        if not len(inputs):
            return np.zeros(0)
        return np.asarray(self.booster.predict(inputs, num_threads=1) * expected)

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


def fit_counts(rows: Rows, *, most_classes: int) -> CountBooster | None:
    """Fit the chances on the rows with few units; None where too few of them are left.

    Classes with too few rows to learn from join the last.
    """
    few = share_of_counts(rows.expected) > 0
    units = rows.units[few].astype(np.int64)
    sizes = np.bincount(np.minimum(units, most_classes), minlength=most_classes)
    at_least = sizes[::-1].cumsum()[::-1]
    enough = (sizes[:most_classes] >= _FEWEST_IN_CLASS) & (at_least[:most_classes] > 0)
    classes = int(np.argmin(enough)) + 1 if not enough.all() else most_classes
    if classes < 3:
        return None
    data = lightgbm.Dataset(
        rows.inputs[few], label=np.minimum(units, classes - 1), weight=rows.weight[few]
    )
    settings = {**_COMMON, "objective": "multiclass", "num_class": classes}
    beyond = np.sort(units[units >= classes - 1]).astype(np.float64)
    tail = beyond if len(beyond) else np.array([classes - 1.0])
    if len(tail) > _TAIL_POINTS:
        middle = (np.arange(_TAIL_POINTS) + 0.5) / _TAIL_POINTS
        tail = np.quantile(tail, middle, method="inverted_cdf")
    booster = lightgbm.train(settings, data, num_boost_round=_COUNT_ROUNDS)
    return CountBooster(booster=booster, tail=tail)


def fit_mean(rows: Rows) -> MeanBooster:
    """Fit the mean, and the variance about it by moments."""
    weight = rows.weight * rows.expected ** (2 - _TWEEDIE_POWER)
    data = lightgbm.Dataset(
        rows.inputs, label=rows.units / rows.expected, weight=weight / weight.mean()
    )
    settings = {**_COMMON, "objective": "tweedie", "tweedie_variance_power": _TWEEDIE_POWER}
    booster = lightgbm.train(settings, data, num_boost_round=_MEAN_ROUNDS)
    mean = np.asarray(booster.predict(rows.inputs, num_threads=1)) * rows.expected
    scale = np.sqrt(rows.weight) / np.maximum(mean, 0.1) ** 1.5
    design = np.column_stack([mean, mean**2]) * scale[:, None]
    (linear, square), _ = nnls(design, (rows.units - mean) ** 2 * scale)
    return MeanBooster(booster=booster, linear=float(linear), square=float(square))

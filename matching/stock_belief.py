"""How far a count of stock can still be believed after some days of sales.

Sales of a part are taken as Poisson with the shop's own rate, so that what was sold since the count
is Poisson with mean `rate x age` (Ross, Introduction to Probability Models, section 5.3).
Pure.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import pdtr

__all__ = ["UNKNOWN", "in_stock_probability"]

FloatArray = npt.NDArray[np.float64]

UNKNOWN = 0.35
"""Belief that a shop which carries the brand holds a part nobody has counted there."""


def in_stock_probability(
    quantity: npt.ArrayLike,
    *,
    wanted: npt.ArrayLike,
    sales_per_day: npt.ArrayLike,
    age_days: npt.ArrayLike,
) -> FloatArray:
    """Return P(at least `wanted` units are left | `quantity` were counted `age_days` ago).

    Arguments broadcast against each other. Counted fewer than wanted: 0.

    Examples
    --------
    Five counted, one wanted, two sold a day, a day ago: P(Poisson(2) <= 4) = 0.947.

    >>> in_stock_probability([5], wanted=1, sales_per_day=2.0, age_days=1.0).round(3).tolist()
    [0.947]
    >>> in_stock_probability([5, 0], wanted=1, sales_per_day=2.0, age_days=0.0).tolist()
    [1.0, 0.0]
    >>> in_stock_probability([], wanted=1, sales_per_day=2.0, age_days=1.0).tolist()
    []
    """
    spare = np.asarray(quantity, dtype=np.float64) - np.asarray(wanted, dtype=np.float64)
    sold = np.asarray(sales_per_day, dtype=np.float64) * np.maximum(age_days, 0.0)
    return np.where(spare >= 0, pdtr(np.maximum(spare, 0), sold), 0.0)

"""What pricing is measured against: regressions an analyst would reach for first."""

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, PoissonRegressor

__all__ = [
    "group_poisson",
    "group_regressions",
    "item_regressions",
    "pooled_logit",
    "ridge_poisson",
]

Vector = NDArray[np.float64]
Index = NDArray[np.int64]


def item_regressions(item: Index, price: Vector, promotion: Vector, units: Vector) -> Vector:
    """Least squares of log units on log price and promotion, item by item.

    Returns intercept, slope and effect of each item, shape (items, 3). Units of 0 count as log 1.
    """
    items = int(item.max()) + 1
    columns = np.stack([np.ones(len(item)), np.log(price), promotion])
    target = np.log(units) if units.min() > 0 else np.log1p(units)
    left = np.array([[np.bincount(item, a * b, items) for a in columns] for b in columns])
    right = np.array([np.bincount(item, a * target, items) for a in columns])
    return np.asarray(
        np.stack(
            [np.linalg.pinv(left[:, :, k]) @ right[:, k] for k in range(items)],
        )
    )


def group_regressions(
    item: Index, group: Index, price: Vector, promotion: Vector, units: Vector
) -> tuple[Vector, Vector]:
    """Least squares of log units with a level for each item and slopes for each group.

    Returns levels by item, and slope and promotion effect by group, shape (groups, 2).
    """
    items, groups = int(item.max()) + 1, int(group.max()) + 1
    columns = np.stack([np.log(price), promotion])
    target = np.log(units) if units.min() > 0 else np.log1p(units)
    count = np.bincount(item, minlength=items)
    means = np.stack([np.bincount(item, row, items) / count for row in (*columns, target)])
    own = np.stack([*columns, target]) - means[:, item]
    slopes = np.stack(
        [np.linalg.lstsq(own[:2, group == g].T, own[2, group == g])[0] for g in range(groups)]
    )
    group_of = np.zeros(items, np.int64)
    group_of[item] = group
    return means[2] - (slopes[group_of].T * means[:2]).sum(0), slopes


def group_poisson(
    item: Index, group: Index, period: Index, price: Vector, exposure: Vector, units: Vector
) -> Vector:
    """Return one slope a group by statsmodels' Poisson regression: levels of items and periods."""
    slopes = np.zeros(int(group.max()) + 1)
    for g in range(len(slopes)):
        rows = (group == g) & (np.bincount(item, units)[item] > 0)
        log_price = np.log(price[rows])[:, None]
        items, periods = (
            (index[:, None] == np.unique(index)).astype(float)
            for index in (item[rows], period[rows])
        )
        design = np.hstack([log_price - log_price.mean(), items, periods[:, 1:]])
        peer = sm.GLM(
            units[rows], design, family=sm.families.Poisson(), offset=np.log(exposure[rows])
        )
        slopes[g] = peer.fit().params[0]
    return slopes


def ridge_poisson(item: Index, cell: Index, price: Vector, units: Vector) -> Vector:
    """Return slopes by scikit-learn's Poisson regression with a ridge: items, slopes, cells."""
    rows = np.arange(len(item))
    items = int(item.max()) + 1
    level = np.bincount(item, np.log(price), items) / np.bincount(item, minlength=items)
    x = np.log(price) - level[item]
    design = sparse.hstack(
        [
            sparse.csr_matrix((np.ones(len(item)), (rows, item))),
            sparse.csr_matrix((x, (rows, item))),
            sparse.csr_matrix((np.ones(len(item)), (rows, cell))),
            sparse.csr_matrix(x[:, None]),
        ]
    ).tocsr()
    fitted = PoissonRegressor(alpha=1e-5, max_iter=300).fit(design, units)
    return np.asarray(fitted.coef_[items : 2 * items] + fitted.coef_[-1])


def pooled_logit(
    quotes: pl.DataFrame, asked: pl.DataFrame, relative: Vector
) -> tuple[Vector, Vector]:
    """Return chances by one logistic regression over all quotes, no matter the request.

    First of each row of `asked` at each log `relative` price, then at its own price.
    """

    def numbers(frame: pl.DataFrame) -> Vector:
        log_price = (frame["price"] / frame["reference_price"]).log().to_numpy()
        return np.stack([log_price, frame["delivery_minutes"].to_numpy() / 60], axis=1)

    fitted = LogisticRegression(C=1e6).fit(numbers(quotes), quotes["won"].to_numpy())
    by_price, by_minutes = fitted.coef_[0]
    own = numbers(asked)
    rest = fitted.intercept_[0] + by_minutes * own[:, 1]
    return expit(rest[:, None] + by_price * relative), expit(rest + by_price * own[:, 0])

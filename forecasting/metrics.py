"""How good forecasts of intermittent demand are, in terms that decide on stock.

Mean absolute error is left out on purpose: where most periods are zero, forecasting zero wins it.
Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "bias",
    "coverage",
    "mean_squared_error",
    "pinball",
    "scaled_pinball",
    "stock_for",
    "weighted_quantile_loss",
]

Floats = NDArray[np.float64]


def pinball(units: Floats, forecast: Floats, quantiles: Sequence[float]) -> Floats:
    """Return the quantile loss of each row of `forecast` (rows x quantiles).

    Koenker and Bassett (1978), equation 2.1: tau (y - q) above, (1 - tau) (q - y) below.

    Examples
    --------
    >>> pinball(np.array([3.0]), np.array([[1.0, 4.0]]), [0.5, 0.9]).round(3).tolist()
    [[1.0, 0.1]]
    """
    levels = np.asarray(quantiles)
    miss = units[:, None] - forecast
    return np.asarray(np.maximum(levels * miss, (levels - 1) * miss))


def weighted_quantile_loss(units: Floats, forecast: Floats, quantiles: Sequence[float]) -> float:
    """Return twice the summed quantile loss over the summed units, averaged over `quantiles`.

    The WQL of Salinas et al. (2020), section 4.3. It is NaN where nothing was sold.

    Examples
    --------
    >>> weighted_quantile_loss(np.array([2.0, 0.0]), np.zeros((2, 1)), [0.5])
    1.0
    """
    total = float(np.abs(units).sum())
    if total == 0:
        return float("nan")
    return float(2 * pinball(units, forecast, quantiles).sum(axis=0).mean() / total)


def scaled_pinball(
    units: Floats, forecast: Floats, quantiles: Sequence[float], scale: Floats
) -> float:
    """Return the quantile loss of each row over its `scale`, averaged over rows and quantiles.

    The SPL of the M5 competition (Makridakis et al. 2022, equation 2), whose scale is the mean
    absolute change from period to period in the history (for sums, from sum to sum). Rows without a
    scale are left out.

    Examples
    --------
    >>> units, scale = np.array([2.0, 1.0]), np.array([2.0, 0.0])
    >>> scaled_pinball(units, np.zeros((2, 1)), [0.5], scale)
    0.5
    """
    known = scale > 0
    if not known.any():
        return float("nan")
    return float((pinball(units, forecast, quantiles)[known] / scale[known, None]).mean())


def coverage(units: Floats, forecast: Floats) -> float:
    """Return the share of rows with units at or below the quantile in `forecast`.

    The plain P(y <= q): for counts it lies above the level even for the true distribution, because
    no quantity has exactly that chance.

    Examples
    --------
    >>> coverage(np.array([0.0, 3.0]), np.array([0.0, 2.0]))
    0.5
    """
    return float((units <= forecast).mean()) if len(units) else float("nan")


def bias(units: Floats, mean: Floats) -> float:
    """Return the forecast units over those sold, less 1: positive is too many.

    Examples
    --------
    >>> bias(np.array([2.0, 2.0]), np.array([2.0, 3.0]))
    0.25
    """
    total = float(units.sum())
    return float(mean.sum()) / total - 1 if total else float("nan")


def mean_squared_error(units: Floats, mean: Floats) -> float:
    """Return the mean squared error of the mean.

    Examples
    --------
    >>> mean_squared_error(np.array([2.0, 2.0]), np.array([2.0, 4.0]))
    2.0
    """
    return float(((units - mean) ** 2).mean()) if len(units) else float("nan")


def stock_for(units: Floats, levels: Floats, *, fill_rate: float | None = None) -> float:
    """Return the mean stock a row at which 95% of rows, or `fill_rate` of units, are served.

    Parameters
    ----------
    units
        Demand of each row over its lead time.
    levels
        Rows x rising stock levels, a column for each quantile tried for all rows alike. Stock is
        interpolated between the two columns about the target.
    fill_rate
        Share of units to be served from stock; None asks for 95% of rows without a shortage.

    Returns
    -------
    float
        NaN where no column reaches the target.

    Examples
    --------
    >>> units, levels = np.array([1.0, 3.0]), np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]])
    >>> stock_for(units, levels, fill_rate=0.75)
    1.5
    """
    if fill_rate is None:
        served, target = (units[:, None] <= levels).mean(axis=0), 0.95
    else:
        served = np.minimum(units[:, None], levels).sum(axis=0) / max(float(units.sum()), 1e-12)
        target = fill_rate
    stock = levels.mean(axis=0)
    if not len(units) or served.max() < target:
        return float("nan")
    return float(np.interp(target, np.maximum.accumulate(served), stock))

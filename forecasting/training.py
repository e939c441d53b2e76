"""Rows to learn from: what was known at many origins, and what was sold after each.

Every origin sees only the periods before it, its level and seasons included. Where stock ran out,
the demand that could not be seen is drawn from the series' own rate, so that rows with stock-outs,
which are the busy ones, need not be left out.
Pure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.features import features
from forecasting.gamma_poisson import DISCOUNT, RatePrior, group_rates, rate_prior, rates
from forecasting.panel import Panel
from forecasting.seasonality import seasonality_of

__all__ = ["Rows", "bands", "inputs", "training_rows", "with_band"]

Floats = NDArray[np.float64]

_MOST_SERIES = 4_000
_MOST_CELLS = 30_000_000  # series x periods x origins that features are made for
_MOST_ORIGINS, _FEWEST_ORIGINS = 24, 8
_MOST_ROWS = 100_000
_SHORTEST_PAST = 6
_SEED = 20240101


@dataclass(frozen=True, kw_only=True)
class Rows:
    """`inputs` of the trees, the `expected` units by the pooled rate, `units` and `weight`.

    `factor` is the seasonal factor of the target, a period.
    """

    inputs: NDArray[np.float32]
    expected: Floats
    factor: Floats
    units: Floats
    weight: Floats


def bands(horizon: int, *, lead_time_sum: bool) -> list[tuple[int, int]]:
    """Return the stretches of steps that share a distribution: near, far, or the sum of all.

    Examples
    --------
    >>> bands(12, lead_time_sum=False), bands(1, lead_time_sum=False), bands(3, lead_time_sum=True)
    ([(0, 4), (4, 12)], [(0, 1)], [(0, 3)])
    """
    near = -(-horizon // 3)
    if lead_time_sum or near == horizon:
        return [(0, horizon)]
    return [(0, near), (near, horizon)]


def inputs(panel: Panel, factors: Floats, prior: RatePrior) -> tuple[NDArray[np.float32], Floats]:
    """Return the features of each series at the panel's end, and its pooled rate."""
    exposure = panel.exposure * factors
    posterior = rates(prior, panel.quantity, exposure, panel.attributes, DISCOUNT[panel.freq])
    level = posterior.mean
    groups = group_rates(prior, panel.attributes)
    matrix = features(
        panel.quantity, exposure, level=level, price=panel.price, groups=groups, freq=panel.freq
    )
    return matrix, level


def training_rows(panel: Panel, *, horizon: int, lead_time_sum: bool) -> Rows | None:
    """Return rows from origins spread over the panel's history; None if it is too short for any."""
    panel = _sample(panel)
    demand = _whole_demand(panel)
    parts = []
    for origin in _origins(panel, horizon if lead_time_sum else 1):
        past = panel.until(panel.first + origin)
        seasonality = seasonality_of(past)
        indices = seasonality.indices(past)
        factors = seasonality.factors(past, indices, past.first, past.end)
        discount = DISCOUNT[panel.freq]
        prior = rate_prior(past.quantity, past.exposure * factors, past.attributes, discount)
        matrix, level = inputs(past, factors, prior)
        ahead = seasonality.factors(past, indices, past.end, past.end + horizon)
        for number, (start, stop) in enumerate(bands(horizon, lead_time_sum=lead_time_sum)):
            future = demand[:, origin + start : origin + stop]
            factor = np.broadcast_to(ahead, (len(demand), horizon))[:, start:stop]
            series, units, factor, weight = _targets(
                future, factor[:, : future.shape[1]], lead_time_sum=lead_time_sum
            )
            seen = past.exposure[series, -_SHORTEST_PAST:].any(axis=1)
            series, units, factor = series[seen], units[seen], factor[seen]
            length = stop - start if lead_time_sum else 1
            rows = with_band(matrix[series], number)
            weight = weight[seen] / (stop - start)
            parts.append((rows, level[series] * factor, factor / length, units, weight))
    if not parts:
        return None
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    kept = np.arange(len(columns[0]))
    if len(kept) > _MOST_ROWS:
        chosen = np.random.default_rng(_SEED).permutation(len(kept))[:_MOST_ROWS]
        kept = np.sort(chosen)
    matrix, expected, factor, units, weight = (column[kept] for column in columns)
    return Rows(inputs=matrix, expected=expected, factor=factor, units=units, weight=weight)


def with_band(matrix: NDArray[np.float32], band: int) -> NDArray[np.float32]:
    """Return the features with the band of the target beside them."""
    return np.column_stack([matrix, np.full(len(matrix), band, dtype=np.float32)])


def _sample(panel: Panel) -> Panel:
    """Return every n-th series where there are more than are needed."""
    series, length = panel.quantity.shape
    most = min(_MOST_SERIES, _MOST_CELLS // max(length * _FEWEST_ORIGINS, 1))
    return panel.take(slice(None, None, max(1, -(-series // max(most, 1)))))


def _origins(panel: Panel, shortest: int) -> list[int]:
    """Return the origins, as counts of past periods, with `shortest` periods after each."""
    series, length = panel.quantity.shape
    first, last = max(_SHORTEST_PAST, min(9, length // 3)), length - shortest
    if last < first or not series:
        return []
    affordable = _MOST_CELLS // (series * length)
    count = max(_FEWEST_ORIGINS, min(_MOST_ORIGINS, affordable))
    spaced = np.linspace(first, last, min(count, last - first + 1))
    return sorted(set(np.rint(spaced).astype(int).tolist()))


def _whole_demand(panel: Panel) -> Floats:
    """Return units as if nothing had been out of stock; NaN where nothing was observed."""
    quantity, exposure = panel.quantity, panel.exposure
    partly = (exposure > 0) & (exposure < 1)
    demand = np.where(exposure > 0, quantity, np.nan)
    if partly.any():
        prior = rate_prior(quantity, exposure, panel.attributes, discount=0.0)
        level = rates(prior, quantity, exposure, panel.attributes, discount=0.0).mean
        unseen = (level[:, None] * (1 - exposure))[partly]
        demand[partly] += np.random.default_rng(_SEED).poisson(unseen)
    return demand


def _targets(
    demand: Floats, factors: Floats, *, lead_time_sum: bool
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Return series, units, seasonal factor and weight of each thing to predict.

    Equal outcomes of one series become one row with their count as weight.
    """
    if lead_time_sum:
        series = np.flatnonzero(np.isfinite(demand).all(axis=1))
        factor = factors[series].sum(axis=1)
        return series, demand[series].sum(axis=1), factor, np.ones(len(series))
    series, step = np.nonzero(np.isfinite(demand))
    outcomes = np.column_stack([series, demand[series, step], factors[series, step]])
    order = np.lexsort(outcomes.T[::-1])
    outcomes = outcomes[order]
    new = np.ones(len(outcomes), dtype=bool)
    new[1:] = (np.diff(outcomes, axis=0) != 0).any(axis=1)
    starts = np.flatnonzero(new)
    weight = np.diff(np.append(starts, len(outcomes))).astype(np.float64)
    merged = outcomes[starts]
    return merged[:, 0].astype(np.int64), merged[:, 1], merged[:, 2], weight

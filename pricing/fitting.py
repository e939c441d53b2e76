"""The hierarchical Poisson fit: levels and price slopes of items, coefficients of groups.

    log rate = level(item) + slope(item) x + coefficients(group) . features + effect(cell) + shock

`x` is the log of the real price against the item's usual one; a cell is a group in a period. Slopes
are drawn to their group's, groups' to all groups', as far as the data asks (empirical Bayes).

Where shops raise prices when demand is high, the price moves that a whole group makes together say
what demand did to prices. The fit tests for it: if such moves look less elastic than moves of an
item against its group, only the latter are believed. Pure.

Source: Breslow & Clayton (1993), JASA 88, 9-25, for the iteration; Mundlak (1978), "On the pooling
of time series and cross section data", Econometrica 46, 69-85, for moves within and between cells;
Hausman (1978), Econometrica 46, 1251-1271, for the test (one-sided here).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.hierarchy import Estimates, Pooled, group_regression, likely_spread, pooled, spread
from pricing.panel import Panel
from pricing.rates import linearised

__all__ = ["FEATURES", "Fit", "fit"]

Vector = NDArray[np.float64]

FEATURES = ("slope", "promotion", "slope_in_promotion", "rivals")

# Before any data: mean elasticity -2 give or take 1 (Bijmolt, van Heerde & Pieters 2005, "New
# empirical generalizations on the determinants of price elasticity", J. Marketing Research 42,
# 141-156, find a mean of -2.6 over 1,851 estimates); a promotion lifts sales by a quarter.
_CENTRE = np.array([-2.0, 0.2, 0.0, 0.0])
_CENTRE_VARIANCE = np.array([1.0, 0.25, 0.25, 0.25])
_USUAL_VARIANCE = np.array([0.25, 0.1, 0.25, 0.1])
_USUAL_ITEM_VARIANCE = 0.1
_LEVEL_PRECISION = 0.25  # items' levels stand within a factor of exp(2) of their group's

_MOST = 20.0  # no slope, effect or shock is larger: keeps absurd histories finite
_ROUNDS = 8
_TEST_ROUND = 3
_DEMAND_LEADS = 1.0  # standard errors that make price moves of whole groups unbelievable


class _Slopes(NamedTuple):
    """Price slopes of items, as deviations from their group's."""

    deviation: Vector
    variance: Vector
    lean: Vector  # share of the estimate that is the group's
    spread: float
    item_share: Vector  # row's weight in its item's estimates


class _Cells(NamedTuple):
    effect: Vector
    own_share: Vector  # of each row in the effect of its cell
    variance: float


@dataclass(frozen=True)
class Fit:
    """The fitted model, by item, group and row; `demand_leads` is what the test found."""

    level: Vector
    slope: Vector
    slope_variance: Vector
    coefficients: Vector
    dispersion: Vector
    cell_variance: float
    item_spread: float
    group_spread: float
    demand_leads: bool
    response: Vector
    weight: Vector
    fitted: Vector  # log rate of each row without the effect of its cell


def fit(panel: Panel, units: Vector, exposure: Vector, features: Vector) -> Fit:
    """Fit the model to rows of a panel.

    Parameters
    ----------
    panel
        Where the rows stand.
    units, exposure
        Sold, and the share of the period in stock (above 0), a row each.
    features
        Shape (4, rows), as `FEATURES` names them: log real price against usual, promotion, their
        product (around the group's usual promotion), and log price of other groups against usual.
    """
    level = np.log((panel.by_item(units) + 0.5) / (panel.by_item(exposure) + 0.5))
    coefficients = np.tile(_CENTRE, (panel.groups, 1))
    dispersion = np.full(panel.groups, 0.2)
    slopes = _Slopes(np.zeros(panel.items), level * 0, level * 0, 0.0, units * 0)
    cells = _Cells(np.zeros(len(panel.cell_group)), units * 0, 0.05)
    demand_leads = False
    x = features[0]
    for step in range(_ROUNDS):
        fixed = np.einsum("pr,rp->r", features, coefficients[panel.group])
        fitted = level[panel.item] + fixed + slopes.deviation[panel.item] * x
        log_rate = fitted + cells.effect[panel.cell]
        work = linearised(units, log_rate, exposure, dispersion[panel.group])
        if step:
            share = slopes.item_share + cells.own_share
            dispersion = _dispersion(
                panel, work.weight, work.response - log_rate, share, dispersion
            )
        rest = work.response - slopes.deviation[panel.item] * x
        own = panel.within_items(np.vstack([features, rest]), work.weight)
        if step == _TEST_ROUND:
            demand_leads = _demand_leads(panel, own, work.weight)
        groups, cells = (_within if demand_leads else _overall)(panel, own, work.weight, cells)
        coefficients = np.clip(groups.mean, -_MOST, _MOST)
        fixed = np.einsum("pr,rp->r", features, coefficients[panel.group])
        gap = work.response - cells.effect[panel.cell] - fixed
        slopes = _item_slopes(panel, x, gap, work.weight, cells.own_share)
        level = _levels(panel, gap - slopes.deviation[panel.item] * x, work.weight)
    group_variance = groups.covariance[panel.item_group, 0, 0]
    return Fit(
        level=level,
        slope=coefficients[panel.item_group, 0] + slopes.deviation,
        slope_variance=slopes.variance + slopes.lean**2 * group_variance,
        coefficients=coefficients,
        dispersion=dispersion,
        cell_variance=cells.variance,
        item_spread=float(np.sqrt(slopes.spread)),
        group_spread=float(np.sqrt(groups.variance[0])),
        demand_leads=demand_leads,
        response=work.response,
        weight=work.weight,
        fitted=level[panel.item] + fixed + slopes.deviation[panel.item] * x,
    )


def _demand_leads(panel: Panel, own: Vector, weight: Vector) -> bool:
    """Whether moves of whole cells look less elastic than moves of items within their cell."""
    within = panel.within_cells(own[[0, 1, 2, 4]], weight)
    overall = group_regression(panel, own[:4], own[4], weight, _CENTRE)
    inside = group_regression(panel, within[:3], within[3], weight, _CENTRE[:3])
    gap = overall.mean[:, 0] - inside.mean[:, 0]
    variance = overall.covariance[:, 0, 0] + inside.covariance[:, 0, 0]
    precision = 1 / (variance + spread(gap, variance, np.average(gap, weights=1 / variance)))
    return bool((precision * gap).sum() > _DEMAND_LEADS * np.sqrt(precision.sum()))


def _overall(panel: Panel, own: Vector, weight: Vector, before: _Cells) -> tuple[Pooled, _Cells]:
    """Coefficients from every price move, and what is left to the cells."""
    estimates = group_regression(panel, own[:4], own[4], weight, _CENTRE)
    groups = _pooled(estimates)
    residual = own[4] - np.einsum("pr,rp->r", own[:4], groups.mean[panel.group])
    return groups, _cells(panel, residual, weight, np.zeros(len(before.effect)))


def _within(panel: Panel, own: Vector, weight: Vector, before: _Cells) -> tuple[Pooled, _Cells]:
    """Coefficients from moves against the cell; of cells' moves, only how groups differ."""
    total = panel.by_cell(weight)
    means = np.stack([panel.by_cell(weight * row) / total for row in own[[0, 1, 2, 4]]])
    inner = panel.within_cells(own[[0, 1, 2, 4]], weight)
    inside = group_regression(panel, inner[:3], inner[3], weight, _CENTRE[:3])
    cell_panel = Panel.of(panel.cell_group, np.arange(panel.groups), panel.cell_period)
    between = group_regression(
        cell_panel, means[:3], means[3], 1 / (before.variance + 1 / total), _CENTRE[:3]
    )
    bias = pooled(
        Estimates(between.mean - inside.mean, between.covariance + inside.covariance),
        centre=np.zeros(3),
        centre_variance=np.full(3, 100.0),
        usual=np.ones(3),
    )
    groups = _pooled(_combined(inside, between, bias) if panel.groups >= 5 else inside)
    expected = (inside.mean + bias.mean - groups.mean[:, :3])[panel.cell_group].T * means[:3]
    residual = own[4] - np.einsum("pr,rp->r", own[:4], groups.mean[panel.group])
    return groups, _cells(panel, residual, weight, expected.sum(0))


def _combined(inside: Estimates, between: Estimates, bias: Pooled) -> Estimates:
    """Add what moves of whole cells tell once their common bias is taken off."""
    unsure = np.eye(3) * (bias.variance + bias.centre_variance)
    first, second = np.linalg.inv(inside.covariance), np.linalg.inv(between.covariance + unsure)
    covariance = np.linalg.inv(first + second)
    drawn = np.einsum("gij,gj->gi", first, inside.mean)
    drawn += np.einsum("gij,gj->gi", second, between.mean - bias.centre)
    return Estimates(np.einsum("gij,gj->gi", covariance, drawn), covariance)


def _pooled(estimates: Estimates) -> Pooled:
    p = estimates.mean.shape[1]
    result = pooled(
        estimates,
        centre=_CENTRE[:p],
        centre_variance=_CENTRE_VARIANCE[:p],
        usual=_USUAL_VARIANCE[:p],
    )
    missing = len(FEATURES) - p
    mean = np.pad(result.mean, ((0, 0), (0, missing)))
    return result._replace(mean=mean)


def _cells(panel: Panel, residual: Vector, weight: Vector, expected: Vector) -> _Cells:
    total = panel.by_cell(weight)
    raw = panel.by_cell(weight * residual) / total
    variance = max(spread(raw - expected, 1 / total, 0.0), 1e-4)
    trust = total / (total + 1 / variance)
    effect = np.clip(expected + trust * (raw - expected), -_MOST, _MOST)
    return _Cells(effect, weight * (trust / total)[panel.cell], variance)


def _item_slopes(panel: Panel, x: Vector, gap: Vector, weight: Vector, share: Vector) -> _Slopes:
    centred = panel.within_items(x, weight)
    information = np.maximum(panel.by_item(weight * (1 - share) * centred**2), 1e-9)
    alone = panel.by_item(weight * centred * gap) / information
    found = likely_spread(alone, 1 / information)
    variance = (panel.items * found + 10 * _USUAL_ITEM_VARIANCE) / (panel.items + 10)
    after = 1 / (information + 1 / variance)
    item_share = weight / panel.by_item(weight)[panel.item]
    item_share = item_share + weight * centred**2 * after[panel.item]
    deviation = np.clip(alone * information * after, -_MOST, _MOST)
    return _Slopes(deviation, after, after / variance, variance, item_share)


def _levels(panel: Panel, gap: Vector, weight: Vector) -> Vector:
    total = panel.by_item(weight)
    alone = panel.by_item(weight * gap)
    counted = np.bincount(panel.item_group, minlength=panel.groups)
    usual = np.bincount(panel.item_group, alone / total, panel.groups) / np.maximum(counted, 1)
    usual = usual[panel.item_group]
    level = (alone + _LEVEL_PRECISION * usual) / (total + _LEVEL_PRECISION)
    return np.asarray(np.clip(level, -2 * _MOST, 2 * _MOST))


def _dispersion(panel: Panel, weight: Vector, gap: Vector, share: Vector, before: Vector) -> Vector:
    """Move the dispersion of each group to where squared residuals are as large as they should be.

    One Newton step of sum(v (w r^2 - 1 + leverage)) = 0, `v` giving rows with more sales more say;
    groups are drawn to each other; the square root of the step damps the swing against the levels.
    """
    mean = weight / np.maximum(1 - before[panel.group] * weight, 1e-9)
    say = weight / (2 + 1 / mean)
    information = panel.by_group(say * weight)
    excess = panel.by_group(say * (weight * gap**2 - 1 + np.minimum(share, 1)))
    target = before + excess / information
    centre = float(np.average(target, weights=information))
    between = spread(target, 1 / information, centre)
    trust = between / (between + 1 / information)
    target = centre + trust * (target - centre)
    return np.asarray(np.maximum(np.sqrt(before * np.clip(target, before / 4, before * 4)), 1e-3))

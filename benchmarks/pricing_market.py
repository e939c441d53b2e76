"""A simulated market of parts: known elasticities, prices that follow demand, lost sales.

What makes it hard is what makes real histories hard: prices rise when demand does, inflation moves
all prices, most parts sell less than one unit a week, and a quarter of demand meets an empty shelf.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Market", "MarketRules", "oracle_elasticities", "simulate_market"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MarketRules:
    """What the simulated market is like; rates are a week, spreads are standard deviations.

    `price_follows_demand` is the change of log price for one of the group's log demand shock;
    `lost_share` is the share of demand that meets an empty shelf; `cost_share` is the usual cost
    as a share of the list price.
    """

    parts: int = 2_000
    groups: int = 25
    weeks: int = 104
    median_weekly_units: float = 0.9
    rate_spread: float = 1.0
    mean_elasticity: float = -2.2
    group_spread: float = 0.5
    part_spread: float = 0.45
    shock_spread: float = 0.3
    season_swing: float = 0.35
    own_shock_spread: float = 0.25
    own_shock_memory: float = 0.0
    price_follows_demand: float = 0.35
    yearly_inflation: float = 0.25
    weeks_between_changes: int = 8
    price_step: float = 0.08
    promotion_share: float = 0.06
    promotion_cut: float = 0.12
    promotion_effect: float = 0.3
    lost_share: float = 0.24
    cost_share: float = 0.66
    cost_spread: float = 0.2


@dataclass(frozen=True)
class Market:
    """The `history` a shop would have, and the truth behind it (by part, or part x week)."""

    history: pl.DataFrame
    elasticity: Vector
    group: NDArray[np.int64]
    log_base: Vector
    log_rate: Vector
    log_real_price: Vector
    price: Vector
    unit_cost: Vector
    in_stock_share: Vector
    promotion: Vector
    known_shift: Vector
    lost_share: float


def simulate_market(rules: MarketRules, *, seed: int) -> Market:
    """Return a market drawn by `rules`; the same seed gives the same market."""
    draw = np.random.default_rng([seed, 11])
    shape = (rules.parts, rules.weeks)
    group = np.sort(draw.integers(0, rules.groups, rules.parts))
    group_elasticity = draw.normal(rules.mean_elasticity, rules.group_spread, rules.groups)
    elasticity = draw.normal(group_elasticity[group], rules.part_spread)
    elasticity = np.minimum(elasticity, -0.2)
    week = np.arange(rules.weeks)
    season = rules.season_swing * np.sin(
        2 * np.pi * week / 52 + draw.uniform(0, 2 * np.pi, (rules.groups, 1))
    )
    shock = season + _autoregressive(draw, rules.groups, rules.weeks, rules.shock_spread, 0.7)
    inflation = np.log1p(rules.yearly_inflation) * week / 52
    steps = draw.normal(0, rules.price_step, shape)
    steps *= draw.random(shape) < 1 / rules.weeks_between_changes
    wander = _autoregressive_steps(steps, 0.97)
    promotion = (draw.random(shape) < rules.promotion_share).astype(float)
    real = wander + rules.price_follows_demand * shock[group] - rules.promotion_cut * promotion
    log_base = draw.normal(np.log(rules.median_weekly_units), rules.rate_spread, rules.parts)
    own = _autoregressive(
        draw, rules.parts, rules.weeks, rules.own_shock_spread, rules.own_shock_memory
    )
    known_shift = shock[group] + rules.promotion_effect * promotion
    log_rate = log_base[:, None] + elasticity[:, None] * real + known_shift + own
    share = _in_stock_share(draw, log_rate - log_base[:, None], rules.lost_share)
    units = draw.poisson(np.exp(log_rate) * share).astype(float)
    list_price = np.exp(draw.normal(np.log(300), 0.8, rules.parts))
    price = list_price[:, None] * np.exp(real + inflation)
    unit_cost = (
        list_price * rules.cost_share * np.exp(draw.normal(0, rules.cost_spread, rules.parts))
    )[:, None] * np.exp(inflation)
    rate = np.exp(log_rate)
    market = Market(
        history=pl.DataFrame(),
        elasticity=elasticity,
        group=group,
        log_base=log_base,
        log_rate=log_rate,
        log_real_price=real,
        price=price,
        unit_cost=unit_cost,
        in_stock_share=share,
        promotion=promotion,
        known_shift=known_shift,
        lost_share=float(1 - (rate * share).sum() / rate.sum()),
    )
    return replace(market, history=_history(market, units))


def oracle_elasticities(market: Market, rules: MarketRules) -> Vector:
    """Return the posterior means of one who knows all but each part's own level and slope.

    The floor of what any method can reach: group means, spreads, common shocks, the effect of
    promotions and stock shares are given; Newton's method, own shocks as overdispersion.
    """
    group_mean = np.array(
        [market.elasticity[market.group == g].mean() for g in range(market.group.max() + 1)]
    )[market.group]
    units = market.history["units"].to_numpy().reshape(market.price.shape)
    slope, level = group_mean.copy(), market.log_base.copy()
    dispersion = rules.own_shock_spread**2
    x = market.log_real_price
    for _ in range(25):
        mean = market.in_stock_share * np.exp(
            level[:, None] + slope[:, None] * x + market.known_shift + dispersion / 2
        )
        weight = 1 / (1 + dispersion * mean)
        gap, information = weight * (units - mean), weight * mean
        s0, s1, s2 = ((information * x**power).sum(1) for power in (0, 1, 2))
        s0 = s0 + 1e-3
        s2 = s2 + 1 / rules.part_spread**2
        g0 = gap.sum(1)
        g1 = (gap * x).sum(1) - (slope - group_mean) / rules.part_spread**2
        det = s0 * s2 - s1 * s1
        level = level + np.clip((s2 * g0 - s1 * g1) / det, -1, 1)
        slope = slope + np.clip((s0 * g1 - s1 * g0) / det, -1, 1)
    return slope


def _autoregressive(
    draw: np.random.Generator, rows: int, weeks: int, spread: float, memory: float
) -> Vector:
    noise = draw.normal(0, spread, (rows, weeks))
    result = np.empty_like(noise)
    result[:, 0] = noise[:, 0]
    for week in range(1, weeks):
        result[:, week] = memory * result[:, week - 1] + np.sqrt(1 - memory**2) * noise[:, week]
    return result


def _autoregressive_steps(steps: Vector, memory: float) -> Vector:
    result = np.empty_like(steps)
    result[:, 0] = steps[:, 0]
    for week in range(1, steps.shape[1]):
        result[:, week] = memory * result[:, week - 1] + steps[:, week]
    return result


def _in_stock_share(draw: np.random.Generator, excess: Vector, lost_share: float) -> Vector:
    """Shelves run empty in about half of the weeks, sooner when demand is high."""
    empties = draw.random(excess.shape) < 1 / (1 + np.exp(-0.2 - 0.8 * excess))
    left = draw.beta(1.2, 1.2, excess.shape)
    share = np.where(empties, left, 1.0)
    lost = 1 - (np.exp(excess) * share).sum() / np.exp(excess).sum()
    return np.asarray(np.clip(1 - (1 - share) * lost_share / lost, 0.02, 1.0))


def _history(market: Market, units: Vector) -> pl.DataFrame:
    parts, weeks = units.shape
    monday = date(2024, 1, 1)
    return pl.DataFrame(
        {
            "item_id": np.repeat(np.arange(parts), weeks),
            "group_id": np.repeat(market.group, weeks),
            "period_start": [monday + timedelta(weeks=w) for w in range(weeks)] * parts,
            "units": units.ravel(),
            "price": market.price.ravel(),
            "unit_cost": market.unit_cost.ravel(),
            "in_stock_share": market.in_stock_share.ravel(),
            "promotion": market.promotion.ravel(),
        }
    )

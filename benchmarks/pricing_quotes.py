"""A simulated market of quotes: known tastes, better shops ask more, some buy nowhere."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["QuoteMarket", "QuoteRules", "simulate_quotes", "true_chances"]

Vector = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class QuoteRules:
    """What the simulated market is like; slopes are of utility in the log of price."""

    groups: int = 12
    shops: int = 80
    rivals: float = 3.0
    mean_slope: float = -7.0
    slope_spread: float = 2.0
    quality_spread: float = 0.5
    price_of_quality: float = 0.08
    price_spread: float = 0.12
    request_spread: float = 0.06
    nowhere: float = -1.0
    minutes_effect: float = -0.01
    cost_share: float = 0.68


@dataclass(frozen=True)
class QuoteMarket:
    """Tastes and shops, drawn once; requests are drawn from it."""

    rules: QuoteRules
    slope: Vector
    nowhere: Vector
    quality: Vector
    markup: Vector

    @classmethod
    def of(cls, rules: QuoteRules, *, seed: int) -> "QuoteMarket":
        """Draw tastes and shops."""
        draw = np.random.default_rng([seed, 21])
        quality = draw.normal(0, rules.quality_spread, rules.shops)
        slope = draw.normal(rules.mean_slope, rules.slope_spread, rules.groups)
        return cls(
            rules,
            np.minimum(slope, -1.5),
            draw.normal(rules.nowhere, 0.5, rules.groups),
            quality,
            rules.price_of_quality * quality + draw.normal(0, 0.04, rules.shops),
        )


def simulate_quotes(market: QuoteMarket, requests: int, *, seed: int) -> pl.DataFrame:
    """Return the quotes of `requests`, with `unit_cost` of each and which of them won."""
    rules, draw = market.rules, np.random.default_rng([seed, 22])
    group = draw.integers(0, rules.groups, requests)
    count = 1 + draw.poisson(rules.rivals, requests)
    reference = np.exp(draw.normal(6, 0.8, requests))
    request = np.repeat(np.arange(requests), count)
    shop = _distinct_shops(draw, rules.shops, count)
    common = draw.normal(0, rules.request_spread, requests)
    noise = draw.normal(0, rules.price_spread, len(request))
    relative = market.markup[shop] + common[request] + noise
    minutes = draw.uniform(20, 120, len(request))
    utility = (
        market.slope[group[request]] * relative
        + market.quality[shop]
        + rules.minutes_effect * (minutes - 70)
        + draw.gumbel(size=len(request))
    )
    nowhere = market.nowhere[group] + draw.gumbel(size=requests)
    best = np.full(requests, -np.inf)
    np.maximum.at(best, request, utility)
    cost = rules.cost_share * np.exp(draw.normal(0, 0.08, len(request)))
    return pl.DataFrame(
        {
            "request_id": request,
            "shop_id": shop,
            "group_id": group[request],
            "price": (reference[request] * np.exp(relative)),
            "won": (utility == best[request]) & (best > nowhere)[request],
            "reference_price": reference[request],
            "delivery_minutes": minutes,
            "unit_cost": reference[request] * cost,
        }
    )


def true_chances(
    market: QuoteMarket, asked: pl.DataFrame, relative: Vector, *, seed: int, draws: int = 1_500
) -> Vector:
    """Return the true chance of each asked quote at each log `relative` price, rivals unknown.

    By simulation of `draws` sets of rivals a group; shape (rows, prices).
    """
    rules, draw = market.rules, np.random.default_rng([seed, 23])
    against = np.empty((rules.groups, draws))
    for group in range(rules.groups):
        # a shop that quotes is likelier to stand in a request that many quote on
        count = np.where(
            draw.random(draws) < rules.rivals / (1 + rules.rivals),
            1 + draw.poisson(rules.rivals, draws),
            draw.poisson(rules.rivals, draws),
        )
        at = np.repeat(np.arange(draws), count)
        shop = draw.integers(0, rules.shops, len(at))
        common = draw.normal(0, rules.request_spread, draws)
        price = market.markup[shop] + common[at] + draw.normal(0, rules.price_spread, len(at))
        minutes = draw.uniform(20, 120, len(at))
        utility = (
            market.slope[group] * price
            + market.quality[shop]
            + rules.minutes_effect * (minutes - 70)
        )
        against[group] = np.bincount(at, np.exp(utility), draws) + np.exp(market.nowhere[group])
    asked_group = asked["group_id"].to_numpy()
    appeal = market.quality[asked["shop_id"].to_numpy()] + rules.minutes_effect * (
        asked["delivery_minutes"].to_numpy() - 70
    )
    mine = np.exp(appeal[:, None] + market.slope[asked_group][:, None] * relative)
    result = np.empty(mine.shape)
    for row, (own, rivals) in enumerate(zip(mine, against[asked_group], strict=True)):
        result[row] = (own[:, None] / (own[:, None] + rivals)).mean(1)
    return result


def _distinct_shops(draw: np.random.Generator, shops: int, count: Index) -> Index:
    """For each request, `count` different shops."""
    order = draw.random((len(count), shops)).argsort(1)
    return np.concatenate([row[:n] for row, n in zip(order, np.minimum(count, shops), strict=True)])

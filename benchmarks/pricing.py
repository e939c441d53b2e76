"""Prices: accuracy on real sales, truth recovered on simulated markets, quotes won.

Three parts. Orange juice: units of 83 stores by 11 brands, 30 weeks ahead, from full and from
half-year histories. Parts: simulated markets whose elasticities are known. Quotes: a simulated
market of requests. Peers are fitted on the same rows.
"""

import time
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import pricing
from benchmarks.options import Options, bench_data
from benchmarks.pricing_market import (
    Market,
    MarketRules,
    oracle_elasticities,
    simulate_market,
)
from benchmarks.pricing_peers import (
    group_poisson,
    group_regressions,
    item_regressions,
    pooled_logit,
    ridge_poisson,
)
from benchmarks.pricing_quotes import QuoteMarket, QuoteRules, simulate_quotes, true_chances

__all__ = ["run"]

Vector = NDArray[np.float64]

_AHEAD_WEEKS = 30
_ORIGINS = (76, 84, 92, 100)
_SHORT_WEEKS = 26
_LARGEST_CHANGE = 0.2
_MARKETS = {
    "104_weeks": MarketRules(),
    "52_weeks": MarketRules(weeks=52),
    "rare_sales": MarketRules(median_weekly_units=0.3),
    "prices_not_following": MarketRules(price_follows_demand=0.0),
    "lasting_own_shocks": MarketRules(own_shock_memory=0.9),
}
_RELATIVE = np.linspace(-0.6, 0.8, 141)


def run(options: Options) -> dict[str, Any]:
    """Measure all three parts; figures of ours beside those of the peers."""
    figures: dict[str, Any] = {"orange_juice": _orange_juice(options)}
    figures["parts"] = {name: _parts(rules, options, name) for name, rules in _MARKETS.items()}
    figures["quotes"] = _quotes(options)
    return figures


def _orange_juice(options: Options) -> dict[str, Any]:
    """Root mean square error of log units, over all origins."""
    sales = _juice()
    result: dict[str, Any] = {}
    for name, weeks in (("full_history", 200), ("short_history", _SHORT_WEEKS)):
        errors: dict[str, list[Vector]] = {}
        wrong = {"ours": 0.0, "item_regressions": 0.0}
        for origin in _ORIGINS:
            options.note(f"orange juice, {name}, week {origin}")
            past = sales.filter(pl.col("week").is_between(origin - weeks + 1, origin))
            ahead = sales.filter(
                pl.col("week").is_between(origin + 1, origin + _AHEAD_WEEKS),
                pl.col("item_id").is_in(past["item_id"].unique().implode()),
            )
            found, signs = _juice_errors(past, ahead)
            for peer, error in found.items():
                errors.setdefault(peer, []).append(error)
            wrong = {peer: share + signs[peer] / len(_ORIGINS) for peer, share in wrong.items()}
        result[name] = {
            "rmse_log_units": {peer: _rms(np.concatenate(parts)) for peer, parts in errors.items()},
            "wrong_signs": wrong,
        }
    return result


def _juice_errors(
    past: pl.DataFrame, ahead: pl.DataFrame
) -> tuple[dict[str, Vector], dict[str, float]]:
    model = pricing.fit_elasticities(past.drop("week"))
    truth = np.log(ahead["units"].to_numpy())
    ours = np.log(model.predict_units(ahead.drop("week", "units"))["units"].to_numpy())
    items = past["item_id"].unique().sort()
    at, at_ahead = (_positions(frame["item_id"], items) for frame in (past, ahead))
    group, group_ahead = (
        frame["group_id"].to_numpy().astype(np.int64) - 1 for frame in (past, ahead)
    )
    price, promotion, units = (past[c].to_numpy() for c in ("price", "promotion", "units"))
    new = np.stack([np.log(ahead["price"].to_numpy()), ahead["promotion"].to_numpy()], axis=1)
    alone = item_regressions(at, price, promotion, units)
    level, slopes = group_regressions(at, group, price, promotion, units)
    return (
        {
            "ours": truth - ours,
            "item_regressions": truth - alone[at_ahead, 0] - (new * alone[at_ahead, 1:]).sum(1),
            "group_regressions": truth - level[at_ahead] - (new * slopes[group_ahead]).sum(1),
        },
        {
            "ours": float((model.table()["elasticity"].to_numpy() >= 0).mean()),
            "item_regressions": float((alone[:, 1] >= 0).mean()),
        },
    )


def _parts(rules: MarketRules, options: Options, name: str) -> dict[str, Any]:
    """Recovery of known elasticities, and what advice is worth, in one simulated market."""
    options.note(f"parts, {name}")
    market = simulate_market(rules, seed=options.seed)
    begun = time.process_time()
    model = pricing.fit_elasticities(market.history)
    fit_seconds = time.process_time() - begun
    table = model.table().sort("item_id")
    lower, upper = table["lower"].to_numpy(), table["upper"].to_numpy()
    oracle = oracle_elasticities(market, rules)
    floor = _rms(oracle - market.elasticity)
    ours = table["elasticity"].to_numpy()
    figures: dict[str, Any] = {
        "lost_sales": market.lost_share,
        "units_a_week": float(market.history["units"].to_numpy().mean()),
        "rmse": {"oracle_floor": floor, "ours": _rms(ours - market.elasticity)},
        "rmse_over_floor": _rms(ours - market.elasticity) / floor,
        "coverage_of_90": float(((lower < market.elasticity) & (market.elasticity < upper)).mean()),
        "bias": float((ours - market.elasticity).mean()),
        "fit_cpu_seconds": fit_seconds,
        "uplift": {
            **_uplift(market, model),
            "oracle": _worth(market, _plug_in_prices(market, oracle)),
        },
    }
    peers = _peer_slopes(market) if name == "104_weeks" else {}
    for peer, slopes in peers.items():
        figures["rmse"][peer] = _rms(slopes - market.elasticity)
        figures["uplift"][peer] = _worth(market, _plug_in_prices(market, slopes))
    return figures


def _uplift(market: Market, model: pricing.ElasticityModel) -> dict[str, Any]:
    current = pl.DataFrame(
        {
            "item_id": np.arange(len(market.elasticity)),
            "price": market.price[:, -1],
            "unit_cost": market.unit_cost[:, -1],
        }
    )
    result = {}
    for name, confidence in (("without_gate", 0.0), ("with_gate", 0.95)):
        rails = pricing.GuardRails(largest_change=_LARGEST_CHANGE, confidence=confidence)
        advice = pricing.suggest_prices(model, current, rails)
        result[name] = _worth(market, advice["suggested_price"].to_numpy())
    return result


def _worth(market: Market, price: Vector) -> dict[str, float]:
    """Share of the possible gain of profit that `price` brings; how often and when it harms."""
    ratios = np.exp(np.linspace(np.log(1 - _LARGEST_CHANGE), np.log(1 + _LARGEST_CHANGE), 161))
    possible = _gain(market, market.price[:, -1:] * ratios).max(1)
    gain = _gain(market, price[:, None])[:, 0]
    moved = np.abs(price / market.price[:, -1] - 1) > 1e-6
    harmful = moved & (gain < -1e-9)
    return {
        "captured": float(gain.sum() / possible.sum()),
        "harmful_share_of_parts": float(harmful.mean()),
        "harmful_share_of_advice": float(harmful.sum() / max(int(moved.sum()), 1)),
        "advised": float(moved.mean()),
    }


def _gain(market: Market, price: Vector) -> Vector:
    now, cost = market.price[:, -1:], market.unit_cost[:, -1:]
    units = np.exp(market.log_base + market.elasticity * market.log_real_price[:, -1])[:, None]
    grown = (price / now) ** market.elasticity[:, None]
    return np.asarray(units * ((price - cost) * grown - (now - cost)))


def _plug_in_prices(market: Market, slopes: Vector) -> Vector:
    """Return the best prices if `slopes` were true, within the largest change."""
    now, cost = market.price[:, -1], np.maximum(market.unit_cost[:, -1], 1e-9)
    elastic = np.minimum(slopes, -1.01)
    best = np.where(slopes < -1, cost * elastic / (elastic + 1), np.inf)
    return np.clip(best, now * (1 - _LARGEST_CHANGE), now * (1 + _LARGEST_CHANGE))


def _peer_slopes(market: Market) -> dict[str, Vector]:
    parts, weeks = market.price.shape
    item, week = np.repeat(np.arange(parts), weeks), np.tile(np.arange(weeks), parts)
    price, promotion = market.price.ravel(), market.promotion.ravel()
    units = market.history["units"].to_numpy()
    group, share = market.group[item], market.in_stock_share.ravel()
    _, by_group = group_regressions(item, group, price, promotion, units)
    by_poisson = group_poisson(item, group, week, price, share, units)
    return {
        "item_regressions": item_regressions(item, price, promotion, units)[:, 1],
        "group_regressions": by_group[market.group, 0],
        "group_poisson_statsmodels": by_poisson[market.group],
        "ridge_poisson_scikit_learn": ridge_poisson(item, group * weeks + week, price, units),
    }


def _quotes(options: Options) -> dict[str, Any]:
    """Uplift captured over the prices that shops quoted, and calibration on later quotes."""
    market = QuoteMarket.of(QuoteRules(), seed=options.seed)
    later = simulate_quotes(market, 8_000, seed=options.seed + 900)
    asked = later.sample(1_500, seed=options.seed)
    chances = true_chances(market, asked, _RELATIVE, seed=options.seed)
    result: dict[str, Any] = {}
    for requests, repeats in ((500, 4), (3_000, 3), (20_000, 1)):
        options.note(f"quotes, {requests} requests")
        rounds = [
            _quote_round(market, requests, options.seed + k, asked, later, chances)
            for k in range(repeats)
        ]
        result[f"{requests}_requests"] = {
            key: float(np.mean([figures[key] for figures in rounds])) for key in rounds[0]
        }
    return result


def _quote_round(
    market: QuoteMarket,
    requests: int,
    seed: int,
    asked: pl.DataFrame,
    later: pl.DataFrame,
    chances: Vector,
) -> dict[str, float]:
    quotes = simulate_quotes(market, requests, seed=seed)
    begun = time.process_time()
    model = pricing.fit_win_probability(quotes.drop("unit_cost"))
    seconds = time.process_time() - begun
    best = model.best_prices(asked.drop("request_id", "price", "won"))["price"]
    won = later["won"].to_numpy()
    by_price, _ = pooled_logit(quotes, asked, _RELATIVE)
    cost = (asked["unit_cost"] / asked["reference_price"]).to_numpy()[:, None]
    inside = (
        np.abs(_RELATIVE - (model.least + model.greatest) / 2) <= (model.greatest - model.least) / 2
    )
    peer = np.where(inside, (np.exp(_RELATIVE) - cost) * by_price, -np.inf).argmax(1)
    ours = (best / asked["reference_price"]).log().to_numpy()
    _, peer_later = pooled_logit(quotes, later, _RELATIVE[:1])
    return {
        "captured": _captured(asked, chances, ours),
        "captured_by_pooled_logit": _captured(asked, chances, _RELATIVE[peer]),
        "calibration_error": _calibration_error(
            model.win_probability(later.drop("won", "unit_cost")).to_numpy(), won
        ),
        "calibration_error_of_pooled_logit": _calibration_error(peer_later, won),
        "fit_cpu_seconds": seconds,
    }


def _captured(asked: pl.DataFrame, chances: Vector, relative: Vector) -> float:
    """Share of the possible gain of expected margin over the prices that were quoted."""
    cost = (asked["unit_cost"] / asked["reference_price"]).to_numpy()
    scale = asked["reference_price"].to_numpy()
    quoted = (asked["price"] / asked["reference_price"]).log().to_numpy()

    def margin(at: Vector) -> Vector:
        chance = [np.interp(one, _RELATIVE, row) for one, row in zip(at, chances, strict=True)]
        return np.asarray((np.exp(at) - cost) * np.array(chance))

    best = ((np.exp(_RELATIVE) - cost[:, None]) * chances).max(1)
    gain, possible = margin(relative) - margin(quoted), best - margin(quoted)
    return float((gain * scale).sum() / (possible * scale).sum())


def _calibration_error(chance: Vector, won: NDArray[np.bool_]) -> float:
    """Mean gap between chance and outcome over ten equal parts by chance."""
    parts = np.array_split(np.argsort(chance), 10)
    gaps = [abs(chance[part].mean() - won[part].mean()) * len(part) for part in parts]
    return float(np.sum(gaps) / len(chance))


def _juice() -> pl.DataFrame:
    sales = pl.read_parquet(bench_data("orange_juice_to_week_130.parquet"))
    own_price = pl.coalesce(
        pl.when(pl.col("brand") == brand).then(pl.col(f"p{brand}")) for brand in range(1, 12)
    )
    return sales.select(
        item_id=pl.format("{}-{}", "store", "brand"),
        group_id=pl.col("brand").cast(pl.Int64),
        week=pl.col("week").cast(pl.Int64),
        period_start=pl.lit(date(1989, 9, 14)) + pl.duration(weeks=pl.col("week").cast(pl.Int64)),
        units="units_oz",
        price=own_price,
        promotion=pl.col("feat").cast(pl.Float64),
    )


def _positions(values: pl.Series, ordered: pl.Series) -> NDArray[np.int64]:
    return ordered.search_sorted(values).to_numpy().astype(np.int64)


def _rms(values: Vector) -> float:
    return float(np.sqrt(np.mean(np.square(values))))

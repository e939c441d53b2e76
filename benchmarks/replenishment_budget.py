"""Money in stock for 95% of all units: one joint level against the same level for every part."""

from typing import Any

import numpy as np
import polars as pl

import replenishment
from benchmarks.options import Options
from benchmarks.replenishment_replay import car_parts
from replenishment.history import History, estimate
from replenishment.joint import joint_policy
from replenishment.negative_binomial import Floats

__all__ = ["run"]

_TRAINING_MONTHS = 24
_LEAD_TIME = 2
_GOAL = 0.95
_PROMISES = (0.9, 0.93, 0.95, 0.965, 0.98, 0.99, 0.995)
_BUDGETS = 200


def run(options: Options) -> dict[str, Any]:
    """Return capital at equal service, expected and replayed, and the worst excess of a budget."""
    options.note("replenishment: joint budget")
    sales = car_parts()
    cutoff = sales["period_start"].unique().sort()[_TRAINING_MONTHS]
    past = sales.filter(pl.col("period_start") < cutoff)
    later = sales.filter(pl.col("period_start") >= cutoff)
    demand = _demand(past, options.seed)
    equal, joint = ([plan(demand, share) for share in _PROMISES] for plan in (_equal, _joint))
    kept = [
        np.array([_replayed(later, plan, demand) for plan in plans]) for plans in (equal, joint)
    ]
    ours, theirs = _joint(demand, _GOAL), _equal(demand, _GOAL)
    return {
        "capital_saved_percent_expected": _saved(_capital(ours, demand), _capital(theirs, demand)),
        "capital_saved_percent_replayed": _saved(_at_goal(kept[1]), _at_goal(kept[0])),
        "largest_excess_over_a_budget": _largest_excess(demand, theirs, options.seed),
        "budgets_tried": 2 * _BUDGETS,
    }


def _saved(ours: float, theirs: float) -> float:
    return 100 * (1 - ours / theirs)


def _demand(past: pl.DataFrame, seed: int) -> pl.DataFrame:
    history = History.of(past)
    period = estimate(history)
    prices = np.random.default_rng(seed).lognormal(3.0, 1.0, len(history.parts))
    return pl.DataFrame(
        {
            "series_id": history.parts,
            "mean": period.mean,
            "variance": period.variance,
            "mean_sd": period.mean_sd,
            "price": prices,
        }
    )


def _equal(demand: pl.DataFrame, share: float) -> pl.DataFrame:
    return replenishment.policy(
        demand, lead_time=_LEAD_TIME, holding_cost="price", ordering_cost=0, fill_rate=share
    )


def _joint(demand: pl.DataFrame, share: float) -> pl.DataFrame:
    return joint_policy(
        demand,
        lead_time=_LEAD_TIME,
        unit_cost="price",
        holding_cost="price",
        ordering_cost=0,
        fill_rate=share,
    )


def _capital(plan: pl.DataFrame, demand: pl.DataFrame) -> float:
    return float((plan["expected_stock"] * demand["price"]).sum())


def _replayed(later: pl.DataFrame, plan: pl.DataFrame, demand: pl.DataFrame) -> tuple[float, float]:
    """Return the share of units served and the mean money in stock."""
    result = replenishment.simulate(later, plan, lead_time=_LEAD_TIME)
    served, asked = result.select("served", "demand").sum().row(0)
    return served / asked, float((result["mean_stock"] * demand["price"]).sum())


def _at_goal(kept: Floats) -> float:
    """Return the money at the share of units aimed at, between the promises replayed."""
    shares, money = kept.T
    return float(np.exp(np.interp(_GOAL, shares, np.log(money))))


def _largest_excess(demand: pl.DataFrame, plan: pl.DataFrame, seed: int) -> float:
    """Return by how much any budget was exceeded, by the joint policy and by the suggestions."""
    rng = np.random.default_rng(seed)
    few = demand.head(200)
    shelf = few.select("series_id", on_hand=pl.lit(0), unit_cost="price")
    largest = -np.inf
    for budget in rng.lognormal(8.0, 2.0, _BUDGETS):
        bought = replenishment.suggest(shelf, plan, budget)["cost"].sum()
        held = joint_policy(
            few,
            lead_time=_LEAD_TIME,
            unit_cost="price",
            holding_cost="price",
            ordering_cost=0,
            budget=budget,
        )["capital"].sum()
        largest = max(largest, bought - budget, held - budget)
    return float(largest)

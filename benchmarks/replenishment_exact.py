"""Cost of the (r, nQ) policies against full enumeration and peers, and parts planned a second."""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

import replenishment
from benchmarks.options import Options

__all__ = ["run"]

Floats = NDArray[np.float64]

_PARTS = 20_000
_ENUMERATED = 400
_PEER_PARTS = 60
_LEVELS = np.arange(-250, 900)


def run(options: Options) -> dict[str, Any]:
    """Return excess costs in percent and speeds in parts a CPU-second."""
    options.note("replenishment: exact policies")
    parts = _drawn(_PARTS, options.seed)
    plan, speed = _timed(lambda: _planned(parts, shortage_cost="shortage"))
    _, speed_at_fill = _timed(lambda: _planned(parts, fill_rate=0.95))
    optimum, ours, peer = _compared(parts, plan)
    return {
        "parts_enumerated": _ENUMERATED,
        "excess_cost_percent_total": _percent(ours.sum(), optimum.sum()),
        "excess_cost_percent_p95": float(np.quantile(100 * (ours / optimum - 1), 0.95)),
        "eoq_normal_excess_cost_percent_total": _percent(peer.sum(), optimum.sum()),
        "parts_per_second": _PARTS / speed,
        "parts_per_second_at_fill_rate": _PARTS / speed_at_fill,
        **_stockpyl(options.seed),
    }


def _drawn(count: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    mean = rng.lognormal(0.0, 1.1, count)
    holding = rng.uniform(0.02, 0.5, count)
    return pl.DataFrame(
        {
            "series_id": np.arange(count),
            "mean": mean,
            "variance": mean * (1.0 + rng.exponential(1.5, count)),
            "lead": rng.choice([0.5, 1.0, 2.0, 4.0], count),
            "holding": holding,
            "ordering": rng.lognormal(0.7, 1.0, count),
            "shortage": holding * rng.lognormal(2.5, 0.8, count),
            "multiple": rng.choice([1, 1, 1, 2, 6, 10], count),
            "minimum": rng.choice([1, 1, 1, 4, 12], count),
        }
    )


def _planned(parts: pl.DataFrame, **goal: Any) -> pl.DataFrame:
    return replenishment.policy(
        parts,
        lead_time="lead",
        holding_cost="holding",
        ordering_cost="ordering",
        multiple="multiple",
        minimum="minimum",
        **goal,
    )


def _timed(work: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def _percent(cost: float, optimum: float) -> float:
    return float(100 * (cost / optimum - 1))


def _compared(parts: pl.DataFrame, plan: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return each part's least cost, and the costs of our policy and of EOQ with normal demand."""
    costs = []
    rows = parts.head(_ENUMERATED).iter_rows(named=True)
    for part, found in zip(rows, plan.iter_rows(named=True), strict=False):
        sums = _running_costs(part)
        mean, deviation = part["mean"] * part["lead"], (part["variance"] * part["lead"]) ** 0.5
        batch = np.sqrt(2 * part["ordering"] * part["mean"] / part["holding"])
        quantity = -(-max(round(batch), part["minimum"]) // part["multiple"]) * part["multiple"]
        ratio = part["shortage"] / (part["shortage"] + part["holding"])
        point = round(mean + stats.norm.ppf(ratio) * deviation)
        costs.append(
            (
                _least(part, sums),
                _cost(part, sums, found["reorder_point"], found["order_quantity"]),
                _cost(part, sums, point, quantity),
            )
        )
    optimum, ours, peer = np.array(costs).T
    return optimum, ours, peer


def _running_costs(part: dict[str, float]) -> Floats:
    """Return the sums of g(y) over the levels, straight from scipy's probabilities."""
    mean, variance = part["mean"] * part["lead"], part["variance"] * part["lead"]
    units = np.arange(4_000)
    law = stats.nbinom(mean**2 / (variance - mean), mean / variance).pmf(units)
    over = np.concatenate([[0.0], np.cumsum(np.cumsum(law))])
    levels = np.maximum(_LEVELS, 0)
    left = np.where(_LEVELS > 0, over[levels], 0.0)
    short = mean - _LEVELS + left
    return np.concatenate([[0.0], np.cumsum(part["holding"] * left + part["shortage"] * short)])


def _cost(part: dict[str, float], sums: Floats, point: int, quantity: int) -> float:
    first = point + 1 - int(_LEVELS[0])
    ordering = part["ordering"] * part["mean"]
    return float((ordering + sums[first + quantity] - sums[first]) / quantity)


def _least(part: dict[str, float], sums: Floats) -> float:
    step, best = int(part["multiple"]), np.inf
    smallest = -(-int(part["minimum"]) // step) * step
    for quantity in range(smallest, 600, step):
        windows = (sums[quantity:] - sums[:-quantity]).min()
        best = min(best, (part["ordering"] * part["mean"] + windows) / quantity)
    return float(best)


def _stockpyl(seed: int) -> dict[str, float]:
    """Return stockpyl's speed and its largest difference in cost, for Poisson demand unpacked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stockpyl import rq
    parts = _drawn(_PEER_PARTS, seed).with_columns(variance="mean", multiple=1, minimum=1)
    plan = _planned(parts, shortage_cost="shortage")
    start = time.process_time()
    costs = [
        rq.r_q_poisson_exact(
            row["holding"], row["shortage"], row["ordering"], row["mean"], row["lead"]
        )[2]
        for row in parts.iter_rows(named=True)
    ]
    seconds = time.process_time() - start
    difference = np.abs(plan["expected_cost"].to_numpy() / np.array(costs) - 1).max()
    return {
        "stockpyl_parts_per_second": _PEER_PARTS / seconds,
        "largest_difference_from_stockpyl_percent": float(100 * difference),
    }

import warnings

import numpy as np
import pytest

from replenishment.cheapest import cheapest
from replenishment.economics import Economics
from replenishment.negative_binomial import NegativeBinomial

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings hold invalid escapes
    from stockpyl import rq


def parts(seed: int, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    holding = rng.uniform(0.02, 0.5, count)
    mean = rng.lognormal(0.0, 1.0, count)
    return {
        "per_period": mean,
        "lead": rng.choice([0.5, 1.0, 3.0], count),
        "ratio": 1.0 + rng.exponential(1.5, count),
        "holding": holding,
        "ordering": rng.lognormal(0.5, 1.0, count),
        "shortage": holding * rng.lognormal(2.5, 0.8, count),
        "multiple": rng.choice([1, 1, 2, 5, 12], count),
        "minimum": rng.choice([1, 1, 3, 20], count),
    }


def test_cost_is_that_of_full_enumeration_with_packing(losses) -> None:  # type: ignore[no-untyped-def]
    drawn = parts(seed=3, count=40)
    mean = drawn["per_period"] * drawn["lead"]
    variance = mean * drawn["ratio"]
    economics = Economics(drawn["holding"], drawn["ordering"], drawn["multiple"], drawn["minimum"])
    found = cheapest(
        NegativeBinomial(mean, variance), drawn["per_period"], economics, drawn["shortage"]
    )
    levels = np.arange(-150, 400)
    for i in range(40):
        short = losses(mean[i], variance[i], levels)
        h, p = drawn["holding"][i], drawn["shortage"][i]
        sums = np.concatenate([[0.0], np.cumsum(h * (levels - mean[i]) + (h + p) * short)])
        step, least = int(drawn["multiple"][i]), int(drawn["minimum"][i])
        setup = drawn["ordering"][i] * drawn["per_period"][i]
        candidates = [
            ((setup + sums[q + r] - sums[r]) / q, levels[r] - 1, q)
            for q in range(step, 200, step)
            if q >= least
            for r in range(len(levels) - q)
        ]
        cost, point, quantity = min(candidates)
        assert found.expected_cost[i] == pytest.approx(cost, rel=1e-9)
        assert (found.reorder_point[i], found.order_quantity[i]) == (point, quantity)


@pytest.mark.parametrize(
    ("holding", "shortage", "ordering", "mean", "lead"),
    [(20, 150, 100, 1.5, 2), (1, 9, 24, 10, 1), (0.2, 5, 8, 0.4, 3), (3, 4, 0.5, 6, 0.25)],
)
def test_poisson_demand_agrees_with_stockpyl(
    holding: float, shortage: float, ordering: float, mean: float, lead: float
) -> None:
    point, quantity, cost = rq.r_q_poisson_exact(holding, shortage, ordering, mean, lead)
    one = np.array([1])
    economics = Economics(np.array([float(holding)]), np.array([float(ordering)]), one, one)
    over_lead = np.array([mean * lead])
    found = cheapest(
        NegativeBinomial(over_lead, over_lead),
        np.array([float(mean)]),
        economics,
        np.array([float(shortage)]),
    )
    assert found.expected_cost[0] == pytest.approx(cost, rel=1e-9)
    assert (found.reorder_point[0], found.order_quantity[0]) == (point, quantity)


def test_a_minimum_that_is_no_multiple_is_raised_to_one() -> None:
    economics = Economics(np.array([1.0]), np.array([0.0]), np.array([4]), np.array([6]))
    assert economics.smallest_batch.tolist() == [8]
    demand = NegativeBinomial(np.array([2.0]), np.array([3.0]))
    found = cheapest(demand, np.array([1.0]), economics, np.array([9.0]))
    assert found.order_quantity.tolist() == [8]


def test_parts_do_not_influence_each_other() -> None:
    drawn = parts(seed=5, count=30)
    demand = NegativeBinomial(drawn["per_period"], drawn["per_period"] * drawn["ratio"])
    economics = Economics(drawn["holding"], drawn["ordering"], drawn["multiple"], drawn["minimum"])
    together = cheapest(demand, drawn["per_period"], economics, drawn["shortage"])
    for i in range(30):
        row = np.array([i])
        alone = cheapest(
            demand.take(row), drawn["per_period"][row], economics.take(row), drawn["shortage"][row]
        )
        assert alone.order_quantity[0] == together.order_quantity[i]
        assert alone.reorder_point[0] == together.reorder_point[i]

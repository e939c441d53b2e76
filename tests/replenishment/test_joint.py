from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replenishment
from clutch.errors import InvalidInput
from replenishment.joint import joint_policy


def parts(seed: int, count: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    mean = rng.gamma(0.6, 1.5, count) + 0.02
    return pl.DataFrame(
        {
            "series_id": np.arange(count),
            "mean": mean,
            "variance": mean * rng.uniform(1.0, 4.0, count),
            "price": rng.lognormal(3.0, 1.2, count),
        }
    )


COSTS = {"lead_time": 2, "unit_cost": "price", "holding_cost": "price", "ordering_cost": 0}


def served(plan: pl.DataFrame, demand: pl.DataFrame) -> float:
    return float((plan["fill_rate"] * demand["mean"]).sum() / demand["mean"].sum())


def test_a_joint_service_level_ties_up_less_than_equal_ones() -> None:
    demand = parts(seed=1, count=300)
    joint = joint_policy(demand, fill_rate=0.95, **COSTS)  # type: ignore[arg-type]
    equal = replenishment.policy(
        demand, lead_time=2, holding_cost="price", ordering_cost=0, fill_rate=0.95
    )
    assert 0.95 <= served(joint, demand) < 0.952
    assert joint["capital"].sum() < 0.8 * (equal["expected_stock"] * demand["price"]).sum()


def test_few_parts_are_served_as_well_as_by_any_choice_near_the_budget() -> None:
    demand = parts(seed=4, count=3)
    single = [
        [
            (row["price"] * plan["expected_stock"][0], row["mean"] * plan["fill_rate"][0])
            for point in range(-1, 12)
            for plan in [_at(row, point)]
        ]
        for row in demand.iter_rows(named=True)
    ]
    for budget in (30.0, 80.0, 200.0):
        plan = joint_policy(demand, budget=budget, **COSTS)  # type: ignore[arg-type]
        reached = (plan["fill_rate"] * demand["mean"]).sum()
        # Greedy steps along the hull may miss the best whole-number choice by one step.
        best = max(
            sum(units for _, units in choice)
            for choice in product(*single)
            if sum(money for money, _ in choice) <= budget * 0.7
        )
        assert reached >= best - 1e-9


def _at(row: dict[str, float], point: int) -> pl.DataFrame:
    from replenishment.economics import Economics, Found
    from replenishment.lead_time import LeadTimeDemand, PeriodDemand
    from replenishment.policies import plan_frame

    one = np.array([1])
    period = PeriodDemand(np.array([row["mean"]]), np.array([row["variance"]]), np.zeros(1))
    demand = LeadTimeDemand.of(period, np.array([2.0]), np.zeros(1))
    economics = Economics(np.ones(1), np.zeros(1), one, one)
    found = Found(np.array([point]), one, np.zeros(1))
    return plan_frame(pl.Series([0]), demand, economics, found)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), budget=st.floats(0, 20_000))
def test_the_budget_is_never_exceeded(seed: int, budget: float) -> None:
    demand = parts(seed=seed, count=20)
    plan = joint_policy(demand, budget=budget, multiple=3, **COSTS)  # type: ignore[arg-type]
    assert plan["capital"].sum() <= budget


def test_more_money_serves_more() -> None:
    demand = parts(seed=2, count=50)
    shares = [
        served(joint_policy(demand, budget=money, **COSTS), demand)  # type: ignore[arg-type]
        for money in (0, 100, 1_000, 10_000, 1e6)
    ]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 0.999


def test_exactly_one_goal_is_asked_for() -> None:
    with pytest.raises(InvalidInput, match="exactly one of the two, found neither"):
        joint_policy(parts(1, 2), **COSTS)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="budget: expected an amount of money"):
        joint_policy(parts(1, 2), budget=-1, **COSTS)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="fill_rate: expected a share"):
        joint_policy(parts(1, 2), fill_rate=1.0, **COSTS)  # type: ignore[arg-type]

import numpy as np
import polars as pl
import pytest
from scipy import stats

from clutch.errors import InvalidInput
from replenishment.periodic_review import review_policy


@pytest.mark.parametrize(
    ("mean", "point", "up_to", "cost"),
    # Zheng and Federgruen (1991), table 1: Poisson demand, setup 64, holding 1, shortage 9.
    [(10, 6, 40, 35.022), (15, 10, 49, 42.698), (25, 19, 56, 54.262)],
)
def test_the_published_policies_are_found(mean: int, point: int, up_to: int, cost: float) -> None:
    demand = pl.DataFrame({"series_id": ["a"], "mean": float(mean), "variance": float(mean)})
    plan = review_policy(
        demand, lead_time=1, review_periods=1, holding_cost=1, ordering_cost=64, shortage_cost=9
    ).row(0, named=True)
    assert (plan["reorder_point"], plan["order_up_to"]) == (point, up_to)
    assert plan["expected_cost"] == pytest.approx(cost, abs=1e-3)


@pytest.mark.parametrize("reviews", [1, 3])
@pytest.mark.parametrize("goal", [{"shortage_cost": 6.0}, {"fill_rate": 0.93}])
def test_cost_and_fill_are_what_a_long_replay_shows(reviews: int, goal: dict[str, float]) -> None:
    mean, variance, lead, setup = 1.5, 3.5, 2, 9.0
    demand = pl.DataFrame({"series_id": ["a"], "mean": mean, "variance": variance})
    plan = review_policy(
        demand,
        lead_time=lead,
        review_periods=reviews,
        holding_cost=1,
        ordering_cost=setup,
        **goal,  # type: ignore[arg-type]
    ).row(0, named=True)
    shown = _replay(plan["reorder_point"], plan["order_up_to"], reviews, goal)
    assert plan["fill_rate"] == pytest.approx(shown[1], abs=4e-3)
    assert plan["expected_cost"] == pytest.approx(shown[0], rel=0.01)
    for point, up_to in ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1)):
        near = _replay(plan["reorder_point"] + point, plan["order_up_to"] + up_to, reviews, goal)
        serves = near[1] >= goal.get("fill_rate", 0.0) + 2e-3
        assert not serves or near[0] >= plan["expected_cost"] * 0.995


def _replay(point: int, up_to: int, reviews: int, goal: dict[str, float]) -> tuple[float, float]:
    mean, variance, lead, setup, copies, periods = 1.5, 3.5, 2, 9.0, 3_000, 360
    law = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    asked = law.rvs((periods, copies), random_state=np.random.default_rng(5))
    net, due = np.full(copies, float(up_to)), np.zeros((periods + lead + 1, copies))
    cost = served = total = 0.0
    for period in range(periods):
        net += due[period]
        met = np.minimum(np.maximum(net, 0), asked[period])
        net -= asked[period]
        counted = period >= 60
        if counted:
            served, total = served + met.sum(), total + asked[period].sum()
            cost += np.maximum(net, 0).mean()
            cost += goal.get("shortage_cost", 0.0) * np.maximum(-net, 0).mean()
        if period % reviews == 0:
            position = net + due[period + 1 :].sum(axis=0)
            order = np.where(position <= point, up_to - position, 0.0)
            due[period + lead] += order
            cost += setup * (order > 0).mean() * counted
    return cost / (periods - 60), served / total


def test_a_part_never_asked_for_is_not_stocked() -> None:
    demand = pl.DataFrame({"series_id": ["a"], "mean": 0.0, "variance": 0.0})
    plan = review_policy(
        demand, lead_time=1, review_periods=2, holding_cost=1, ordering_cost=1, fill_rate=0.9
    )
    assert plan.select("reorder_point", "order_up_to", "expected_cost").row(0) == (-1, 0, 0.0)
    assert review_policy(
        demand.clear(),
        lead_time=1,
        review_periods=2,
        holding_cost=1,
        ordering_cost=1,
        fill_rate=0.9,
    ).is_empty()


@pytest.mark.parametrize("periods", [0, 1.5, True])
def test_review_periods_are_whole(periods: object) -> None:
    demand = pl.DataFrame({"series_id": ["a"], "mean": 1.0, "variance": 1.0})
    with pytest.raises(InvalidInput, match="review_periods: expected a whole number"):
        review_policy(
            demand,
            lead_time=1,
            review_periods=periods,  # type: ignore[arg-type]
            holding_cost=1,
            ordering_cost=1,
            fill_rate=0.9,
        )

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replenishment
from clutch.errors import InvalidFrame, InvalidInput
from replenishment.suggestions import by_supplier

PLAN = pl.DataFrame(
    {
        "series_id": ["a", "b", "c"],
        "reorder_point": [4, 10, 0],
        "order_quantity": [6, 5, 1],
        "multiple": [2, 5, 1],
        "minimum": [4, 1, 1],
        "lead_time_demand": [3.0, 8.0, 0.2],
        "lead_time_variance": [6.0, 9.0, 0.3],
    }
)
SHELF = pl.DataFrame(
    {
        "series_id": ["a", "b", "c"],
        "on_hand": [2, 1, 1],
        "on_order": [0, 0, 0],
        "reserved": [1, 0, 0],
        "unit_cost": [3.0, 2.0, 50.0],
        "supplier": ["Nile", "Delta", "Nile"],
    }
)


def test_batches_bring_the_position_above_the_reorder_point() -> None:
    lines = replenishment.suggest(SHELF, PLAN)
    assert lines.select("supplier", "series_id", "position", "quantity", "cost").rows() == [
        ("Delta", "b", 1, 10, 20.0),
        ("Nile", "a", 1, 6, 18.0),
        ("Nile", "c", 1, 0, 0.0),
    ]


def test_the_reason_shows_the_arithmetic() -> None:
    reasons = replenishment.suggest(SHELF, PLAN, budget=20)["reason"].to_list()
    assert reasons == [
        "1 on hand + 0 on order - 0 reserved = 1, not above the reorder point 10:"
        " order 10 to reach 11",
        "2 on hand + 0 on order - 1 reserved = 1, not above the reorder point 4:"
        " order 6 to reach 7; the budget covers 0",
        "1 on hand + 0 on order - 0 reserved = 1, above the reorder point 0: enough",
    ]


def test_an_order_is_never_suggested_twice() -> None:
    first = replenishment.suggest(SHELF, PLAN)
    ordered = SHELF.drop("on_order").join(
        first.select("series_id", on_order="quantity"), on="series_id"
    )
    assert replenishment.suggest(ordered, PLAN)["quantity"].to_list() == [0, 0, 0]


def test_an_oversold_part_is_ordered_for_those_who_wait() -> None:
    shelf = pl.DataFrame({"series_id": ["a"], "on_hand": [-3]})
    assert replenishment.suggest(shelf, PLAN)["quantity"].to_list() == [12]


def test_order_up_to_reaches_the_target() -> None:
    plan = pl.DataFrame({"series_id": ["a"], "reorder_point": [4], "order_up_to": [11]})
    shelf = pl.DataFrame({"series_id": ["a"], "on_hand": [4]})
    assert replenishment.suggest(shelf, plan)["quantity"].to_list() == [7]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    budget=st.floats(0, 2_000, allow_nan=False),
)
def test_the_budget_is_never_exceeded_and_packing_is_kept(seed: int, budget: float) -> None:
    rng = np.random.default_rng(seed)
    parts = 12
    multiple = rng.integers(1, 6, parts)
    plan = pl.DataFrame(
        {
            "series_id": np.arange(parts),
            "reorder_point": rng.integers(-1, 20, parts),
            "order_quantity": multiple * rng.integers(3, 9, parts),
            "multiple": multiple,
            "minimum": rng.integers(1, 12, parts),
            "lead_time_demand": rng.gamma(1.0, 5.0, parts),
            "lead_time_variance": rng.gamma(2.0, 10.0, parts),
        }
    ).with_columns(pl.max_horizontal("minimum", "order_quantity").alias("order_quantity"))
    plan = plan.with_columns(
        order_quantity=-(-pl.col("order_quantity") // pl.col("multiple")) * pl.col("multiple")
    )
    shelf = pl.DataFrame(
        {
            "series_id": np.arange(parts),
            "on_hand": rng.integers(0, 25, parts),
            "unit_cost": rng.lognormal(1, 1, parts),
        }
    )
    lines = replenishment.suggest(shelf, plan, budget).join(plan, on="series_id")
    wanted = replenishment.suggest(shelf, plan)
    assert (lines["quantity"].to_numpy() * shelf["unit_cost"].to_numpy()).sum() <= budget
    assert (lines["quantity"] <= wanted["quantity"]).all()
    assert (lines["quantity"] % lines["multiple"] == 0).all()
    assert ((lines["quantity"] == 0) | (lines["quantity"] >= lines["minimum"])).all()


def test_the_budget_buys_what_avoids_most_shortage() -> None:
    plan = pl.DataFrame(
        {
            "series_id": ["a", "b"],
            "reorder_point": [3, 3],
            "order_quantity": [4, 4],
            "multiple": [1, 1],
            "minimum": [1, 1],
            "lead_time_demand": [3.0, 1.0],
            "lead_time_variance": [4.0, 1.5],
        }
    )
    shelf = pl.DataFrame({"series_id": ["a", "b"], "on_hand": [0, 0], "unit_cost": [2.0, 1.0]})
    demand = replenishment.suggestions.NegativeBinomial(
        plan["lead_time_demand"].to_numpy(), plan["lead_time_variance"].to_numpy()
    )
    for budget in range(13):
        chosen = replenishment.suggest(shelf, plan, budget)["quantity"].to_numpy()
        affordable = [q for q in product(range(5), repeat=2) if 2 * q[0] + q[1] <= budget]
        least = min(demand.loss(np.array(q)).sum() for q in affordable)
        # Whole units leave at most the last unit's worth of money unused.
        assert demand.loss(chosen).sum() <= least + 0.5


@pytest.mark.parametrize("budget", [-1, float("nan"), float("inf"), True, "much"])
def test_a_budget_that_is_no_amount_is_refused(budget: object) -> None:
    with pytest.raises(InvalidInput, match="budget: expected an amount of money"):
        replenishment.suggest(SHELF, PLAN, budget)  # type: ignore[arg-type]


def test_what_a_budget_needs_is_named() -> None:
    with pytest.raises(InvalidFrame, match=r"position.unit_cost"):
        replenishment.suggest(SHELF.drop("unit_cost"), PLAN, 10)
    with pytest.raises(InvalidFrame, match=r"policy.lead_time_demand"):
        replenishment.suggest(SHELF, PLAN.drop("lead_time_demand"), 10)


def test_a_part_without_a_policy_is_named() -> None:
    with pytest.raises(InvalidFrame, match="none for b"):
        replenishment.suggest(SHELF, PLAN.filter(pl.col("series_id") != "b"))


def test_a_purchase_order_holds_the_lines_of_its_supplier() -> None:
    orders = by_supplier(replenishment.suggest(SHELF, PLAN))
    assert orders.rows() == [("Delta", 1, 10, 20.0), ("Nile", 1, 6, 18.0)]

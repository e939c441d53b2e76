import datetime

import polars as pl
import pytest

import replenishment
from clutch.errors import InvalidFrame, InvalidInput

DAYS = [datetime.date(2026, 1, day) for day in range(1, 7)]


def sales(*quantities: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"series_id": "a", "period_start": DAYS[: len(quantities)], "quantity": quantities},
        schema_overrides={"quantity": pl.Float64},
    )


PLAN = pl.DataFrame({"series_id": ["a"], "reorder_point": [2], "order_quantity": [4]})


def test_an_order_arrives_as_the_period_lead_time_later_opens() -> None:
    # 6 on the shelf; 4 go on day 1, leaving 2: order 4, there on day 3.
    result = replenishment.simulate(sales(4, 3, 3), PLAN, lead_time=2).row(0, named=True)
    assert result["served"] == 4 + 2 + 3
    assert result["lost_sales"] == 1
    assert result["mean_stock"] == pytest.approx((2 + 0 + 0) / 3)
    assert result["orders"] == 2


def test_customers_who_do_not_wait_leave_the_next_arrival_on_the_shelf() -> None:
    waits = replenishment.simulate(sales(9, 0, 1), PLAN, lead_time=1)
    lost = replenishment.simulate(sales(9, 0, 1), PLAN, lead_time=1, unmet="lost")
    assert waits["closing_stock"].to_list() == [4]
    assert lost["closing_stock"].to_list() == [3]
    assert waits["ordered"].to_list() == [8]
    assert lost["ordered"].to_list() == [4]


def test_what_is_on_order_is_not_ordered_again() -> None:
    result = replenishment.simulate(sales(4, 0, 0, 0, 0, 0), PLAN, lead_time=10)
    assert (result["orders"][0], result["ordered"][0]) == (1, 4)


def test_a_renewed_plan_holds_from_its_period_on() -> None:
    renewed = pl.DataFrame(
        {
            "series_id": ["a", "a"],
            "period_start": [DAYS[0], DAYS[2]],
            "reorder_point": [-1, 5],
            "order_quantity": [1, 6],
        }
    )
    result = replenishment.simulate(sales(0, 0, 0, 0), renewed, lead_time=1)
    assert (result["orders"][0], result["closing_stock"][0]) == (1, 6)


def test_order_up_to_orders_the_difference() -> None:
    plan = pl.DataFrame({"series_id": ["a"], "reorder_point": [2], "order_up_to": [7]})
    result = replenishment.simulate(sales(5, 0), plan, lead_time=1)
    assert (result["ordered"][0], result["closing_stock"][0]) == (5, 7)


def test_an_unobserved_period_asks_for_nothing() -> None:
    assert replenishment.simulate(sales(None, 2), PLAN, lead_time=1)["demand"].to_list() == [2]
    assert replenishment.simulate(sales(None), PLAN, lead_time=1)["fill_rate"].to_list() == [None]


def test_varying_lead_times_are_the_same_for_the_same_seed() -> None:
    asked = sales(3, 3, 3, 3, 3, 3)
    first, second = (
        replenishment.simulate(asked, PLAN, lead_time=2, lead_time_sd=2, seed=3) for _ in range(2)
    )
    assert first.equals(second)


def test_the_order_of_rows_changes_nothing(sales: pl.DataFrame) -> None:
    plan = replenishment.policy(sales, lead_time=2, fill_rate=0.9, holding_cost=1, ordering_cost=2)
    straight = replenishment.simulate(sales, plan, lead_time=2)
    assert straight.equals(replenishment.simulate(sales.reverse(), plan.reverse(), lead_time=2))


def test_what_cannot_be_used_is_named() -> None:
    with pytest.raises(InvalidFrame, match=r"policy.series_id: .*none for a"):
        replenishment.simulate(sales(1), PLAN.clear(), lead_time=1)
    with pytest.raises(InvalidFrame, match="either order_quantity or order_up_to"):
        replenishment.simulate(sales(1), PLAN.drop("order_quantity"), lead_time=1)
    with pytest.raises(InvalidFrame, match=r"history.quantity: expected values of 0 or more"):
        replenishment.simulate(sales(-1), PLAN, lead_time=1)
    with pytest.raises(InvalidInput, match="unmet: expected waits or lost"):
        replenishment.simulate(sales(1), PLAN, lead_time=1, unmet="kept")  # type: ignore[arg-type]

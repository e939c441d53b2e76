import datetime

import polars as pl
import pytest

from clutch.errors import InvalidFrame, InvalidInput
from replenishment.classes import classify

DAYS = [datetime.date(2025, month, 1) for month in range(1, 13)]


def sold(part: str, quantities: list[int | None], unit_value: float = 1.0) -> pl.DataFrame:
    return pl.DataFrame(
        {"series_id": part, "period_start": DAYS, "quantity": quantities, "unit_value": unit_value},
        schema_overrides={"quantity": pl.Int64},
    )


HISTORY = pl.concat(
    [
        sold("filter", [10, 11, 9, 10] * 3),
        sold("engine", [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], unit_value=700.0),
        sold("lamp", [0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 2]),
        sold("never", [0] * 12),
    ]
)


def test_classes_follow_value_regularity_and_movement() -> None:
    classes = classify(HISTORY)
    columns = ("series_id", "abc", "xyz", "movement", "pattern", "idle_periods")
    assert classes.select(columns).rows() == [
        ("engine", "A", "Z", "slow", "intermittent", 8),
        ("filter", "B", "X", "active", "smooth", 0),
        ("lamp", "C", "Z", "active", "lumpy", 0),
        ("never", "C", "Z", "dead", "none", 12),
    ]


def test_unobserved_periods_are_left_out() -> None:
    classes = classify(sold("new", [None] * 10 + [3, 3]))
    assert classes.select("xyz", "pattern", "idle_periods").row(0) == ("X", "smooth", 0)


def test_limits_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInput, match="a_share, b_share"):
        classify(HISTORY, a_share=0.9, b_share=0.5)
    with pytest.raises(InvalidInput, match="slow_periods, dead_periods"):
        classify(HISTORY, slow_periods=0)


def test_a_history_that_cannot_be_used_is_named() -> None:
    with pytest.raises(InvalidFrame, match=r"history.quantity"):
        classify(HISTORY.drop("quantity"))
    assert classify(HISTORY.clear()).is_empty()

"""Column contracts refuse what the maths cannot use, and name it."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked

QUANTITY = Column(name="quantity", kind="number", minimum=0, maximum=100)
CONTRACT = [Column(name="part", kind="key"), QUANTITY]


def refused(frame: pl.DataFrame, *columns: Column, key: tuple[str, ...] = ()) -> str:
    with pytest.raises(InvalidFrame) as raised:
        checked(frame, columns or CONTRACT, name="sales", key=key)
    return str(raised.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, float("nan")], "sales.quantity: expected finite numbers, found nan (row 1)"),
        ([float("inf"), 1.0], "sales.quantity: expected finite numbers, found inf (row 0)"),
        ([-1.0, -2.0], "sales.quantity: expected values of 0 or more, found -1.0 (rows 0, 1)"),
        ([1.0, 101.0], "sales.quantity: expected values of 100 or less, found 101.0 (row 1)"),
        ([None, 1.0], "sales.quantity: expected no missing values, found None (row 0)"),
        ([True, False], "sales.quantity: expected numbers, found Boolean"),
        (["1", "2"], "sales.quantity: expected numbers, found String"),
    ],
)
def test_values_that_cannot_be_used_are_named(values: list[object], message: str) -> None:
    assert refused(pl.DataFrame({"part": ["a", "b"], "quantity": values})) == message


def test_a_missing_column_is_named() -> None:
    message = refused(pl.DataFrame({"part": ["a"]}))
    assert message == "sales.quantity: expected a column of numbers, found no such column"


def test_two_rows_of_one_key_are_refused() -> None:
    frame = pl.DataFrame({"part": ["a", "b", "a"], "quantity": [1, 2, 3]})
    assert refused(frame, *CONTRACT, key=("part",)) == (
        "sales.part: expected one row for each, found duplicates (rows 0, 2)"
    )


def test_something_else_than_a_frame_is_refused() -> None:
    with pytest.raises(InvalidFrame, match="a polars DataFrame, found dict"):
        checked({"part": []}, CONTRACT, name="sales")  # type: ignore[arg-type]


def test_columns_come_in_the_order_of_the_contract_and_others_are_dropped() -> None:
    frame = pl.DataFrame({"note": ["x"], "quantity": [3], "part": [7]})
    result = checked(frame, CONTRACT, name="sales")
    assert result.columns == ["part", "quantity"]
    assert result.schema["quantity"] == pl.Float64


def test_optional_columns_may_be_missing_and_nullable_ones_hold_nulls() -> None:
    price = Column(name="price", kind="number", required=False, nullable=True)
    part = pl.DataFrame({"part": ["a"]})
    assert checked(part, [CONTRACT[0], price], name="sales").columns == ["part"]
    priced = part.with_columns(price=None)
    assert checked(priced, [CONTRACT[0], price], name="sales")["price"].to_list() == [None]


def test_whole_floats_are_whole_numbers_and_broken_ones_are_not() -> None:
    count = Column(name="count", kind="integer")
    assert (
        checked(pl.DataFrame({"count": [1.0, 2.0]}), [count], name="f").schema["count"].is_integer()
    )
    assert "whole numbers" in refused(pl.DataFrame({"count": [1.5]}), count)


def test_days_may_come_as_midnights_and_instants_turn_to_utc() -> None:
    day, instant = Column(name="day", kind="day"), Column(name="at", kind="instant")
    midnight = pl.DataFrame({"day": [dt.datetime(2026, 1, 1)]})  # noqa: DTZ001
    assert checked(midnight, [day], name="f")["day"].to_list() == [dt.date(2026, 1, 1)]
    assert "dates" in refused(pl.DataFrame({"day": [dt.datetime(2026, 1, 1, 5)]}), day)  # noqa: DTZ001
    cairo = pl.Series("at", [dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC)]).dt.convert_time_zone(
        "Africa/Cairo"
    )
    assert checked(pl.DataFrame([cairo]), [instant], name="f")["at"].dtype.time_zone == "UTC"
    naive = pl.DataFrame({"at": [dt.datetime(2026, 1, 1)]})  # noqa: DTZ001
    assert "instants with a time zone" in refused(naive, instant)


@given(st.lists(st.tuples(st.integers(), st.floats(0, 100)), unique_by=lambda row: row[0]))
def test_the_result_is_sorted_by_its_key_whatever_the_order_of_rows(
    rows: list[tuple[int, float]],
) -> None:
    rows = [(part % 2**62, quantity) for part, quantity in rows]
    rows = list(dict(rows).items())
    frame = pl.DataFrame(rows, schema={"part": pl.Int64, "quantity": pl.Float64}, orient="row")
    assert checked(frame, CONTRACT, name="sales", key=["part"]).rows() == sorted(rows)

import polars as pl
import pytest

from clutch.errors import InvalidFrame
from replenishment.supersession import newest_numbers, supersede


def replacements(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema=["series_id", "supersedes"], orient="row")


def test_history_follows_a_chain_to_its_newest_number() -> None:
    sales = pl.DataFrame(
        {"series_id": ["A", "B", "C", "X"], "period_start": 1, "quantity": [1, 2, 4, 8]}
    )
    merged = supersede(sales, replacements(("B", "A"), ("C", "B")))
    assert merged.sort("series_id").rows() == [("C", 1, 7), ("X", 1, 8)]


def test_an_unobserved_quantity_stays_so_only_where_no_number_was_observed() -> None:
    sales = pl.DataFrame(
        {
            "series_id": ["A", "B"] * 2,
            "period_start": [1, 1, 2, 2],
            "quantity": [None, 3, None, None],
        }
    )
    merged = supersede(sales, replacements(("B", "A")))
    assert merged.rows() == [("B", 1, 3), ("B", 2, None)]


def test_stock_of_the_old_number_counts_too() -> None:
    shelf = pl.DataFrame({"series_id": ["A", "B"], "on_hand": [3, 1], "reserved": [1, 0]})
    merged = supersede(shelf, replacements(("B", "A")), amounts=("on_hand", "reserved"))
    assert merged.rows() == [("B", 4, 1)]


def test_a_ring_and_a_number_replaced_twice_are_refused() -> None:
    with pytest.raises(InvalidFrame, match="chains of numbers that end"):
        newest_numbers(replacements(("B", "A"), ("A", "B")))
    with pytest.raises(InvalidFrame, match="one row for each"):
        newest_numbers(replacements(("B", "A"), ("C", "A")))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidFrame, match=r"frame.quantity"):
        supersede(pl.DataFrame({"series_id": ["A"]}), replacements(("B", "A")))

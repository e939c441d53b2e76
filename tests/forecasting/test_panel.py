from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from clutch.errors import InvalidFrame
from forecasting.panel import panel_of

DAYS = [date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 22)]
SALES = pl.DataFrame(
    {"series_id": ["b", "a", "a"], "period_start": DAYS, "quantity": [1.0, 2.0, None]}
)


def test_weeks_between_rows_are_unobserved() -> None:
    panel = panel_of(SALES, "W")
    assert panel.series_id.to_list() == ["a", "b"]
    assert panel.quantity.tolist() == [[0, 2, 0, 0], [1, 0, 0, 0]]
    assert panel.exposure.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]


def test_whole_numbers_and_text_both_name_series() -> None:
    numbered = SALES.with_columns(series_id=pl.Series([20, 3, 3]))
    assert panel_of(numbered, "W").series_id.to_list() == [3, 20]


def test_rows_apart_still_belong_to_one_series() -> None:
    mixed = pl.concat([SALES.tail(1), SALES.head(2)])
    np.testing.assert_array_equal(panel_of(mixed, "W").quantity, panel_of(SALES, "W").quantity)


def test_a_shelf_that_was_always_empty_shows_nothing() -> None:
    panel = panel_of(SALES.with_columns(in_stock_share=pl.Series([0.0, 0.5, 1.0])), "W")
    assert panel.exposure.tolist() == [[0, 0.5, 0, 0], [0, 0, 0, 0]]
    assert panel.quantity.tolist() == [[0, 2, 0, 0], [0, 0, 0, 0]]


def test_only_the_recent_years_are_read() -> None:
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(3_000)]
    sales = pl.DataFrame({"series_id": "a", "period_start": days, "quantity": range(3_000)})
    panel = panel_of(sales, "D")
    assert panel.quantity.shape == (1, 1_096)
    assert panel.quantity[0, -1] == 2_999


def test_duplicates_are_refused_with_their_rows() -> None:
    with pytest.raises(InvalidFrame, match="duplicates") as refusal:
        panel_of(pl.concat([SALES, SALES.head(1)]), "W")
    assert refusal.value.rows == [0, 3]


def test_a_part_with_two_brands_is_refused() -> None:
    branded = SALES.with_columns(brand_id=pl.Series(["x", "y", "z"]))
    with pytest.raises(InvalidFrame, match=r"sales\.brand_id: expected one value for each series"):
        panel_of(branded, "W")


def test_what_comes_later_is_cut_off() -> None:
    panel = panel_of(SALES, "W")
    past = panel.until(panel.first + 2)
    assert past.quantity.tolist() == [[0, 2], [1, 0]]
    assert past.end == panel.first + 2

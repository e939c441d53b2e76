import datetime as dt

import polars as pl
import pytest

from clutch.errors import InvalidInput
from shops.cells import Cells, check_columns


def cells_of(*texts: str | None) -> Cells:
    return Cells(pl.DataFrame({"cell": pl.Series(texts, dtype=pl.String)}), first_row=1)


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-Infinity", "1e999", "true", "1,5", "0x1f", "1_000", "90.0001"]
)
def test_what_is_not_a_number_in_range_is_refused_with_its_text(text: str) -> None:
    cells = cells_of("30", text)
    assert cells.number("cell", -90, 90).to_list() == [30.0, None]
    expected = f"expected a number from -90 to 90, found '{text}'"
    assert cells.problems().rows() == [(2, "cell", expected)]


def test_numbers_may_have_spaces_around_them_and_arabic_digits() -> None:
    cells = cells_of(" 31.5 ", "٣١٫٥", "-0", "1e1")
    assert cells.number("cell", -90, 90).to_list() == [31.5, 31.5, 0.0, 10.0]
    assert cells.problems().is_empty()


def test_whole_numbers_have_no_fraction() -> None:
    cells = cells_of("3", "3.0", "3.5", "")
    assert cells.number("cell", 0, 10, whole=True).to_list() == [3, 3, None, None]
    assert cells.problems()["row"].to_list() == [3]


def test_latitudes_that_were_written_first_are_pointed_out() -> None:
    cells = Cells(pl.DataFrame({"lon": ["30.05"], "lat": ["131.24"]}), first_row=1)
    cells.position("lon", "lat")
    assert [problem[1:] for problem in cells.problems().rows()] == [
        ("lat", "expected a number from -90 to 90, found '131.24'"),
        ("lon, lat", "are they swapped? A latitude is at most 90"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01T09:30:00+02:00",
        "2026-10-01 07:30:00Z",
        "2026-10-01T07:30Z",
        "2026-10-01T07:30:00.000+0000",
        "2026-10-01 07:30:00.000000+00:00",
    ],
)
def test_instants_are_read_as_people_and_programs_write_them(text: str) -> None:
    cells = cells_of(text)
    assert cells.instant("cell", None).to_list() == [dt.datetime(2026, 10, 1, 7, 30, tzinfo=dt.UTC)]
    assert cells.problems().is_empty()


def test_a_time_without_a_zone_needs_one_to_be_named() -> None:
    cells = cells_of("2026-07-01 10:30", "2026-01-01T09:30:00")
    assert cells.instant("cell", None).null_count() == 2
    assert "expected a time and zone such as" in cells.problems()["reason"][0]
    instants = cells_of("2026-07-01 10:30", "2026-01-01T09:30:00").instant("cell", "Africa/Cairo")
    assert [each.hour for each in instants] == [7, 7]


def test_a_local_time_that_never_was_is_refused() -> None:
    cells = cells_of("2026-04-24 00:30:00")  # Cairo's clocks went from 00:00 to 01:00
    assert cells.instant("cell", "Africa/Cairo").to_list() == [None]
    assert cells.problems()["row"].to_list() == [1]


@pytest.mark.parametrize(
    "text", ["0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-01-01T00:00Z"]
)
def test_a_time_of_another_age_is_refused(text: str) -> None:
    cells = cells_of(text)
    assert cells.instant("cell", None).to_list() == [None]
    assert cells.problems()["row"].to_list() == [1]


def test_texts_are_trimmed_measured_and_free_of_control_signs() -> None:
    cells = cells_of("  النور ", "", "x" * 11, "a\x00b", "a\nb")
    assert cells.text("cell", most=10).head(2).to_list() == ["النور", None]
    assert cells.problems().rows() == [
        (3, "cell", "expected at most 10 signs"),
        (4, "cell", "holds a control sign or a line break"),
        (5, "cell", "holds a control sign or a line break"),
    ]


def test_reasons_are_one_line_and_cannot_command_a_terminal() -> None:
    cells = cells_of("a\nb\x1b[2J\u202e\u2028c")
    cells.number("cell", 0, 9)
    assert cells.problems()["reason"].to_list() == [
        "expected a number from 0 to 9, found 'a�b�[2J��c'"
    ]


def test_each_repeat_names_the_first_row() -> None:
    cells = cells_of("a", "b", "a", None, None, "a")
    cells.refuse_repeats("cell", cells.raw("cell"))
    assert cells.problems().rows() == [(3, "cell", "repeats row 1"), (6, "cell", "repeats row 1")]


def test_problems_come_in_the_order_of_the_rows() -> None:
    cells = Cells(pl.DataFrame({"a": ["1", "x"], "b": ["x", "1"]}), first_row=1)
    cells.number("a", 0, 9)
    cells.number("b", 0, 9)
    assert cells.problems()["row", "field"].rows() == [(1, "b"), (2, "a")]


@pytest.mark.parametrize(
    ("names", "expected", "found"),
    [
        (["a", "colour"], "only a, b, c", "colour"),
        (["b", "c"], "a", "b, c"),
        (["a", "b"], "all or none of b, c", "b"),
    ],
)
def test_wrong_columns_are_named(names: list[str], expected: str, found: str) -> None:
    cells = Cells(pl.DataFrame({name: ["1"] for name in names}), first_row=1)
    with pytest.raises(InvalidInput) as raised:
        check_columns(cells, ["a", "b", "c"], required=["a"], together=[("b", "c")])
    assert (raised.value.expected, raised.value.found) == (expected, found)

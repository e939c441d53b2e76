from hypothesis import given
from hypothesis import strategies as st

from shops.hours import DAY_MINUTES, WEEK_MINUTES
from shops.timetable import day_spans, day_table, week_spans, week_table


def rising(most: int) -> st.SearchStrategy[list[int]]:
    """Hours as tables hold them: rising, in pairs."""
    times = st.lists(st.integers(0, most), max_size=12, unique=True)
    return times.map(lambda found: sorted(found)[: len(found) // 2 * 2])


@given(rising(WEEK_MINUTES))
def test_a_week_shown_and_sent_back_is_the_same_week(minutes: list[int]) -> None:
    assert week_table(week_spans(minutes)) == minutes


@given(rising(DAY_MINUTES))
def test_a_day_shown_and_sent_back_is_the_same_day(minutes: list[int]) -> None:
    assert day_table(day_spans(minutes)) == minutes


def test_nights_stand_under_the_day_they_begin_on() -> None:
    week = week_spans([4 * DAY_MINUTES + 1_200, 5 * DAY_MINUTES + 180])
    assert week["friday"] == [("20:00", "03:00")]
    assert week["saturday"] == []


def test_sundays_night_is_shown_in_one_piece() -> None:
    assert week_spans([0, 60, WEEK_MINUTES - 60, WEEK_MINUTES])["sunday"] == [("23:00", "01:00")]


def test_what_is_open_for_days_is_cut_at_midnight() -> None:
    week = week_spans([600, 2 * DAY_MINUTES + 300])
    assert week["monday"] == [("10:00", "24:00")]
    assert week["tuesday"] == [("00:00", "24:00")]
    assert week["wednesday"] == [("00:00", "05:00")]

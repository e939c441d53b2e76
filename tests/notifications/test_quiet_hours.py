"""When quiet hours end, in Cairo, where the clocks change."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.quiet_hours import end_of_quiet

CAIRO = ZoneInfo("Africa/Cairo")
minutes = st.integers(0, 1439)
instants = st.integers(0, 2 * 366 * 86_400).map(
    lambda seconds: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
)


def _cairo(text: str, *, fold: int = 0) -> dt.datetime:
    local = dt.datetime.fromisoformat(text).replace(tzinfo=CAIRO, fold=fold)
    return local.astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("now", "hours", "ends"),
    [
        ("2026-11-22T23:30", ("22:00", "07:00"), "2026-11-23T07:00"),
        ("2026-11-23T06:59", ("22:00", "07:00"), "2026-11-23T07:00"),
        ("2026-11-23T07:00", ("22:00", "07:00"), None),
        ("2026-11-22T21:59", ("22:00", "07:00"), None),
        ("2026-11-22T14:00", ("13:00", "15:30"), "2026-11-22T15:30"),
        ("2026-11-22T14:00", ("14:00", "14:00"), None),
        ("2026-11-22T23:59", ("23:00", "00:00"), "2026-11-23T00:00"),
        # Midnight of the last Friday of April does not exist: the clocks go on to one.
        ("2026-04-23T23:30", ("22:00", "00:30"), "2026-04-24T01:30"),
    ],
)
def test_they_end_at_their_time_in_cairo(
    now: str, hours: tuple[str, str], ends: str | None
) -> None:
    from_minute, until_minute = (int(each[:2]) * 60 + int(each[3:]) for each in hours)
    expected = None if ends is None else _cairo(ends)
    assert end_of_quiet(_cairo(now), from_minute, until_minute) == expected


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    # In the night to the last Friday of October the hour before midnight comes again.
    first, second = (_cairo("2026-10-29T23:10", fold=fold) for fold in (0, 1))
    ends = [_cairo("2026-10-29T23:30", fold=fold) for fold in (0, 1)]
    assert second - first == dt.timedelta(hours=1)
    assert [end_of_quiet(now, 22 * 60, 23 * 60 + 30) for now in (first, second)] == ends


@given(instants, minutes, minutes)
def test_once_they_have_ended_it_is_not_quiet(
    now: dt.datetime, from_minute: int, until_minute: int
) -> None:
    end = end_of_quiet(now, from_minute, until_minute)
    if end is not None:
        assert now < end <= now + dt.timedelta(hours=25)
        # Unless that hour comes again, as it does once a year.
        again = end_of_quiet(end, from_minute, until_minute)
        assert again is None or end.astimezone(CAIRO).month in (4, 10)

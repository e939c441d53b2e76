"""When a shop is open next."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from matching.opening_hours import CAIRO, Hours, opens_at, week_ahead

DAY = 1440


def every_day(*minutes: int) -> list[int]:
    return [day * DAY + minute for day in range(7) for minute in minutes]


def cairo(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=CAIRO)  # type: ignore[misc, arg-type]


NINE_TO_FIVE = Hours(every_day(540, 1020))


def next_opening(hours: Hours, now: dt.datetime) -> dt.datetime | None:
    return opens_at(hours, week_ahead(now))


def test_an_open_shop_opens_now() -> None:
    now = cairo(2026, 11, 23, 16, 59, 30)
    assert next_opening(NINE_TO_FIVE, now) == now


def test_closing_time_itself_is_closed() -> None:
    assert next_opening(NINE_TO_FIVE, cairo(2026, 11, 23, 17)) == cairo(2026, 11, 24, 9)


def test_a_lunch_break_is_closed() -> None:
    hours = Hours(every_day(540, 720, 780, 1020))
    assert next_opening(hours, cairo(2026, 11, 23, 12, 30)) == cairo(2026, 11, 23, 13)


def test_hours_past_midnight_belong_to_the_night_they_began() -> None:
    saturday_night = Hours([5 * DAY + 1200, 6 * DAY + 120])
    now = cairo(2026, 11, 29, 1, 0)  # Sunday
    assert next_opening(saturday_night, now) == now
    assert next_opening(saturday_night, cairo(2026, 11, 29, 2, 0)) == cairo(2026, 12, 5, 20)


def test_friday_closed_means_saturday() -> None:
    friday_off = Hours([m for m in NINE_TO_FIVE.regular if m // DAY != 4])
    assert next_opening(friday_off, cairo(2026, 11, 27, 10)) == cairo(2026, 11, 28, 9)


def test_ramadan_hours_count_in_ramadan_alone() -> None:
    nights = Hours(every_day(540, 1020), ramadan=every_day(1200, 1430))
    assert next_opening(nights, cairo(2026, 3, 10, 12)) == cairo(2026, 3, 10, 20)
    now = cairo(2026, 4, 13, 12)
    assert next_opening(nights, cairo(2026, 5, 5, 12)) == cairo(2026, 5, 5, 12)
    assert next_opening(Hours(every_day(540, 1020)), now.replace(month=3, day=10)) is not None


def test_a_public_holiday_has_hours_of_its_own() -> None:
    revolution_day = cairo(2026, 7, 23, 12)
    kinds = dict(week_ahead(revolution_day).days)
    assert kinds[revolution_day.date()] == "holiday"
    assert next_opening(NINE_TO_FIVE, revolution_day) == cairo(2026, 7, 24, 9)
    evening = Hours(NINE_TO_FIVE.regular, holiday=[1080, 1200])
    assert next_opening(evening, revolution_day) == cairo(2026, 7, 23, 18)


def test_a_day_the_shop_is_closed_on_is_skipped() -> None:
    away = Hours(NINE_TO_FIVE.regular, closed_on=[dt.date(2026, 11, 23), dt.date(2026, 11, 24)])
    assert next_opening(away, cairo(2026, 11, 23, 10)) == cairo(2026, 11, 25, 9)


def test_a_shop_without_hours_does_not_open() -> None:
    assert next_opening(Hours([]), cairo(2026, 11, 23, 10)) is None


def test_opening_stays_at_nine_when_the_clock_changes() -> None:
    # Egypt's summer time of 2026 ends in the night to Friday 30 October.
    opening = next_opening(NINE_TO_FIVE, cairo(2026, 10, 29, 20))
    assert opening is not None
    assert opening.isoformat() == "2026-10-30T09:00:00+02:00"


# Hypothesis wants the bounds without a zone.
FROM, UNTIL = dt.datetime(2000, 1, 1), dt.datetime(2070, 1, 1)  # noqa: DTZ001


@given(
    st.lists(st.integers(0, 7 * DAY), unique=True, max_size=20).map(sorted),
    st.datetimes(FROM, UNTIL, timezones=st.just(dt.UTC)),
)
def test_the_next_opening_is_never_past_and_within_eight_days(
    minutes: list[int], now: dt.datetime
) -> None:
    opening = next_opening(Hours(minutes[: len(minutes) // 2 * 2], holiday=[600, 660]), now)
    assert opening is None or dt.timedelta(0) <= opening - now < dt.timedelta(days=8, hours=1)

"""When a shop is open: regular weeks, Ramadan, public holidays and days of its own.

Inputs are the hours as `storage.tables.shops.Shop` keeps them: rising `[opens, closes, ...]` in
minutes of local time, since Monday 00:00 for weeks, since midnight for a public holiday.
Pure; the calendar of Egypt comes from the `holidays` and `hijridate` libraries.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import holidays
from hijridate import Gregorian

__all__ = ["CAIRO", "DAYS_AHEAD", "Hours", "WeekAhead", "opens_at", "week_ahead"]

CAIRO = ZoneInfo("Africa/Cairo")
DAYS_AHEAD = 8
_MINUTES_PER_DAY = 1_440
_RAMADAN = 9  # the ninth month of the Hijri year
_HIJRIDATE_KNOWS = (dt.date(1924, 8, 1), dt.date(2077, 11, 16))

DayKind = Literal["regular", "ramadan", "holiday"]


class Hours(NamedTuple):
    """A shop's opening hours; `ramadan` None means as on regular days."""

    regular: Sequence[int]
    ramadan: Sequence[int] | None = None
    holiday: Sequence[int] = ()
    closed_on: Sequence[dt.date] = ()


@dataclass(frozen=True, slots=True)
class WeekAhead:
    """Today and the seven days after it, as the shops' clock has them."""

    local_now: dt.datetime
    minute_of_day: int
    days: tuple[tuple[dt.date, DayKind], ...]

    @property
    def has_ramadan(self) -> bool:
        """Whether Ramadan hours count on any of the days."""
        return any(kind == "ramadan" for _, kind in self.days)

    @property
    def has_holiday(self) -> bool:
        """Whether holiday hours count on any of the days."""
        return any(kind == "holiday" for _, kind in self.days)


def week_ahead(now: dt.datetime, *, zone: ZoneInfo = CAIRO) -> WeekAhead:
    """Return the days from `now` (aware) on, each with the hours that count on it.

    Examples
    --------
    >>> week = week_ahead(dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC))
    >>> [kind for _, kind in week.days][:4]
    ['ramadan', 'ramadan', 'holiday', 'holiday']
    """
    local_now = now.astimezone(zone)
    minute_of_day = local_now.hour * 60 + local_now.minute
    return WeekAhead(local_now, minute_of_day, _days_from(local_now.date()))


def opens_at(hours: Hours, week: WeekAhead) -> dt.datetime | None:
    """Return when the shop opens next, or now itself when it is open; None: not within the week.

    Examples
    --------
    Open from 9 to 17 each day but Friday (the fifth), asked on a Thursday evening:

    >>> weekdays = [m for day in (0, 1, 2, 3, 5, 6) for m in (day * 1440 + 540, day * 1440 + 1020)]
    >>> week = week_ahead(dt.datetime(2026, 11, 26, 18, tzinfo=dt.UTC))
    >>> opens_at(Hours(weekdays), week).isoformat()
    '2026-11-28T09:00:00+02:00'
    >>> opens_at(Hours([]), week) is None
    True
    """
    earliest = week.minute_of_day
    for day, kind in week.days:
        if day not in hours.closed_on:
            minute = _first_open_minute(hours, day, kind, earliest)
            if minute is not None:
                if minute == earliest and day is week.days[0][0]:
                    return week.local_now
                midnight = dt.datetime.combine(day, dt.time(), tzinfo=week.local_now.tzinfo)
                return midnight + dt.timedelta(minutes=minute)
        earliest = 0
    return None


def _first_open_minute(hours: Hours, day: dt.date, kind: DayKind, earliest: int) -> int | None:
    """Return the first minute of the day, from `earliest` on, at which the shop is open."""
    if kind == "holiday":
        schedule, offset = hours.holiday, 0
    else:
        in_ramadan = kind == "ramadan" and hours.ramadan is not None
        schedule = (hours.ramadan or ()) if in_ramadan else hours.regular
        offset = day.weekday() * _MINUTES_PER_DAY
    start = offset + earliest
    passed = bisect_right(schedule, start)
    if passed % 2 == 1:  # opened and not yet closed
        return earliest
    if passed < len(schedule) and schedule[passed] < offset + _MINUTES_PER_DAY:
        return schedule[passed] - offset
    return None


@lru_cache(maxsize=64)
def _days_from(today: dt.date) -> tuple[tuple[dt.date, DayKind], ...]:
    days = [today + dt.timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    public = holidays.country_holidays("EG", years=sorted({day.year for day in days}))
    return tuple((day, _kind(day, is_holiday=day in public)) for day in days)


def _kind(day: dt.date, *, is_holiday: bool) -> DayKind:
    if is_holiday:
        return "holiday"
    if not _HIJRIDATE_KNOWS[0] <= day <= _HIJRIDATE_KNOWS[1]:
        return "regular"
    return "ramadan" if Gregorian.fromdate(day).to_hijri().month == _RAMADAN else "regular"

"""Days, weeks and months as consecutive periods, and what the calendar says about each.

A period is named by its first day. Weeks may start on any weekday, but on the same one throughout.
Months start on day 1. Holidays are Egypt's; Ramadan follows the Hijri calendar (Umm al-Qura).
Pure.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Literal, cast, get_args

import holidays
import numpy as np
import polars as pl
from hijridate import Gregorian
from numpy.typing import NDArray

from clutch.errors import InvalidFrame, InvalidInput

__all__ = [
    "CYCLE",
    "LONGEST",
    "Frequency",
    "checked_frequency",
    "event_shares",
    "period_numbers",
    "period_start",
    "positions",
]

Frequency = Literal["D", "W", "M"]

#: Periods of history that are read: three years of days, five of weeks, ten of months.
LONGEST: dict[Frequency, int] = {"D": 1096, "W": 261, "M": 120}
#: Periods in a year.
CYCLE: dict[Frequency, int] = {"D": 365, "W": 52, "M": 12}

_EPOCH = date(1970, 1, 1)
# hijridate knows Umm al-Qura dates between these; outside no day counts as Ramadan.
_HIJRI = (date(1924, 8, 1), date(2077, 11, 16))
_RAMADAN = 9


def checked_frequency(freq: str) -> Frequency:
    """Return `freq`, known to be one of D, W and M.

    Raises
    ------
    InvalidInput
        It is something else.
    """
    if freq not in get_args(Frequency):
        raise InvalidInput("freq", "one of D, W, M (days, weeks, months)", found=str(freq))
    return cast(Frequency, freq)


def period_numbers(days: pl.Series, freq: Frequency, *, name: str) -> NDArray[np.int64]:
    """Return the running number of the period that starts on each of `days`.

    Raises
    ------
    InvalidFrame
        A month does not start on day 1, or weeks start on different weekdays.

    Examples
    --------
    >>> days = pl.Series([date(2024, 1, 1), date(2024, 3, 1)])
    >>> period_numbers(days, "M", name="sales").tolist()
    [648, 650]
    >>> period_numbers(days.clear(), "M", name="sales").tolist()
    []
    """
    numbers = days.cast(pl.Int32).to_numpy().astype(np.int64)
    if freq == "D":
        return numbers
    if freq == "W":
        wrong = numbers % 7 != (numbers[0] % 7 if len(numbers) else 0)
        expected = "weeks that all start on the same weekday"
    else:
        wrong = days.dt.day().to_numpy() != 1
        expected = "the first day of each month"
    if wrong.any():
        rows = np.flatnonzero(wrong)[:5].tolist()
        raise InvalidFrame(name, "period_start", expected, found=str(days[rows[0]]), rows=rows)
    if freq == "W":
        return numbers // 7
    years, months = days.dt.year().to_numpy(), days.dt.month().to_numpy()
    return np.asarray((years.astype(np.int64) - _EPOCH.year) * 12 + months - 1)


def period_start(number: int, freq: Frequency, *, weekday: int = 0) -> date:
    """Return the first day of period `number`; `weekday` (0-6, from the epoch's) is that of weeks.

    Examples
    --------
    >>> period_start(650, "M")
    datetime.date(2024, 3, 1)
    """
    if freq == "M":
        return date(_EPOCH.year + number // 12, number % 12 + 1, 1)
    return _EPOCH + timedelta(days=number if freq == "D" else number * 7 + weekday)


def positions(starts: Iterable[date], freq: Frequency) -> dict[str, NDArray[np.int64]]:
    """Return, for each season that `freq` can show, where in it each period stands.

    Examples
    --------
    >>> positions([date(2024, 1, 5)], "D")
    {'month': array([0]), 'weekday': array([4])}
    """
    days = list(starts)
    result = {"month": np.array([day.month - 1 for day in days], dtype=np.int64)}
    if freq == "D":
        result["weekday"] = np.array([day.weekday() for day in days], dtype=np.int64)
    return result


def event_shares(starts: Iterable[date], freq: Frequency) -> dict[str, NDArray[np.float64]]:
    """Return the share of each period's days that are holidays in Egypt or fall in Ramadan.

    Examples
    --------
    >>> event_shares([date(2024, 4, 10)], "D")
    {'holiday': array([1.]), 'ramadan': array([0.])}
    >>> event_shares([date(2024, 4, 8)], "W")["ramadan"].round(3).tolist()
    [0.286]
    """
    days = [_days_of(start, freq) for start in starts]
    return {
        "holiday": np.array([np.mean([_is_holiday(d) for d in one]) for one in days]),
        "ramadan": np.array([np.mean([_is_ramadan(d) for d in one]) for one in days]),
    }


def _days_of(start: date, freq: Frequency) -> list[date]:
    if freq == "M":
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        count = (following - start).days
    else:
        count = 1 if freq == "D" else 7
    return [start + timedelta(days=offset) for offset in range(count)]


@cache
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("EG", years=year))


def _is_holiday(day: date) -> bool:
    return day in _holidays_of(day.year)


@cache
def _is_ramadan(day: date) -> bool:
    if not _HIJRI[0] <= day <= _HIJRI[1]:
        return False
    return bool(Gregorian(day.year, day.month, day.day).to_hijri().month == _RAMADAN)

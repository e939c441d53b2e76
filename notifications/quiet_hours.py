"""Quiet hours: when a person does not want to be woken. Pure.

They are minutes of the day in Cairo, whose clocks change twice a year; they may run past midnight.
"""

import datetime as dt
from zoneinfo import ZoneInfo

__all__ = ["end_of_quiet"]

_CAIRO = ZoneInfo("Africa/Cairo")


def end_of_quiet(
    now: dt.datetime, from_minute: int | None, until_minute: int | None
) -> dt.datetime | None:
    """Return when the quiet hours that `now` falls in end, in UTC; None: it is not quiet now.

    Hours that begin and end at the same minute are none.

    Examples
    --------
    >>> evening = dt.datetime(2026, 1, 1, 21, 30, tzinfo=dt.UTC)  # 23:30 in Cairo
    >>> end_of_quiet(evening, 22 * 60, 7 * 60)
    datetime.datetime(2026, 1, 2, 5, 0, tzinfo=datetime.timezone.utc)
    >>> end_of_quiet(evening, 0, 7 * 60), end_of_quiet(evening, None, None)
    (None, None)
    """
    if from_minute is None or until_minute is None:
        return None
    local = now.astimezone(_CAIRO)
    minute = local.hour * 60 + local.minute
    since, until = (minute - from_minute) % 1440, (until_minute - from_minute) % 1440
    if since >= until:
        return None
    day = local.date() + dt.timedelta(days=minute >= until_minute)
    wall = dt.datetime.combine(day, dt.time(*divmod(until_minute, 60)), _CAIRO)
    # An hour that comes twice: the second time, when the first is over.
    ends = (each.astimezone(dt.UTC) for each in (wall, wall.replace(fold=1)))
    return next((end for end in ends if end > now), None)

"""The header `Retry-After` (RFC 9110, 10.2.3): how long whoever answered asks us to wait. Pure."""

import datetime as dt
from email.utils import parsedate_to_datetime

__all__ = ["seconds_to_wait"]

_LONGEST_SECONDS = 86_400


def seconds_to_wait(header: str | None, now: dt.datetime) -> int | None:
    """Return the seconds that a `Retry-After` asks for, a day at most; None: it asks for none.

    Examples
    --------
    >>> now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> seconds_to_wait("120", now), seconds_to_wait("Thu, 01 Jan 2026 00:05:00 GMT", now)
    (120, 300)
    >>> seconds_to_wait("soon", now), seconds_to_wait(None, now), seconds_to_wait("9" * 30, now)
    (None, None, 86400)
    """
    if not header:
        return None
    if header.isascii() and header.isdigit():
        return min(int(header[:9]), _LONGEST_SECONDS)
    try:
        wait = parsedate_to_datetime(header) - now
    except (ValueError, TypeError):
        return None
    return min(max(0, round(wait.total_seconds())), _LONGEST_SECONDS)

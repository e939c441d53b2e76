"""Opening hours as people write them, and as tables hold them.

Tables hold `[opens, closes, opens, closes, ...]`, rising, in minutes: since Monday 00:00 for a
week, since midnight for a day.
Pure.
"""

import re
import unicodedata
from collections.abc import Sequence

__all__ = [
    "DAY_MINUTES",
    "day_intervals",
    "day_minutes",
    "span",
    "week_minutes",
    "weekly_intervals",
]

DAY_MINUTES = 1_440
WEEK_MINUTES = 7 * DAY_MINUTES
_LONGEST = 1_000

_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_ARABIC_DAYS = {
    "الاثنين": "mon", "الإثنين": "mon", "الثلاثاء": "tue", "الأربعاء": "wed", "الاربعاء": "wed",
    "الخميس": "thu", "الجمعة": "fri", "الجمعه": "fri", "السبت": "sat", "الأحد": "sun",
    "الاحد": "sun",
}  # fmt: skip
_CLOSED = {"closed", "off", "مغلق"}
_ALL_DAY = {"24 hours", "24h", "24/7", "24 ساعة"}
_EVERY_DAY = {"daily", "every day", "يوميا", "يومياً"}
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DAYS_THEN_TIMES = re.compile(
    r"(?P<days>[^\d]*?)\s*(?P<times>24 hours|24h|24/7|24 ساعة|\d.*|closed|off|مغلق)"
)

Spans = Sequence[tuple[int, int]]


def week_minutes(text: str) -> list[int]:
    """Return the opening hours of a week that `text` describes.

    Entries are separated by `;`, spans by `,`. Days are English (three letters or more) or Arabic,
    one, a list or a range; days that are not named are closed. A span that ends before it begins
    passes midnight.

    Raises
    ------
    ValueError
        Its text says in a few words what was not understood.

    Examples
    --------
    >>> week_minutes("Mon 09:00-17:00; Sun 22:00-02:00")
    [0, 120, 540, 1020, 9960, 10080]
    >>> week_minutes("السبت 10:00-14:00, 16:00-20:00")
    [7800, 8040, 8160, 8400]
    >>> week_minutes("Fri closed")
    []
    """
    week: list[Spans | None] = [None] * 7
    for entry in filter(None, (part.strip() for part in re.split("[;؛]", _folded(text)))):
        match = _DAYS_THEN_TIMES.fullmatch(entry)
        if match is None:
            raise ValueError(
                f"{entry!r} is not days followed by times, such as Sat-Thu 09:00-22:00"
            )
        spans = _spans(match["times"])
        for day in _days(match["days"].strip()):
            if week[day] is not None:
                raise ValueError(f"{_DAYS[day].title()} is given twice")
            week[day] = spans
    return weekly_intervals([spans or [] for spans in week])


def day_minutes(text: str) -> list[int]:
    """Return the opening hours of one day that `text` describes; they may not pass midnight.

    Raises
    ------
    ValueError
        Its text says in a few words what was not understood.

    Examples
    --------
    >>> day_minutes("10:00-13:00, 17:00-24:00")
    [600, 780, 1020, 1440]
    >>> day_minutes("closed")
    []
    """
    spans = _spans(_folded(text).strip())
    return day_intervals(spans)


def weekly_intervals(week: Sequence[Spans]) -> list[int]:
    """Return the hours of a week, given the spans of each day from Monday on.

    A span is (opens, closes) in minutes since that day's midnight; it may close on the next day.
    Spans that touch or overlap become one, and Sunday's night continues on Monday.

    Examples
    --------
    >>> weekly_intervals([[(600, 1440)], [(0, 60)], [], [], [], [], [(1380, 1500)]])
    [0, 60, 600, 1500, 10020, 10080]
    >>> weekly_intervals([[]] * 7)
    []
    """
    spans = []
    for day, day_spans in enumerate(week):
        for opens, closes in day_spans:
            start, end = opens + day * DAY_MINUTES, closes + day * DAY_MINUTES
            spans.append((start, min(end, WEEK_MINUTES)))
            if end > WEEK_MINUTES:
                spans.append((0, end - WEEK_MINUTES))
    return _joined(spans)


def day_intervals(spans: Spans) -> list[int]:
    """Return the hours of one day, given its spans in minutes since midnight.

    Raises
    ------
    ValueError
        A span passes midnight.

    Examples
    --------
    >>> day_intervals([(1020, 1440), (600, 780)])
    [600, 780, 1020, 1440]
    """
    if any(closes > DAY_MINUTES for _, closes in spans):
        raise ValueError("hours of one day may not pass midnight")
    return _joined(spans)


def span(opens: str, closes: str) -> tuple[int, int]:
    """Return two times of day, such as 09:00, as a span; it may close on the next day.

    Raises
    ------
    ValueError
        They are not times of day, or the same one.

    Examples
    --------
    >>> span("22:00", "02:00"), span("٠٩:٠٠", "24:00")
    ((1320, 1560), (540, 1440))
    """
    (only,) = _spans(_folded(f"{opens}-{closes}"))
    return only


def _joined(spans: Spans) -> list[int]:
    joined: list[int] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1]:
            joined[-1] = max(joined[-1], closes)
        else:
            joined += [opens, closes]
    return joined


def _folded(text: str) -> str:
    """Return `text` in lower case, with Western digits and plain hyphens."""
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} signs")
    western = "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text.casefold()
    )
    return re.sub("[–—−]", "-", western).replace("،", ",")


def _spans(text: str) -> list[tuple[int, int]]:
    if text in _CLOSED:
        return []
    if text in _ALL_DAY:
        return [(0, DAY_MINUTES)]
    spans = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is not a span of time such as 09:00-22:00")
        opens, closes = (_minutes(match[i], match[i + 1]) for i in (1, 3))
        if opens in (closes, DAY_MINUTES):
            raise ValueError(f"{part.strip()!r} opens and closes at once")
        spans.append((opens, closes if closes > opens else closes + DAY_MINUTES))
    return spans


def _minutes(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MINUTES:
        raise ValueError(f"{hours}:{minutes} is not a time from 00:00 to 24:00")
    return total


def _days(text: str) -> list[int]:
    if text in _EVERY_DAY:
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, _, last = (name.strip() for name in part.partition("-"))
        start, end = _day(first), _day(last or first)
        days += [(start + step) % 7 for step in range((end - start) % 7 + 1)]
    return days


def _day(name: str) -> int:
    short = _ARABIC_DAYS.get(name, name)[:3]
    if short not in _DAYS:
        raise ValueError(f"{name!r} is not a day" if name else "a day is missing")
    return _DAYS.index(short)

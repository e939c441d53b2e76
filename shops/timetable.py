"""Opening hours as forms hold them: for each weekday, the times of opening and closing.

`shops.hours` reads those that people write as text; tables hold minutes, as it says. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from shops.hours import DAY_MINUTES, WEEK_MINUTES, day_intervals, span, weekly_intervals

__all__ = [
    "WEEKDAYS",
    "Spans",
    "Week",
    "day_spans",
    "day_table",
    "overlap",
    "plain_span",
    "week_spans",
    "week_table",
]

Spans = list[tuple[str, str]]
"""Times of opening and closing, `("09:00", "14:00")`; one that closes first passes midnight."""


class Week(TypedDict):
    """The spans of each weekday; none: closed."""

    monday: Spans
    tuesday: Spans
    wednesday: Spans
    thursday: Spans
    friday: Spans
    saturday: Spans
    sunday: Spans


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def plain_span(opens: str, closes: str) -> tuple[str, str]:
    """Return a span with its times as they are shown.

    Raises
    ------
    ValueError
        It is no span.

    Examples
    --------
    >>> plain_span("٩:٣٠", "17:00"), plain_span("22:00", "00:00")
    (('09:30', '17:00'), ('22:00', '24:00'))
    """
    start, end = span(opens, closes)
    return _time(start), _time_of_end(end)


def overlap(spans: Spans) -> bool:
    """Say whether two spans of a day have a time in common; touching is fine.

    Examples
    --------
    >>> overlap([("14:00", "22:00"), ("09:00", "14:00")])
    False
    >>> overlap([("09:00", "17:00"), ("12:00", "20:00")]), overlap([])
    (True, False)
    """
    rising = sorted(span(*each) for each in spans)
    return any(opens < closes for (_, closes), (opens, _) in pairwise(rising))


def week_table(week: Mapping[str, Sequence[tuple[str, str]]]) -> list[int]:
    """Return a week in minutes since Monday 00:00, as tables hold it.

    Raises
    ------
    ValueError
        A span is not one.

    Examples
    --------
    >>> week_table({"monday": [("09:00", "17:00")], "sunday": [("22:00", "02:00")]})
    [0, 120, 540, 1020, 9960, 10080]
    """
    return weekly_intervals([[span(*each) for each in week.get(day, ())] for day in WEEKDAYS])


def day_table(spans: Sequence[tuple[str, str]]) -> list[int]:
    """Return one day in minutes since midnight, as tables hold it.

    Raises
    ------
    ValueError
        A span is not one, or passes midnight.

    Examples
    --------
    >>> day_table([("10:00", "13:00")])
    [600, 780]
    """
    return day_intervals([span(*each) for each in spans])


def week_spans(minutes: Sequence[int]) -> Week:
    """Return the week that a table holds; the other way round than `week_table`.

    Examples
    --------
    >>> week = week_spans([0, 120, 540, 1020, 9960, 10080])
    >>> week["monday"], week["tuesday"], week["sunday"]
    ([('09:00', '17:00')], [], [('22:00', '02:00')])
    >>> week_spans([0, 10080])["friday"]
    [('00:00', '24:00')]
    """
    spans: list[Spans] = [[] for _ in WEEKDAYS]
    for opens, closes in _nights_joined(_pairs(minutes)):
        for start, end in _within_a_day(opens, closes):
            spans[start // DAY_MINUTES % 7].append((_time(start), _time_of_end(end)))
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = spans
    return {
        "monday": monday,
        "tuesday": tuesday,
        "wednesday": wednesday,
        "thursday": thursday,
        "friday": friday,
        "saturday": saturday,
        "sunday": sunday,
    }


def day_spans(minutes: Sequence[int]) -> Spans:
    """Return the spans of the day that a table holds.

    Examples
    --------
    >>> day_spans([600, 780, 1020, 1440])
    [('10:00', '13:00'), ('17:00', '24:00')]
    """
    return [(_time(opens), _time_of_end(closes)) for opens, closes in _pairs(minutes)]


def _pairs(minutes: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(minutes[::2], minutes[1::2], strict=True))


def _nights_joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans with Sunday's night, which tables cut in two, in one piece."""
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == WEEK_MINUTES:
        (_, night_ends), *between, (night_begins, _) = spans
        return [*between, (night_begins, WEEK_MINUTES + night_ends)]
    return spans


def _within_a_day(opens: int, closes: int) -> Iterator[tuple[int, int]]:
    """Cut a span of a day or longer at the midnights in it."""
    while closes - opens >= DAY_MINUTES:
        midnight = (opens // DAY_MINUTES + 1) * DAY_MINUTES
        yield opens, midnight
        opens = midnight
    if opens < closes:
        yield opens, closes


def _time(minutes: int) -> str:
    hour, minute = divmod(minutes % DAY_MINUTES, 60)
    return f"{hour:02}:{minute:02}"


def _time_of_end(minutes: int) -> str:
    return _time(minutes) if minutes % DAY_MINUTES else "24:00"

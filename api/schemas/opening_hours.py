"""Opening hours as callers send them."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shops.timetable import Spans, day_table, overlap, plain_span

__all__ = ["Day", "DayHours", "WeekHours"]


def _span(times: tuple[str, str]) -> tuple[str, str]:
    try:
        return plain_span(*times)
    except ValueError:
        raise ValueError('when it opens and when it closes, as ["09:00", "22:00"]') from None


def _apart(spans: Spans) -> Spans:
    if overlap(spans):
        raise ValueError("spans that do not overlap")
    return spans


def _day_hours(spans: Spans) -> Spans:
    try:
        day_table(spans)
    except ValueError:
        raise ValueError("hours that do not pass midnight") from None
    return spans


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("a day, as 2026-11-01") from None


_Time = Annotated[str, Field(min_length=4, max_length=5, examples=["09:00"])]
_Span = Annotated[tuple[_Time, _Time], Field(strict=False), AfterValidator(_span)]
_Spans = Annotated[list[_Span], Field(max_length=6), AfterValidator(_apart)]

Day = Annotated[
    str, Field(max_length=10, json_schema_extra={"format": "date"}), AfterValidator(_day)
]
DayHours = Annotated[_Spans, AfterValidator(_day_hours)]


class WeekHours(BaseModel):
    """The hours of each weekday, those that pass midnight under the day they begin on.

    A weekday that is left out is closed.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    monday: _Spans = []
    tuesday: _Spans = []
    wednesday: _Spans = []
    thursday: _Spans = []
    friday: _Spans = []
    saturday: _Spans = []
    sunday: _Spans = []

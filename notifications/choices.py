"""What a person chose: for which types push is on, and the hours that it waits out.

Reads/Writes: notification_choice, and the quiet hours of app_user.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from notifications.queries import inbox as queries
from notifications.queries.inbox import QuietHours
from notifications.texts import ANNOUNCEMENT, TYPES

__all__ = ["CHOOSABLE", "Choices", "Hours", "change_choices", "choices_of"]

CHOOSABLE = (*TYPES, ANNOUNCEMENT)
"""The types that push can be switched off for."""

Hours = TypedDict("Hours", {"from": str, "until": str})
"""Times of the day in Cairo, `HH:MM`; they may run past midnight."""


class Choices(TypedDict):
    """Whether push is on for each type; `wakes` are those that quiet hours do not hold back."""

    push: dict[str, bool]
    quiet_hours: Hours | None
    wakes: list[str]


def choices_of(session: Session, user_id: UUID) -> Choices:
    """Return what somebody chose, and what holds where they did not."""
    chosen = queries.choices_of(session, user_id)
    return {
        "push": {type: chosen.get(type, True) for type in CHOOSABLE},
        "quiet_hours": _hours(queries.quiet_hours_of(session, user_id)),
        "wakes": [type for type, kind in TYPES.items() if kind.wakes],
    }


def change_choices(
    session: Session, user_id: UUID, *, push: Mapping[str, bool], quiet_hours: Hours | None
) -> Choices:
    """Keep the choices of somebody; types that are left out of `push` stay as they are."""
    if push:
        queries.put_choices(session, user_id, push)
    hours = QuietHours(None, None)
    if quiet_hours:
        hours = QuietHours(_minute(quiet_hours["from"]), _minute(quiet_hours["until"]))
    queries.put_quiet_hours(session, user_id, hours)
    return choices_of(session, user_id)


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return 60 * int(hour) + int(minute)


def _hours(hours: QuietHours) -> Hours | None:
    if hours.from_minute is None or hours.until_minute is None:
        return None
    return {"from": _time(hours.from_minute), "until": _time(hours.until_minute)}


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"

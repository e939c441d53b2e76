"""For which types a person wants push. Reads/Writes: notification_choice.

The hours that push waits out are part of their profile, as is the language.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from notifications.queries import inbox as queries
from notifications.texts import ANNOUNCEMENT, TYPES

__all__ = ["CHOOSABLE", "Choices", "change_choices", "choices_of"]

CHOOSABLE = (*TYPES, ANNOUNCEMENT)
"""The types that push can be switched off for."""


class Choices(TypedDict):
    """Whether push is on for each type; `wakes` are those that quiet hours do not hold back."""

    push: dict[str, bool]
    wakes: list[str]


def choices_of(session: Session, user_id: UUID) -> Choices:
    """Return what somebody chose; where they did not, push is on."""
    chosen = queries.choices_of(session, user_id)
    return {
        "push": {type: chosen.get(type, True) for type in CHOOSABLE},
        "wakes": [type for type, kind in TYPES.items() if kind.wakes],
    }


def change_choices(session: Session, user_id: UUID, push: Mapping[str, bool]) -> Choices:
    """Keep the choices of somebody; types that are left out stay as they are."""
    if push:
        queries.put_choices(session, user_id, push)
    return choices_of(session, user_id)

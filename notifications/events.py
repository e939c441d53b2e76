"""The event log of each room: what the listeners of a person or a shop hear, and can hear again.

Writes: room, room_event, at the end of the transaction that caused the event: rooms are locked in
the order of their names, so a room's numbers rise without gaps in the order of commits. Sockets are
told by `NOTIFY clutch_room`, a hint; the log is the truth.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from notifications.queries import events as queries
from storage.session import Ending, at_end

__all__ = ["append", "shop_room", "user_room"]


def user_room(user_id: UUID) -> str:
    """Return the room of a person.

    Examples
    --------
    >>> user_room(UUID(int=1))
    'user-00000000-0000-0000-0000-000000000001'
    """
    return f"user-{user_id}"


def shop_room(shop_id: UUID) -> str:
    """Return the room of a shop, where all who work there listen.

    Examples
    --------
    >>> shop_room(UUID(int=1))
    'shop-00000000-0000-0000-0000-000000000001'
    """
    return f"shop-{shop_id}"


def append(
    session: Session, room: str, event: str, payload: Mapping[str, Any], *, now: dt.datetime
) -> None:
    """Write an event into a room's log when the transaction commits; `payload` is JSON.

    Ids and times in `payload` are text; the names are those that the seed gave them: `orderId`.
    """
    at_end(session, Ending.EVENTS, _write, (room, event, dict(payload), now))


def _write(session: Session, entries: list[Any]) -> None:
    by_room: dict[str, list[Any]] = {}
    for room, *entry in entries:
        by_room.setdefault(room, []).append(entry)
    for room, told in sorted(by_room.items()):
        last = queries.advance_room(session, room, len(told))
        rows = [
            {
                "room": room,
                "sequence": last - len(told) + place,
                "event": event,
                "payload": payload,
                "created_at": now,
            }
            for place, (event, payload, now) in enumerate(told, start=1)
        ]
        queries.add_events(session, rows)
    queries.hint(session, sorted(by_room))

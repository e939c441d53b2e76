"""The event log of each room: what the listeners of a person or a shop hear, and can hear again.

Reads/Writes: room, room_event. Events are written at the end of the transaction that caused them:
rooms are locked in the order of their names, so a room's numbers rise without gaps in the order of
commits. Who listens is told by a hint (`notifications.hints`); the log is the truth.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from accounts.principal import Principal
from notifications import hints
from notifications.queries import events as queries
from storage.session import Ending, Steps, at_end

__all__ = [
    "KEPT",
    "Event",
    "RoomPage",
    "Standing",
    "append",
    "forget",
    "newest",
    "news",
    "page",
    "rooms_of",
    "shop_room",
    "standings",
    "user_room",
]

KEPT = dt.timedelta(days=30)
"""How long events can be heard again."""


class Standing(TypedDict):
    """Where a listener stands in a room: the events that it hears next come after `after`.

    `last` is the number of the newest event. `resync`: what was asked for is not in the log (any
    more, or yet), so the listener loads what it shows anew and goes on from `after`.
    """

    room: str
    after: int
    last: int
    resync: bool


class Event(TypedDict):
    """An event as it is told: `payload` is what its cause said, in the seed's names."""

    sequence: int
    event: str
    payload: dict[str, Any]
    created_at: dt.datetime


class RoomPage(Standing):
    """Some events of a room, oldest first; there are more while the last of them is not `last`."""

    events: list[Event]


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


def rooms_of(caller: Principal) -> list[str]:
    """Return the rooms that a person hears: their own, and that of each shop they work at.

    Examples
    --------
    >>> rooms_of(Principal(name="key:orders", roles=frozenset()))
    []
    """
    own = [] if caller.user_id is None else [user_room(caller.user_id)]
    return own + [shop_room(shop_id) for shop_id in caller.shops]


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
    counts = {room: len(told) for room, told in sorted(by_room.items())}
    last = queries.advance_rooms(session, counts)
    rows = [
        {
            "room": room,
            "sequence": last[room] - counts[room] + place,
            "event": event,
            "payload": payload,
            "created_at": now,
        }
        for room in counts
        for place, (event, payload, now) in enumerate(by_room[room], start=1)
    ]
    queries.add_events(session, rows)
    hints.after_commit(session, list(counts))


def standings(asked: Mapping[str, int | None]) -> Steps[list[Standing]]:
    """Return where a listener stands that has heard each room up to a number; None: from now on."""
    rows: list[queries.StandingRow] = (yield queries.standings(asked)) or []
    return [_standing(row) for row in rows]


def _standing(row: queries.StandingRow) -> Standing:
    lost = row.after is not None and not row.kept
    after = row.last if row.after is None or lost else row.after
    return Standing(room=row.room, after=after, last=row.last, resync=lost)


def news(
    positions: Collection[tuple[str, int]], *, limit: int
) -> Steps[dict[tuple[str, int], list[Event]]]:
    """Return the next events, at most `limit`, after each (room, number) that has any."""
    found: dict[tuple[str, int], list[Event]] = {}
    rows: list[queries.EventRow] = (yield queries.events_after(positions, limit=limit)) or []
    for room, after, sequence, event, payload, created_at in rows:
        told = Event(sequence=sequence, event=event, payload=payload, created_at=created_at)
        found.setdefault((room, after), []).append(told)
    return found


def newest(rooms: Collection[str]) -> Steps[dict[str, int]]:
    """Return the number of the newest event of each room that ever had one."""
    return dict((yield queries.newest(rooms)) or [])


def page(room: str, after: int, *, limit: int) -> Steps[RoomPage]:
    """Return the next `limit` events of a room after a number."""
    (standing,) = yield from standings({room: after})
    position = (room, standing["after"])
    found = yield from news([position], limit=limit)
    return RoomPage(**standing, events=found.get(position, []))


def forget(session: Session, *, now: dt.datetime) -> int:
    """Delete what is older than `KEPT`; return how many events."""
    return queries.forget_events(session, now - KEPT)

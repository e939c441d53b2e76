"""The SQL of the event log.

Reads/Writes: room, room_event. A room's row stays locked from the taking of its next number to the
commit, so whoever sees an event sees all those before it.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from storage.session import Query
from storage.tables.notifications import RoomEvent

__all__ = [
    "EventRow",
    "StandingRow",
    "add_events",
    "advance_rooms",
    "events_after",
    "forget_events",
    "hint",
    "newest",
    "standings",
]


class StandingRow(NamedTuple):
    """Where a listener stands: `after` as asked, and whether the log still holds what follows."""

    room: str
    after: int | None
    last: int
    kept: bool


class EventRow(NamedTuple):
    """An event, and the position it was asked by."""

    room: str
    after: int
    sequence: int
    event: str
    payload: dict[str, Any]
    created_at: dt.datetime


_STANDINGS = """
SELECT asked.room, asked.after, COALESCE(room.last_sequence, 0),
       asked.after = COALESCE(room.last_sequence, 0) OR EXISTS (
           SELECT FROM room_event e WHERE e.room = asked.room AND e.sequence = asked.after + 1)
FROM unnest(%(rooms)s::text[], %(afters)s::bigint[]) AS asked (room, after)
LEFT JOIN room USING (room)
"""
_EVENTS_AFTER = """
SELECT asked.room, asked.after, e.sequence, e.event, e.payload, e.created_at
FROM unnest(%(rooms)s::text[], %(afters)s::bigint[]) AS asked (room, after)
CROSS JOIN LATERAL (
    SELECT sequence, event, payload, created_at FROM room_event
    WHERE room = asked.room AND sequence > asked.after
    ORDER BY sequence LIMIT %(limit)s) AS e
ORDER BY asked.room, asked.after, e.sequence
"""
_NEWEST = "SELECT room, last_sequence FROM room WHERE room = ANY (%(rooms)s::text[])"


def standings(asked: Mapping[str, int | None]) -> Query:
    """Ask where listeners of rooms stand. Rows: one `StandingRow` for each room."""
    parameters = {"rooms": list(asked), "afters": list(asked.values())}
    return Query(_STANDINGS, parameters, StandingRow._make)


def events_after(positions: Collection[tuple[str, int]], *, limit: int) -> Query:
    """Ask for the next `limit` events after each (room, number). Rows: `EventRow`, in order."""
    rooms, afters = [room for room, _ in positions], [after for _, after in positions]
    parameters = {"rooms": rooms, "afters": afters, "limit": limit}
    return Query(_EVENTS_AFTER, parameters, EventRow._make)


def newest(rooms: Collection[str]) -> Query:
    """Ask for the number of each room's newest event. Rows: (room, number); none of new rooms."""
    return Query(_NEWEST, {"rooms": list(rooms)}, tuple)


def advance_rooms(session: Session, counts: Mapping[str, int]) -> dict[str, int]:
    """Take the next numbers of rooms, so many of each; return the last of each.

    The rooms are locked until the commit, in the order of `counts`.
    """
    taken = session.execute(
        text(
            "INSERT INTO room (room, last_sequence)"
            " SELECT room, taken FROM unnest(CAST(:rooms AS text[]), CAST(:counts AS bigint[]))"
            "  WITH ORDINALITY AS asked (room, taken, place) ORDER BY place"
            " ON CONFLICT (room)"
            "  DO UPDATE SET last_sequence = room.last_sequence + excluded.last_sequence"
            " RETURNING room, last_sequence"
        ),
        {"rooms": list(counts), "counts": list(counts.values())},
    )
    return {row.room: row.last_sequence for row in taken}


def add_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append events to their rooms."""
    session.execute(insert(RoomEvent), list(rows))


def hint(session: Session, rooms: Sequence[str]) -> None:
    """Tell the processes that hold sockets, at the commit, in which rooms there is news."""
    session.execute(
        text("SELECT pg_notify('clutch_room', room) FROM unnest(CAST(:rooms AS text[])) AS room"),
        {"rooms": list(rooms)},
    )


def forget_events(session: Session, before: dt.datetime) -> int:
    """Delete each room's events up to its last one before `before`; return how many.

    By number, not by time: what stays of a room has no holes, though clocks differ.
    """
    forgotten: int = session.execute(
        text(
            "WITH old AS (SELECT room, max(sequence) AS last FROM room_event"
            "  WHERE created_at < :before GROUP BY room),"
            " gone AS (DELETE FROM room_event e USING old"
            "  WHERE e.room = old.room AND e.sequence <= old.last RETURNING 1)"
            " SELECT count(*) FROM gone"
        ),
        {"before": before},
    ).scalar_one()
    return forgotten

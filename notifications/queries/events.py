"""The SQL of the event log.

Reads/Writes: room, room_event.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.notifications import Room, RoomEvent

__all__ = ["add_events", "advance_room", "hint"]


def advance_room(session: Session, room: str, count: int) -> int:
    """Take the next `count` numbers of a room, locked until the commit; return the last."""
    row = upsert(Room).values(room=room, last_sequence=count)
    taken = row.on_conflict_do_update(
        index_elements=["room"], set_={"last_sequence": Room.last_sequence + count}
    )
    return session.execute(taken.returning(Room.last_sequence)).scalar_one()


def add_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append events to their rooms."""
    session.execute(insert(RoomEvent), list(rows))


def hint(session: Session, rooms: Sequence[str]) -> None:
    """Tell the processes that hold sockets, at the commit, in which rooms there is news."""
    session.execute(
        text("SELECT pg_notify('clutch_room', room) FROM unnest(CAST(:rooms AS text[])) AS room"),
        {"rooms": list(rooms)},
    )

"""Hints that a room has news, for the processes that hold its sockets. The log is the truth.

A hint is given when the transaction has committed, by `NOTIFY clutch_room`, or through Redis where
an engine says so: NOTIFY takes a lock of the whole database at each commit, which Redis spares a
market on several machines. A hint may be lost; listeners look for themselves every few seconds.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from redis import Redis, RedisError
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from notifications.queries import events as queries

__all__ = ["REDIS_CHANNEL", "after_commit", "through_redis"]

REDIS_CHANNEL = "clutch_room"
_OPTION = "clutch_hint"
_SECONDS = 0.25

_Announce = Callable[[Sequence[str]], None]


def through_redis(engine: Engine, url: str) -> Engine:
    """Return `engine`, with the same connections, as one whose transactions hint through Redis."""
    client = Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)

    def announce(rooms: Sequence[str]) -> None:
        # Committed is committed: without Redis the news arrives a few seconds later.
        with suppress(RedisError):
            pipeline = client.pipeline(transaction=False)
            for room in rooms:
                pipeline.publish(REDIS_CHANNEL, room)
            pipeline.execute()

    return engine.execution_options(**{_OPTION: announce})


def after_commit(session: Session, rooms: Sequence[str]) -> None:
    """Have the rooms' listeners hinted at when the transaction commits; not if it does not."""
    announce: _Announce | None = session.connection().get_execution_options().get(_OPTION)
    if announce is None:
        queries.hint(session, rooms)
    else:
        event.listen(session, "after_commit", lambda _: announce(rooms), once=True)

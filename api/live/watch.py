"""What is looked after every few seconds, so that no promise rests on a message that arrived.

Who may not listen any more is cut off: the token has ended, the log-in was revoked, the shops they
work at are others. Rooms whose hint was lost are read. Sockets that never said who they are end.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from psycopg_pool import AsyncConnectionPool

from accounts.queries import callers
from api.live.hub import Hub, Listener
from clutch.errors import Unavailable
from notifications import events
from storage.session import reading, run_async

__all__ = ["Watch"]

_log = structlog.get_logger()

_SECONDS = 2.0


class Watch:
    """Looks after the listeners of `hub`; `end_strangers` ends sockets that nobody stands for."""

    def __init__(
        self, hub: Hub, pool: AsyncConnectionPool, end_strangers: Callable[[], None]
    ) -> None:
        self._hub = hub
        self._pool = pool
        self._end_strangers = end_strangers

    async def run(self) -> None:
        """Look around, for ever."""
        while True:
            await asyncio.sleep(_SECONDS)
            self._end_strangers()
            listeners = self._hub.listeners
            if not listeners:
                continue
            self._cut_expired(listeners, now=dt.datetime.now(dt.UTC))
            try:
                await self._cut_revoked(listeners)
                await self._read_what_was_missed()
            except Unavailable as error:
                _log.warning("listeners not looked after", detail=str(error))

    def _cut_expired(self, listeners: set[Listener], *, now: dt.datetime) -> None:
        for listener in listeners:
            if listener.expires_at <= now:
                listener.wire.cut()

    async def _cut_revoked(self, listeners: set[Listener]) -> None:
        shown = {each: each.caller.sign_in_id for each in listeners if each.caller.sign_in_id}
        query = callers.living_sign_ins(set(shown.values()))
        async with reading(self._pool) as connection:
            rows: Any = await connection.execute(query.statement.encode(), query.parameters)
            shops: dict[UUID, list[UUID]] = dict(await rows.fetchall())
        for listener, sign_in_id in shown.items():
            now_at = shops.get(sign_in_id)
            if now_at is None or set(now_at) != set(listener.caller.shops):
                listener.wire.cut()

    async def _read_what_was_missed(self) -> None:
        async with reading(self._pool) as connection:
            newest = await run_async(connection, events.newest(self._hub.rooms))
        self._hub.hint_those_behind(newest)

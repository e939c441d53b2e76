"""The floor: python-socketio as its own documents use it, rooms and `emit`, with no memory.

An ASGI application; `CLUTCH_DATABASE_URL` is the log that it tells from, each event once. What is
told while a client is away is lost to it.
"""

import asyncio
import os
from typing import Any

import psycopg
import socketio
from psycopg.rows import TupleRow
from sqlalchemy import make_url

__all__ = ["app"]

_NEWS = """
SELECT room, sequence, event, payload FROM room_event WHERE room = %s AND sequence > %s
ORDER BY sequence
"""


def _server() -> socketio.ASGIApp:
    server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])

    async def connect(sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> None:
        for room in auth["rooms"]:
            await server.enter_room(sid, room)

    server.on("connect", connect)
    telling: set[asyncio.Task[None]] = set()

    async def start() -> None:
        telling.add(asyncio.create_task(_tell(server)))

    return socketio.ASGIApp(server, on_startup=start)


async def _tell(server: socketio.AsyncServer) -> None:
    url = make_url(os.environ["CLUTCH_DATABASE_URL"]).set(drivername="postgresql")
    libpq = url.render_as_string(hide_password=False)
    told: dict[str, int] = {}
    reading: psycopg.AsyncConnection[TupleRow]
    async with (
        await psycopg.AsyncConnection.connect(libpq, autocommit=True) as hints,
        await psycopg.AsyncConnection.connect(libpq, autocommit=True) as reading,
    ):
        await hints.execute("LISTEN clutch_room")
        async for hint in hints.notifies():
            room = hint.payload
            rows = await reading.execute(_NEWS, (room, told.get(room, 0)), prepare=True)
            for _, sequence, event, payload in await rows.fetchall():
                told[room] = sequence
                await server.emit(event, {**payload, "sequence": sequence, "room": room}, room=room)


app = _server()

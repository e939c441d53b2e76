"""Hears the hints that writers give when they have committed: PostgreSQL's, and Redis' where set.

A connection that broke is made again, and since hints were lost meanwhile, all rooms are looked at.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from redis.asyncio import Redis, RedisError
from sqlalchemy import URL

from notifications.hints import REDIS_CHANNEL

__all__ = ["Heard", "hear_postgres", "hear_redis"]

_log = structlog.get_logger()

_RETRY_SECONDS = 1.0
_KEEPALIVE: Any = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}

Heard = Callable[[str | None], None]
"""Is told the room that has news, or None when it may be any."""


async def hear_postgres(url: URL, heard: Heard) -> None:
    """Hear `NOTIFY clutch_room`, for ever, on a connection of its own."""
    libpq = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                libpq, autocommit=True, application_name="clutch live", **_KEEPALIVE
            ) as connection:
                await connection.execute("LISTEN clutch_room")
                heard(None)
                async for notice in connection.notifies():
                    heard(notice.payload)
        except psycopg.Error as error:
            _log.warning("lost PostgreSQL's hints", cause=type(error).__name__)
        await asyncio.sleep(_RETRY_SECONDS)


async def hear_redis(url: str, heard: Heard) -> None:
    """Hear what is published in Redis, for ever."""
    while True:
        try:
            async with (
                Redis.from_url(url, health_check_interval=10) as client,
                client.pubsub(ignore_subscribe_messages=True) as channel,
            ):
                await channel.subscribe(REDIS_CHANNEL)
                heard(None)
                async for message in channel.listen():
                    heard(message["data"].decode())
        except (RedisError, OSError) as error:
            _log.warning("lost Redis' hints", cause=type(error).__name__)
        await asyncio.sleep(_RETRY_SECONDS)

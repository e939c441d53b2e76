"""Engines, pools and sessions: how rooms above reach the database.

One request is one transaction: the door opens it, commits at its end, and nothing below commits.
It acts for somebody, a `Tenant`, and row-level security shows it just the rows of that one. What it
tells the world (events, the audit log) is written at its very end, in a fixed order, so that the
rows everybody appends to are locked for as short as can be and never in two orders.
A database that is gone is told from a statement that is wrong: the former is `Unavailable`.

A use case that only reads can be written once as `Steps`, a generator that yields each `Query` and
is sent its rows. `run` takes it through a session; `run_async` through a connection of the pool,
which costs a request less than half the processor time of a session in a thread.
"""

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as EngineTimeoutError
from sqlalchemy.orm import Session

from clutch.errors import Unavailable

__all__ = [
    "PLATFORM",
    "Ending",
    "Query",
    "Steps",
    "Tenant",
    "as_platform",
    "at_end",
    "open_engine",
    "open_pool",
    "reading",
    "run",
    "run_async",
    "transaction",
]

_CONNECT_SECONDS = 3
_SILENCE_MILLISECONDS = 10_000  # a server that is cut off says nothing, not even that it is gone
_MOST_WAITING = 1_000
_OPTIONS = "-c statement_timeout=15s -c timezone=UTC"
_AS_PLATFORM = " -c clutch.platform=on"
_GONE = (OperationalError, InterfaceError, EngineTimeoutError)
_GONE_BELOW = (psycopg.OperationalError, psycopg.InterfaceError)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT in psycopg's own form, and what to make of each row."""

    statement: str
    parameters: Mapping[str, object]
    row: Callable[[Any], Any]


Steps = Generator[Query, list[Any] | None, Result]


def open_engine(url: str, *, connections: int = 8) -> Engine:
    """Return an engine on PostgreSQL with a pool of `connections`; nothing is connected yet.

    A statement is given 15 seconds, so that one bad query cannot hold the pool.
    """
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_CONNECT_SECONDS,
        pool_use_lifo=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "options": _OPTIONS},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Whom a transaction acts for: a person, a shop, both, or the platform, which sees all."""

    user_id: UUID | None = None
    shop_id: UUID | None = None
    platform: bool = False


PLATFORM = Tenant(platform=True)
_NOBODY = Tenant()
_ACT_FOR = text(
    "SELECT set_config('clutch.user_id', :user_id, true),"
    " set_config('clutch.shop_id', :shop_id, true),"
    " set_config('clutch.platform', :platform, true)"
)


class Ending(IntEnum):
    """What is written at the end of a transaction, in this order."""

    EVENTS = 1
    AUDIT = 2


def at_end(
    session: Session, ending: Ending, write: Callable[[Session, list[Any]], None], entry: object
) -> None:
    """Have `write` called once, with all entries of this ending, just before the commit."""
    endings = session.info.setdefault("endings", {})
    endings.setdefault(ending, (write, []))[1].append(entry)


@contextmanager
def as_platform(session: Session) -> Iterator[None]:
    """See all rows for as long as the block lasts: for what the platform does for somebody."""
    before: Tenant = session.info["tenant"]
    if before == PLATFORM:
        yield
        return
    _act_for(session, PLATFORM)
    try:
        yield
    finally:
        # After an error of the database the whole transaction is lost, and with it the setting.
        if _driver(session).info.transaction_status != TransactionStatus.INERROR:
            _act_for(session, before)


def _driver(session: Session) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection", session.connection().connection.driver_connection)


def _act_for(session: Session, tenant: Tenant) -> None:
    session.flush()
    session.info["tenant"] = tenant
    session.execute(
        _ACT_FOR,
        {
            "user_id": str(tenant.user_id or ""),
            "shop_id": str(tenant.shop_id or ""),
            "platform": "on" if tenant.platform else "",
        },
    )


def _finish(session: Session) -> None:
    session.flush()
    endings: dict[Ending, tuple[Any, list[Any]]] = session.info.pop("endings", {})
    for _, (write, entries) in sorted(endings.items()):
        write(session, entries)


@contextmanager
def transaction(engine: Engine, tenant: Tenant = _NOBODY) -> Iterator[Session]:
    """Give a session whose work is committed at the end, or undone when anything is raised.

    Without a `tenant` it sees only what is public.

    Raises
    ------
    Unavailable
        The database does not answer or all its connections are busy.
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            _act_for(session, tenant)
            yield session
            _finish(session)
    except (*_GONE, *_GONE_BELOW) as error:
        raise Unavailable("the database") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("the database") from error
        raise


def run(session: Session, steps: Steps[Result]) -> Result:
    """Take a reading use case through a session; return its result."""
    # Rows in binary cost a third of the processor time of rows in text.
    with _driver(session).cursor(binary=True) as cursor:
        rows: list[Any] | None = None
        try:
            while True:
                query = steps.send(rows)
                cursor.execute(query.statement.encode(), query.parameters, prepare=True)
                rows = [query.row(row) for row in cursor]
        except StopIteration as finished:
            return cast("Result", finished.value)


def open_pool(url: str, *, connections: int = 8) -> AsyncConnectionPool:
    """Return a pool for reading as the platform; each statement is a transaction of its own.

    Open it with `async with`. A connection that broke is made anew when one is next asked for.
    """
    parts = make_url(url)
    return AsyncConnectionPool(
        parts.set(drivername="postgresql").render_as_string(hide_password=False),
        kwargs={
            "autocommit": True,
            "connect_timeout": _CONNECT_SECONDS,
            "options": _OPTIONS + _AS_PLATFORM,
            "tcp_user_timeout": _SILENCE_MILLISECONDS,
        },
        min_size=1,
        max_size=connections,
        max_waiting=_MOST_WAITING,
        timeout=_CONNECT_SECONDS,
        reconnect_timeout=1,
        open=False,
    )


@asynccontextmanager
async def reading(pool: AsyncConnectionPool) -> AsyncIterator[psycopg.AsyncConnection]:
    """Give a connection to read from.

    Raises
    ------
    Unavailable
        The database does not answer or all connections are busy.
    """
    lost = False
    try:
        async with pool.connection() as connection:
            try:
                yield connection
            finally:
                lost = connection.broken
    except _GONE_BELOW as error:
        if lost:
            # Seldom alone: the others are looked at before requests meet them one by one.
            await pool.check()
        raise Unavailable("the database") from error


async def run_async(connection: psycopg.AsyncConnection, steps: Steps[Result]) -> Result:
    """Take a reading use case through a connection of a pool; return its result."""
    cursor = connection.cursor(binary=True)
    rows: list[Any] | None = None
    try:
        while True:
            query = steps.send(rows)
            await cursor.execute(query.statement.encode(), query.parameters, prepare=True)
            rows = [query.row(row) for row in await cursor.fetchall()]
    except StopIteration as finished:
        return cast("Result", finished.value)

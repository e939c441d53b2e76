"""Engines and sessions: how rooms above reach the database.

One request is one transaction: the door opens a session, commits at its end, and nothing below
commits. An engine tells a database that is gone (`Unavailable`) from a statement that is wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from clutch.errors import Unavailable

__all__ = ["open_engine", "transaction"]

_GONE = (OperationalError, InterfaceError, PoolTimeoutError)
# What the driver itself raises, for queries that go to it directly.
_GONE_BELOW = (psycopg.OperationalError, psycopg.InterfaceError)

_CONNECT_SECONDS = 3
_STATEMENT_MILLISECONDS = 15_000


def open_engine(url: str, *, connections: int = 8, only_reads: bool = False) -> Engine:
    """Return an engine on PostgreSQL with a pool of `connections`; nothing is connected yet.

    A statement is given 15 seconds, so that one bad query cannot hold the pool. With `only_reads`
    each statement is a transaction of its own, which saves two journeys to the server.
    """
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT" if only_reads else "READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_CONNECT_SECONDS,
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": f"-c statement_timeout={_STATEMENT_MILLISECONDS} -c timezone=UTC",
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Give a session whose work is committed at the end, or undone when anything is raised.

    Raises
    ------
    Unavailable
        The database does not answer or all its connections are busy.
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except (*_GONE, *_GONE_BELOW) as error:
        raise Unavailable("the database") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("the database") from error
        raise

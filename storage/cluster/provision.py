"""The roles and the database inside a fresh private server, and what a running one reports.

Two roles: `clutch_owner` made the cluster and owns the database and all that migrations make;
`clutch_app` serves, owns nothing and is subject to row-level security.
Reads/Writes: roles, databases.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from clutch.errors import SetupNeeded, Unavailable
from storage.cluster.address import APPLICATION_ROLE, DATABASE, OWNER_ROLE, Address
from storage.cluster.configuration import DURABLE, durability_faults

__all__ = ["Facts", "facts", "provide"]

_CONNECT_SECONDS = 10


def provide(address: Address) -> None:
    """Make the application role and the database where they are missing.

    Raises
    ------
    SetupNeeded
        The server would lose acknowledged data in a crash.
    """
    with _connected(address.url(OWNER_ROLE, "postgres")) as connection:
        values = {name: _one(connection, f"SHOW {name}") for name in DURABLE}
        if faults := durability_faults(values):
            raise SetupNeeded(
                f"the private database would lose data in a crash ({', '.join(faults)}): "
                "run ALTER SYSTEM RESET for these settings, or `clutch db reset`"
            )
        if not _one(
            connection, "SELECT count(*) FROM pg_roles WHERE rolname = %s", APPLICATION_ROLE
        ):
            connection.execute(_create_role(address.password))
        if not _one(connection, "SELECT count(*) FROM pg_database WHERE datname = %s", DATABASE):
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(
                statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE))
            )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a database says of itself; `postgis` and `schema` are None before the first upgrade."""

    postgresql: str
    postgis: str | None
    schema: str | None
    size_bytes: int


def facts(url: str) -> Facts:
    """Ask the database at `url` for its versions and size.

    Raises
    ------
    Unavailable
        It does not answer.
    """
    with _connected(url) as connection:
        upgraded = _one(connection, "SELECT to_regclass('alembic_version') IS NOT NULL")
        return Facts(
            postgresql=_one(connection, "SHOW server_version").split()[0],
            postgis=_one(
                connection, "SELECT max(extversion) FROM pg_extension WHERE extname = 'postgis'"
            ),
            schema=_one(connection, "SELECT max(version_num) FROM alembic_version")
            if upgraded
            else None,
            size_bytes=_one(connection, "SELECT pg_database_size(current_database())"),
        )


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    try:
        with psycopg.connect(
            url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=_CONNECT_SECONDS
        ) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database ({_reason(error)})") from error


def _reason(error: psycopg.OperationalError) -> str:
    lines = [line for line in str(error).splitlines() if "failed: " in line] or ["no answer"]
    return lines[-1].rpartition("failed: ")[2].strip()


def _create_role(password: str | None) -> sql.Composed:
    rights = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    secret = sql.SQL("PASSWORD {}").format(sql.Literal(password))
    return sql.SQL("CREATE ROLE {} {} {}").format(sql.Identifier(APPLICATION_ROLE), rights, secret)


def _one(connection: psycopg.Connection[tuple[Any, ...]], query: str, *values: str) -> Any:
    row = connection.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None

"""The roles and the database inside a fresh private server, and what a running one reports.

Two roles: `clutch_owner` made the cluster and owns the database and all that migrations make;
`clutch_app` serves, owns nothing and is subject to row-level security.
Reads/Writes: roles, databases.
"""

from typing import Any

import psycopg
from psycopg import sql

from clutch.errors import SetupNeeded
from storage.cluster.address import APPLICATION_ROLE, DATABASE, OWNER_ROLE, Address
from storage.cluster.configuration import DURABLE, durability_faults

__all__ = ["facts", "provide"]


def provide(address: Address) -> None:
    """Make the application role and the database where they are missing.

    Raises
    ------
    SetupNeeded
        The server would lose acknowledged data in a crash.
    """
    with _connected(address, "postgres") as connection:
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


def facts(address: Address) -> dict[str, Any]:
    """Read `postgresql` and `postgis` (versions), `size_bytes` of a running server's database."""
    with _connected(address, DATABASE) as connection:
        return {
            "postgresql": _one(connection, "SHOW server_version"),
            "postgis": _one(
                connection, "SELECT max(extversion) FROM pg_extension WHERE extname = 'postgis'"
            ),
            "size_bytes": _one(connection, "SELECT pg_database_size(current_database())"),
        }


def _connected(address: Address, database: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=address.host,
        port=address.port,
        user=OWNER_ROLE,
        password=address.password,
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def _create_role(password: str | None) -> sql.Composed:
    rights = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    secret = sql.SQL("PASSWORD {}").format(sql.Literal(password))
    return sql.SQL("CREATE ROLE {} {} {}").format(sql.Identifier(APPLICATION_ROLE), rights, secret)


def _one(connection: psycopg.Connection[tuple[Any, ...]], query: str, *values: str) -> Any:
    row = connection.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None
